import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PipelinesClone } from '../servers/pipelinesClone';
import { makeKey } from '../ssh/keys';
import { expectNothingLeft, readTree } from './footprint';
import { growSource, seedDestination, whole } from './scene';
import { keyPair, openWorld, type World } from './world';

const rsa = keyPair.privateKey;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const publicKey = keyPair.publicKey;

/** None of these runs writes anything, so they share a world. */
let world: World;
let clone: PipelinesClone;
beforeAll(async () => {
  world = await openWorld();
  await growSource(world);
  await seedDestination(world, { ...whole, 'heads/main': 'heads/main~10' });
  clone = await world.clone();
});
afterAll(() => world[Symbol.asyncDispose]());

async function expectFault(
  variables: Record<string, string | undefined>,
  says: RegExp,
  secret: string | undefined,
): Promise<void> {
  const [refs, tree, connections] = [
    await world.destinationRefs(),
    await readTree(clone.dir),
    world.countConnections(),
  ];
  world.bitbucket.requests.length = 0;
  const { exitCode, output } = await world.pipe(clone, variables);
  expect({ exitCode, output }).toEqual({ exitCode: 2, output });
  expect(output).toMatch(says);
  expect(output).not.toMatch(/^ +at .*:\d+/m);
  if (secret !== undefined)
    for (const line of secret.split('\n').slice(1, 3)) expect(output).not.toContain(line);
  expect(await world.destinationRefs()).toEqual(refs);
  expect(await readTree(clone.dir)).toEqual(tree);
  expect(world.countConnections()).toBe(connections);
  expect(world.bitbucket.requests).toEqual([]);
  // Not even ~/.ssh.
  expect(await readTree(world.home)).toEqual({});
  await expectNothingLeft(world);
}

const short = makeKey('-t rsa -b 1024').privateKey;
const keys = [
  {
    key: 'of another type',
    text: makeKey('-t ed25519').privateKey,
    says: /ssh-ed25519[\s\S]*\[key-not-rsa\]/,
  },
  { key: 'too short', text: short, says: /1024 bits[\s\S]*\[key-too-short\]/ },
  {
    key: 'with a passphrase, in the format of OpenSSH',
    text: makeKey('-t rsa -b 2048', 'secret').privateKey,
    says: /\[key-passphrase\]/,
  },
  {
    key: 'with a passphrase, in PEM',
    text: makeKey('-t rsa -b 2048 -m PEM', 'secret').privateKey,
    says: /\[key-passphrase\]/,
  },
  { key: 'that is the public one', text: publicKey, says: /\[key-public\]/ },
  { key: 'that is cut off', text: rsa.slice(0, 600), says: /is cut off[\s\S]*\[key-mangled\]/ },
  {
    key: 'that is damaged',
    text: rsa.replace(/\n.{20}/, (start) => start.toLowerCase()),
    says: /\[key-mangled\]/,
  },
  { key: 'that is not one', text: 'hello', says: /\[key-mangled\]/ },
] as const;

describe('SSH_KEY, a key', () => {
  for (const { key, text, says } of keys) {
    test(key, () => expectFault({ SSH_KEY: text }, says, text));
    test(`${key}, in base64`, { tags: ['slow'] }, () =>
      expectFault({ SSH_KEY: base64(text) }, says, base64(text)),
    );
  }
});

test('no key of Pipelines, and none in SSH_KEY', async () => {
  const empty = join(world.root, 'no-ssh');
  await mkdir(empty);
  await writeFile(join(empty, 'known_hosts'), world.knownHosts);
  await expectFault(
    { BITBUCKET_SSH_KEY_FILE: join(empty, 'id_rsa') },
    /There is no SSH key[\s\S]*\[key-missing\]/,
    rsa,
  );
  await rm(empty, { recursive: true });
});

test('a key of Pipelines that is too short is told by its file', async () => {
  const folder = join(world.root, 'ssh', 'short');
  await mkdir(folder);
  execFileSync('cp', [join(world.ssh, 'known_hosts'), folder]);
  await writeFile(join(folder, 'id_rsa_tmp'), short);
  await expectFault(
    { BITBUCKET_SSH_KEY_FILE: join(folder, 'id_rsa') },
    /id_rsa_tmp\) is an RSA key of 1024 bits/,
    short,
  );
});

const variables = [
  { fault: 'CODECOMMIT_URL missing', set: { CODECOMMIT_URL: undefined }, says: /CODECOMMIT_URL is missing/ },
  { fault: 'SSH_KEY_ID missing', set: { SSH_KEY_ID: undefined }, says: /SSH_KEY_ID is missing/ },
  {
    fault: 'an access key',
    set: { SSH_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' },
    says: /SSH_KEY_ID is "AKIA.*access key/,
  },
  { fault: 'an IAM user id', set: { SSH_KEY_ID: 'AIDAIOSFODNN7EXAMPLE' }, says: /SSH_KEY_ID is "AIDA.*user/ },
  ...['yes', '0', 'True'].map((value) => ({
    fault: `FORCE ${value}`,
    set: { FORCE: value },
    says: new RegExp(`FORCE is "${value}"; it must be true or false, in lower case`),
  })),
  {
    fault: 'REFS everything',
    set: { REFS: 'everything' },
    says: /REFS is "everything"; it must be current or all/,
  },
  {
    fault: 'another scheme',
    set: { CODECOMMIT_URL: 'ftp://127.0.0.1/v1/repos/app' },
    says: /CODECOMMIT_URL is "ftp:/,
  },
  {
    fault: 'a bare name without a region',
    set: { CODECOMMIT_URL: 'app' },
    says: /a bare repository name needs AWS_DEFAULT_REGION/,
  },
  {
    fault: 'a REPORT_FILE in a folder that is not there',
    set: { REPORT_FILE: 'no/such/report.json' },
    says: /REPORT_FILE is "no\/such\/report\.json": the folder .* does not exist/,
  },
  {
    fault: 'all of them at once',
    set: { CODECOMMIT_URL: 'ftp://x/y', SSH_KEY: short, PRUNE: '1', PRUNE_LIMIT: 'ten', FORCE: 'no' },
    says: /(?=[\s\S]*CODECOMMIT_URL)(?=[\s\S]*1024 bits)(?=[\s\S]*PRUNE is "1")(?=[\s\S]*PRUNE_LIMIT is "ten")(?=[\s\S]*FORCE is "no")/,
  },
];

describe('variables at fault:', () => {
  for (const { fault, set, says } of variables) test(fault, () => expectFault(set, says, undefined));
});
