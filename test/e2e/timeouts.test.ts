// @module-tag slow

import { randomBytes } from 'node:crypto';
import { describe, test } from 'vitest';
import { gitWith } from '../servers/git';
import { type Case, runCase } from './cases';
import { growSource, whole } from './scene';
import type { World } from './world';

const behind = { ...whole, 'heads/main': 'heads/main~10' };

async function growWithBigFile(world: World): Promise<void> {
  await growSource(world);
  const blob = await gitWith(
    { input: randomBytes(8_000_000).toString('latin1') },
    world.source,
    'hash-object',
    '-w',
    '--stdin',
  );
  const input = `commit refs/heads/big\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\nM 100644 ${blob} big\n`;
  await gitWith({ input }, world.source, 'fast-import', '--quiet');
}

/** Once some of the push has arrived, nothing more goes either way on this connection. */
async function stallPush({ sandbox: { faults, counts } }: World): Promise<void> {
  faults.beforeReceive = async () => {
    faults.beforeReceive = undefined;
    const enough = counts.bytesReceived + 1_000_000;
    const timer = setInterval(() => {
      if (counts.bytesReceived < enough) return;
      clearInterval(timer);
      faults.latencyMs = 2 ** 30;
      // Connections that come later are well.
      setTimeout(() => {
        faults.latencyMs = undefined;
      }, 30_000);
    }, 1);
  };
}

/** They wait for limits of half a minute and a minute, so all of them wait at once. */
const cases: readonly Case[] = [
  {
    title: 'a destination that accepts and never says a word',
    there: behind,
    meanwhile: async ({ sandbox }) => {
      sandbox.faults.silentBanner = true;
    },
    exitCode: 1,
    says: '[timed-out]',
  },
  {
    title: "a source that never answers, with REFS current: the run's own commit",
    there: behind,
    meanwhile: async ({ bitbucket }) => {
      bitbucket.faults.hang = true;
    },
    says: /Continuing with this run's own commit/,
    after: whole,
  },
  {
    title: 'a source that never answers, with REFS all',
    variables: { REFS: 'all', PRUNE: 'true' },
    there: behind,
    meanwhile: async ({ bitbucket }) => {
      bitbucket.faults.hang = true;
    },
    exitCode: 1,
    says: '[timed-out]',
  },
  {
    title: 'a push that stalls in the middle of its transfer: tried again',
    source: growWithBigFile,
    there: whole,
    variables: { REFS: 'all', MAX_ATTEMPTS: '2' },
    meanwhile: stallPush,
    says: /The connection to \S+ was dropped.*Trying again/,
    connections: 'any',
    after: { ...whole, 'heads/big': 'heads/big' },
  },
];

describe('a silence that lasts too long is ended:', () => {
  for (const expected of cases) test.concurrent(expected.title, () => runCase('sandbox', expected));
});
