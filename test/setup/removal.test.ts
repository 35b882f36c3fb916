// @module-tag slow
import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { createKeyPair } from '../../src/sandbox/server';
import type { SetupFlags } from '../../src/setup/request';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { addKey } from '../servers/aws/iam';
import type { IamUser } from '../servers/aws/state';
import { isRead, names, nightly, openSetupWorld, policyName, type SetupWorld, user } from './world';

vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeAll(async () => {
  world = await openSetupWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const file = 'image: node:22\npipelines:\n  default:\n    - step: {script: [make]}\n';

/** Users, roles, variables, schedules and a pipelines file that belong to others. */
beforeEach(async () => {
  const { aws, api } = world;
  aws.onCall = () => undefined;
  api.onCall = () => undefined;
  for (const faults of [aws.faults, api.faults]) for (const call of Object.keys(faults)) delete faults[call];
  for (const map of [aws.state.users, aws.state.roles, aws.state.providers]) map.clear();
  aws.state.repositories.clear();
  const policies = new Map([['own', { Statement: [] }]]);
  const theirs: IamUser = { name: 'theirs', path: '/', policies, keys: [], tags: new Map() };
  aws.state.users.set('theirs', theirs);
  addKey(aws.state, theirs, createKeyPair().publicKey);
  const trust = { Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' } }] };
  aws.state.roles.set('theirs', { path: '/', trust, policies: new Map(policies), tags: new Map() });
  api.state.enabled = undefined;
  api.state.variables = [{ uuid: '{v}', key: 'CODECOMMIT_URL', value: 'ssh://precious', secured: false }];
  api.state.schedules = [{ uuid: '{s}', target: { selector: { type: 'custom', pattern: 'theirs' } } }];
  await world.write('bitbucket-pipelines.yml', file);
  await rm(`${world.root}/.config`, { recursive: true, force: true });
});

/** Everything but what setup says it leaves: the repository, the identity provider, Pipelines switched on. */
async function readState() {
  const { users, roles } = world.aws.state;
  const { variables, schedules } = world.api.state;
  const text = await world.read('bitbucket-pipelines.yml');
  return structuredClone({ users, roles, variables, schedules, text });
}

type When = 'before' | 'after';

/** Runs setup, which dies at its nth change, before or after the service has made it. Gives whether it came so far. */
async function runUntil(flags: SetupFlags, { change, when }: { change: number; when: When }, env = {}) {
  const ending = new AbortController();
  let count = 0;
  const onCall = (call: string, at: When) => {
    if (at !== when || isRead(call)) return;
    count += 1;
    if (count === change) ending.abort('SIGTERM');
    // What comes from a program that is dead was never sent.
    if (ending.signal.aborted && when === 'before') throw new Error('the program is dead');
  };
  world.aws.onCall = onCall;
  world.api.onCall = onCall;
  const { exitCode } = await world.setupHere(flags, { signal: ending.signal, env });
  world.aws.onCall = () => undefined;
  world.api.onCall = () => undefined;
  return { exitCode, isReached: count >= change };
}

/** The private key in the variables, and the one that IAM has under the id there, are one pair. */
async function expectPair() {
  const { variables } = world.api.state;
  const readValue = (key: string) => String(variables.find((each) => each['key'] === key)?.['value']);
  const iamKeys = world.aws.state.users.get(user)?.keys ?? [];
  const active = iamKeys.filter((key) => key.active);
  expect(active.map(({ id }) => id)).toEqual([readValue(names.id)]);
  const { publicKey } = await parsePrivateKey(readValue(names.key), { requireRsa: true });
  expect(active[0]?.body).toBe(publicKey);
}

const key: SetupFlags = { write: true, nightly: true };
const role: SetupFlags = { ...key, oidc: true };
/** Before the first change, and after each: a set-up makes eight of them, and a rotation four. */
const kills: readonly { change: number; when: When }[] = [
  { change: 1, when: 'before' },
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((change) => ({ change, when: 'after' as const })),
];

it('--nightly adds one schedule for its own pipeline, and twice is once', async () => {
  for (let times = 0; times < 2; times++) expect(await world.setupHere(key)).toMatchObject({ exitCode: 0 });
  expect(world.api.state.schedules.slice(1)).toMatchObject([
    {
      target: { ref_type: 'branch', ref_name: 'main', selector: { type: 'custom', pattern: nightly } },
      cron_pattern: expect.stringMatching(/^0 \d+ 3 \* \* \? \*$/),
    },
  ]);
  expect(parse((await world.read('bitbucket-pipelines.yml')) ?? '').pipelines.custom[nightly]).toHaveLength(
    1,
  );
});

describe('a set-up that was killed', () => {
  it.each(kills)(
    '$when change $change leaves nothing after --remove, and nothing else is touched',
    async (at) => {
      const before = await readState();
      for (const flags of [key, role]) {
        await runUntil(flags, at);
        const { exitCode, output } = await world.setupHere({ remove: true, write: true });
        expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
        expect(await readState()).toEqual(before);
      }
    },
  );

  it.each(kills)(
    '$when change $change is completed by a second run, also when a key is replaced',
    async (at) => {
      for (const flags of [key, { ...key, replaceKey: true }]) {
        await runUntil(flags, at);
        expect(await world.setupHere(key)).toMatchObject({ exitCode: 0 });
        await expectPair();
      }
    },
  );
});

const faultCodes = ['AccessDenied', 'ServiceUnavailable', 'LimitExceeded', 'Throttling', 'NoSuchEntity'];
const calls = [
  'iam:CreateUser iam:GetUser iam:PutUserPolicy iam:UploadSSHPublicKey iam:ListSSHPublicKeys iam:CreateRole',
  'iam:PutRolePolicy iam:CreateOpenIDConnectProvider codecommit:CreateRepository sts:GetCallerIdentity',
  'PUT&pipelines_config POST&pipelines_config/variables GET&pipelines_config/variables',
  'POST&pipelines_config/schedules GET&pipelines_config GET',
].flatMap((line) => line.split(' ').map((call) => call.replace('&', ' ')));

it('any prefix of a set-up, with any one fault, then --remove: nothing of ours is left, nothing else is touched', async () => {
  const before = await readState();
  const arbitrary = fc.record({
    change: fc.integer({ min: 1, max: 12 }),
    when: fc.constantFrom<When>('before', 'after'),
    call: fc.constantFrom(...calls),
    code: fc.constantFrom(...faultCodes),
    status: fc.constantFrom(400, 403, 404, 409, 500),
    times: fc.constantFrom(1, 5),
    runs: fc.array(fc.constantFrom<SetupFlags>(key, role, { ...key, replaceKey: true }, { remove: true }), {
      minLength: 1,
      maxLength: 3,
    }),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ call, code, status, times, runs, ...at }) => {
      world.aws.faults[call] = { status, code, times };
      world.api.faults[call] = { status, times };
      for (const flags of runs) await runUntil(flags, at);
      delete world.aws.faults[call];
      delete world.api.faults[call];
      const { exitCode, output } = await world.setupHere({ remove: true, write: true });
      expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
      expect(await readState()).toEqual(before);
    }),
    { numRuns: 25, seed: 16 },
  );
});

describe('setup --remove', () => {
  it.each([
    ['a second key, active', () => void addKey(world.aws.state, ours(), createKeyPair().publicKey)],
    ['a second key, inactive', () => void addKey(world.aws.state, ours(), createKeyPair().publicKey, false)],
    ['its variables gone', () => void world.api.state.variables.splice(0)],
    ['its policy gone', () => void ours().policies.clear()],
  ])('takes a user away that has %s', async (_what, change) => {
    await world.setupHere(key);
    change();
    expect(await world.setupHere({ remove: true, write: true })).toMatchObject({ exitCode: 0 });
    expect([...world.aws.state.users.keys()]).toEqual(['theirs']);
  });

  it('needs nothing but AWS to revoke access, and lists what is left', async () => {
    await world.setupHere(key);
    await world.write('bitbucket-pipelines.yml', 'pipelines: [\n');
    await world.sandbox[Symbol.asyncDispose]();
    const env = { BITBUCKET_TOKEN: undefined, KNOWN_HOSTS: undefined, PATH: '/nowhere' };
    const { exitCode, output } = await world.setupHere({ remove: true, write: true }, { env });
    expect([...world.aws.state.users.keys()]).toEqual(['theirs']);
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-not-removed]');
    for (const text of [names.key, names.id, 'Step in bitbucket-pipelines.yml'])
      expect(output).toContain(text);
    await world[Symbol.asyncDispose]();
    world = await openSetupWorld();
  });

  it('goes on after a step that fails, and ends with 1', async () => {
    await world.setupHere(role);
    await world.setupHere(key);
    ours().attached = true;
    world.api.faults['DELETE pipelines_config/variables'] = { status: 500 };
    const { exitCode, output } = await world.setupHere({ remove: true, write: true });
    expect(exitCode).toBe(1);
    expect(output).toContain(`IAM user ${user}: Something that setup did not create is attached to it`);
    expect(output).toContain(`Bitbucket: variable ${names.id}: `);
    expect(ours()).toMatchObject({ keys: [] });
    expect(ours().policies.has(policyName)).toBe(false);
    expect([...world.aws.state.roles.keys()]).toEqual(['theirs']);
    expect(await world.read('bitbucket-pipelines.yml')).toBe(file);
  });

  it('removes both ways, whichever it is started with', async () => {
    await world.setupHere(key);
    await world.setupHere({ oidc: true });
    expect(await world.setupHere({ remove: true, write: true, oidc: true })).toMatchObject({ exitCode: 0 });
    expect([...world.aws.state.users.keys(), ...world.aws.state.roles.keys()]).toEqual(['theirs', 'theirs']);
  });

  it('names the lines of the step without --write, and of one that is within another', async () => {
    await world.setupHere(key);
    const { exitCode, output } = await world.setupHere({ remove: true });
    expect(exitCode).toBe(1);
    expect(output).toContain('Step in bitbucket-pipelines.yml: line 7: remove it');
  });

  it('takes an edited step away too', async () => {
    await world.setupHere({ write: true });
    const text = (await world.read('bitbucket-pipelines.yml')) ?? '';
    await world.write('bitbucket-pipelines.yml', text.replaceAll('REFS: all', "FORCE: 'true'"));
    expect(await world.setupHere({ remove: true, write: true })).toMatchObject({ exitCode: 0 });
    expect(await world.read('bitbucket-pipelines.yml')).toBe(file);
  });

  it('says so when there is nothing', async () => {
    world.takeWrites();
    const { exitCode, output } = await world.setupHere({ remove: true });
    expect(exitCode).toBe(0);
    expect(output).toContain('Nothing of this mirror was found');
    expect(world.takeWrites()).toEqual([]);
  });
});

function ours(): IamUser {
  const found = world.aws.state.users.get(user);
  if (found === undefined) throw new Error('there is no user of ours');
  return found;
}
