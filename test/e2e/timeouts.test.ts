import { describe, test } from 'vitest';
import { type Case, runCase } from './cases';
import { whole } from './scene';

const behind = { ...whole, 'heads/main': 'heads/main~10' };

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
    says: /Going on with this run's own commit/,
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
];

describe('a silence that lasts too long is ended:', () => {
  for (const expected of cases) test.concurrent(expected.title, () => runCase('sandbox', expected), 150_000);
});
