import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { createKeyPair } from '../../src/sandbox/server';
import { git } from '../servers/git';
import { findProcesses } from '../servers/processes';
import { type Case, runCase } from './cases';
import { expectNothingLeft } from './footprint';
import { growSource, type Revisions, whole } from './scene';
import { describeServers, testCases } from './servers';
import { keyId, openWorld, serverNames, type World } from './world';

const all = { REFS: 'all' };
const behind: Revisions = { ...whole, 'heads/main': 'heads/main~10' };
const stranger = createKeyPair();

/** Another host key under the name of this host. */
function toStrange({ knownHosts }: World): string {
  return `${knownHosts.split(' ')[0]} ${stranger.publicKey}`;
}

/** What no server sees happen, or only in passing: the same on all of them. */
const everywhere: readonly Case[] = [
  {
    title: 'a key that is not allowed: three likely causes',
    variables: { SSH_KEY: stranger.privateKey },
    exitCode: 1,
    connections: 'any',
    says: /Permission denied \(publickey\)[\s\S]*does not belong to this key[\s\S]*inactive[\s\S]*does not match the uploaded[\s\S]*\[permission-denied\]/,
  },
  {
    title: 'a host that no known_hosts line names: how to get one',
    meanwhile: (world) => writeFile(join(world.ssh, 'known_hosts'), ''),
    exitCode: 2,
    says: /ssh-keyscan -t rsa -p \d+ 127\.0\.0\.1[\s\S]*\[host-key-unknown\]/,
  },
  {
    title: 'a host key that KNOWN_HOSTS contradicts',
    variables: (world) => ({ KNOWN_HOSTS: toStrange(world) }),
    exitCode: 2,
    says: /There are two different keys for 127\.0\.0\.1: .*\(Pipelines\) and .*\(KNOWN_HOSTS\)[\s\S]*\[host-key-contradicted\]/,
  },
  {
    title: 'a fingerprint in KNOWN_HOSTS that contradicts Pipelines',
    variables: ({ knownHosts }) => ({
      KNOWN_HOSTS: `${knownHosts.split(' ')[0]} SHA256:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopQ`,
    }),
    exitCode: 2,
    says: '[host-key-contradicted]',
  },
  {
    title: 'a host key that was swapped: the connection ends before any key of ours is used',
    meanwhile: (world) => writeFile(join(world.ssh, 'known_hosts'), `${toStrange(world)}\n`),
    exitCode: 1,
    connections: 'any',
    says: '[host-key-contradicted]',
  },
  {
    title: 'nobody listens',
    variables: ({ knownHosts }) => ({
      CODECOMMIT_URL: `ssh://${keyId}@127.0.0.1:1/v1/repos/app`,
      SSH_KEY_ID: undefined,
      KNOWN_HOSTS: knownHosts.replace(/\]:\d+ /, ']:1 '),
    }),
    exitCode: 1,
    connections: 0,
    says: '[destination-unreachable]',
  },
  {
    title: 'refs that the repository hides: declined, the others pushed',
    variables: all,
    there: { 'heads/main': 'heads/main~10' },
    meanwhile: ({ destination }) => git(destination, 'config', 'receive.hideRefs', 'refs/heads/feature'),
    exitCode: 1,
    says: /branch feature\/one: \(none\) → [0-9a-f]{8} refused \(declined: .*\[ref-declined\][\s\S]*✖\S* Not mirrored: feature\/one;/,
    after: {
      'heads/main': 'heads/main',
      'heads/release/1.0': 'heads/release/1.0',
      'tags/light': 'tags/light',
      'tags/v0': 'tags/v0',
      'tags/v1': 'tags/v1',
    },
  },
  {
    title: 'a repository that is not there',
    variables: ({ variables }) => ({
      CODECOMMIT_URL: variables['CODECOMMIT_URL']?.replace(/app$/, 'App'),
    }),
    exitCode: 1,
    says: /The key was accepted, but there is no repository at .*\/App[\s\S]*\[destination-not-found\]/,
  },
  {
    title: 'no ssh on the PATH',
    variables: { PATH: '/var/empty' },
    exitCode: 1,
    connections: 0,
    says: '[program-missing]',
  },
];

describeServers(serverNames, 'over %s:', (server) => {
  testCases(everywhere, (expected) => runCase(server, { there: behind, ...expected }));
});

/** What only the CodeCommit of our own can be made to do. */
const faults: readonly Case[] = [
  {
    title: 'every key is refused',
    meanwhile: async ({ sandbox }) => {
      sandbox.faults.refuseKeys = true;
    },
    exitCode: 1,
    connections: 'any',
    says: '[permission-denied]',
  },
  {
    title: 'refs that the server declines: the others are pushed',
    variables: all,
    there: { 'heads/main': 'heads/main~10' },
    meanwhile: async ({ sandbox }) => {
      sandbox.faults.declineRefs = /^refs\/(heads\/release|tags\/v)/;
    },
    exitCode: 1,
    says: /✖\S* Not mirrored: release\/1\.0, v0, v1; 2 new, 1 fast-forward/,
    after: {
      'heads/main': 'heads/main',
      'heads/feature/one': 'heads/feature/one',
      'tags/light': 'tags/light',
    },
  },
  {
    title: 'the connection is dropped in the middle of a push',
    variables: all,
    there: {},
    meanwhile: async ({ sandbox }) => {
      sandbox.faults.dropAfterBytes = 3000;
    },
    exitCode: 1,
    connections: 'any',
    says: '[connection-dropped]',
  },
  {
    title: 'a second session is refused: a new connection for each, and all still works',
    variables: all,
    meanwhile: async ({ sandbox }) => {
      sandbox.faults.refuseSecondSession = true;
    },
    connections: 'any',
    after: whole,
  },
  {
    title: 'a slow line',
    variables: all,
    meanwhile: async ({ sandbox }) => {
      sandbox.faults.latencyMs = 20;
    },
    after: whole,
  },
];

describe('the CodeCommit of our own:', () => {
  testCases(faults, (expected) => runCase('sandbox', { there: behind, ...expected }));
});

describe('one side fails at once while the other is silent: no program outlives the run', () => {
  async function openScene() {
    const world = await openWorld();
    await growSource(world);
    return { world, clone: await world.clone() };
  }

  test.each(['1', '2'])('when the destination fails, in %s attempts', async (MAX_ATTEMPTS) => {
    const { world, clone } = await openScene();
    await using _ = world;
    world.bitbucket.faults.hang = true;
    const port = '1';
    const ended = await world.pipe(clone, {
      MAX_ATTEMPTS,
      CODECOMMIT_URL: `ssh://${keyId}@127.0.0.1:${port}/v1/repos/app`,
      SSH_KEY_ID: undefined,
      KNOWN_HOSTS: world.knownHosts.replace(/\]:\d+ /, `]:${port} `),
    });
    expect(ended).toEqual({ exitCode: 1, output: expect.stringContaining('[destination-unreachable]') });
    // At once: a git that is still there now would stay for a minute.
    expect(await findProcesses(world.temporary)).toEqual([]);
    await expectNothingLeft(world);
  });

  test('when the source fails', async () => {
    const { world, clone } = await openScene();
    await using _ = world;
    const silent = createServer();
    const port = await listenOnLoopback(silent);
    try {
      const ended = await world.pipe(clone, {
        MAX_ATTEMPTS: '1',
        SOURCE_URL: world.bitbucket.url('no-such-repository'),
        CODECOMMIT_URL: `ssh://${keyId}@127.0.0.1:${port}/v1/repos/app`,
        SSH_KEY_ID: undefined,
        KNOWN_HOSTS: world.knownHosts.replace(/\]:\d+ /, `]:${port} `),
      });
      expect(ended).toEqual({ exitCode: 1, output: expect.stringContaining('[source-not-found]') });
      await expectNothingLeft(world);
    } finally {
      silent.close();
    }
  });
});
