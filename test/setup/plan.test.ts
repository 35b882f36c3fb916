import { describe, expect, it } from 'vitest';
import { MirrorError } from '../../src/errors';
import { createKeyPair } from '../../src/sandbox/server';
import type { IamKey } from '../../src/setup/iam';
import { parsePublicKey } from '../../src/setup/keyPair';
import { planPipelinesFile } from '../../src/setup/pipelinesFile';
import { planSetup } from '../../src/setup/plan';
import { toGitPolicy } from '../../src/setup/policy';
import { planRemoval } from '../../src/setup/removal';
import { parseRequest, type SetupFlags } from '../../src/setup/request';
import { type RoleSituation, toAudience, toTrust } from '../../src/setup/role';
import type { BitbucketSituation, Situation, UserSituation } from '../../src/setup/situation';
import type { Step } from '../../src/setup/step';

const pair = createKeyPair();
const publicKey = `${pair.publicKey} codecommit-mirror`;
const url = 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app';
const host = 'git-codecommit.eu-west-1.amazonaws.com';
const account = '111122223333';

function ask(flags: SetupFlags = {}) {
  const env = { BITBUCKET_TOKEN: 'token' };
  return parseRequest({ bitbucket: 'acme/app', codecommit: 'eu-west-1/app', ...flags }, env, '/clone');
}

function iamKey(more: Partial<IamKey> = {}): IamKey {
  const key = parsePublicKey(publicKey);
  const fingerprint = typeof key === 'string' ? key : key.fingerprint;
  return {
    id: 'APKAEXAMPLEEXAMPLE12',
    active: true,
    uploaded: '2026-01-01T00:00:00.000Z',
    fingerprint,
    ...more,
  };
}

const others = (count: number, more: Partial<IamKey> = {}) =>
  Array.from({ length: count }, (_, n) =>
    iamKey({
      id: `APKAOTHEROTHEROTHER${n}`,
      fingerprint: `${n}`,
      uploaded: `2026-01-0${9 - n}T00:00:00.000Z`,
      ...more,
    }),
  );

const hostKey = {
  host,
  port: 22,
  keyType: 'ssh-rsa',
  key: 'HOSTKEY',
  fingerprint: 'SHA256:x',
  origin: 'AWS',
} as const;

/** Everything is in place, but for what is given. */
function world(
  more: { user?: Partial<UserSituation>; bitbucket?: Partial<BitbucketSituation> } & Omit<
    Partial<Situation>,
    'bitbucket'
  > = {},
) {
  const { user, bitbucket, ...rest } = more;
  const identity: UserSituation = {
    kind: 'user',
    user: { value: { path: '/codecommit-mirror/' } },
    policy: { value: { document: toGitPolicy({ region: 'eu-west-1', name: 'app' }, account) } },
    keys: { value: [iamKey()] },
    keyFile: undefined,
    hostKey,
    ...user,
  };
  const there: BitbucketSituation = {
    ids: { repository: '{r}', workspace: '{w}' },
    enabled: { value: true },
    publicKey: { value: publicKey },
    knownHosts: {
      value: [{ uuid: '{h}', hostname: `[${host}]:22`, public_key: { key_type: 'ssh-rsa', key: 'HOSTKEY' } }],
    },
    variables: {
      value: [
        { uuid: '{k}', key: 'CODECOMMIT_SSH_KEY_ID', value: 'APKAEXAMPLEEXAMPLE12', secured: false },
        { uuid: '{u}', key: 'CODECOMMIT_URL', value: url, secured: false },
      ],
    },
    ...bitbucket,
  };
  const pipelinesFile = planPipelinesFile(undefined, { oidc: false, endpoint: undefined }).text;
  return { account, repository: { value: true }, pipelinesFile, identity, bitbucket: there, ...rest };
}

/** The steps that are not simply there. */
function changes(situation: Situation, flags: SetupFlags = {}): Partial<Step>[] {
  return planSetup(situation, ask(flags)).steps.filter(({ state }) => state !== 'exists');
}

function errorOf(plan: () => unknown): MirrorError {
  try {
    plan();
  } catch (error) {
    if (error instanceof MirrorError) return error;
    throw error;
  }
  throw new Error('there was no error');
}

describe('the plan of setup', () => {
  it('is empty when everything is in place', () => {
    expect(changes(world())).toEqual([]);
  });

  it.each<[string, Situation, Partial<Step>]>([
    [
      'the repository is missing',
      world({ repository: { value: false } }),
      { state: 'make', action: { do: 'create-repository' } },
    ],
    [
      'the user is missing',
      world({ user: { user: { value: undefined } } }),
      { state: 'make', action: { do: 'create-user' } },
    ],
    ['the policy is missing', world({ user: { policy: { value: undefined } } }), { state: 'make' }],
    [
      'the policy allows something else',
      world({ user: { policy: { value: { document: { Version: '2012-10-17', Statement: [] } } } } }),
      { state: 'change', note: 'to codecommit:GitPull and GitPush on this repository alone' },
    ],
    [
      'the key at IAM is inactive',
      world({ user: { keys: { value: [iamKey({ active: false })] } } }),
      { state: 'change', action: { do: 'activate-key', id: 'APKAEXAMPLEEXAMPLE12' } },
    ],
    [
      'Pipelines is off',
      world({ bitbucket: { enabled: { value: false } } }),
      { state: 'make', action: { do: 'enable-pipelines' } },
    ],
    ['the known host is missing', world({ bitbucket: { knownHosts: { value: [] } } }), { state: 'make' }],
    [
      'the known host has another key',
      world({
        bitbucket: {
          knownHosts: {
            value: [{ uuid: '{h}', hostname: host, public_key: { key_type: 'ssh-rsa', key: 'OTHER' } }],
          },
        },
      }),
      { state: 'change', note: 'to SHA256:x, as AWS published it' },
    ],
    [
      'the file has no step',
      world({ pipelinesFile: 'image: x\n' }),
      { state: 'by-hand', note: 'or --write' },
    ],
    [
      'something about the user is not to be seen',
      world({ user: { user: { missing: 'iam:GetUser' } } }),
      { state: 'unseen', missing: 'iam:GetUser' },
    ],
    [
      'something about Bitbucket is not to be seen',
      world({ bitbucket: { enabled: { missing: 'repository:admin' } } }),
      { state: 'unseen', missing: 'repository:admin' },
    ],
  ])('has one step when %s', (_case, situation, step) => {
    expect(changes(situation)).toMatchObject([step]);
    expect(changes(situation)).toHaveLength(1);
  });

  it('uploads the key that Pipelines has, whoever made it, and hands its id on', () => {
    const situation = world({
      user: { keys: { value: others(2) } },
      bitbucket: { publicKey: { value: `${pair.publicKey} ada@example.com` } },
    });
    expect(changes(situation)).toMatchObject([
      {
        state: 'make',
        note: 'beside APKAOTHEROTHEROTHER0, APKAOTHEROTHEROTHER1',
        action: { do: 'upload-key', publicKey: { line: pair.publicKey, ours: false } },
      },
      { state: 'change', action: { do: 'put-variable', key: 'CODECOMMIT_SSH_KEY_ID', value: undefined } },
    ]);
  });

  it('changes variables that are wrong, and those that can not be read', () => {
    const value = [
      { uuid: '{k}', key: 'CODECOMMIT_SSH_KEY_ID', secured: true },
      { uuid: '{u}', key: 'CODECOMMIT_URL', value: 'ssh://other', secured: false },
    ];
    expect(changes(world({ bitbucket: { variables: { value } } }))).toMatchObject([
      { state: 'change', action: { key: 'CODECOMMIT_SSH_KEY_ID', value: 'APKAEXAMPLEEXAMPLE12' } },
      { state: 'change', action: { key: 'CODECOMMIT_URL', value: url } },
    ]);
  });

  it('says of each key that can not be looked at which permissions are missing', () => {
    const situation = world({
      user: { keys: { missing: 'iam:ListSSHPublicKeys' } },
      bitbucket: { publicKey: { missing: 'repository:admin' } },
    });
    const missing = 'repository:admin, iam:ListSSHPublicKeys';
    expect(changes(situation).slice(0, 2)).toMatchObject([
      { state: 'unseen', missing },
      { state: 'unseen', missing },
    ]);
  });
});

describe('a key that Pipelines has already', () => {
  it('is never replaced without --replace-key', () => {
    const situation = world({ user: { keys: { value: [] } } });
    expect(changes(situation).map(({ action }) => action?.do)).toEqual(['upload-key', 'put-variable']);
    expect(changes(situation, { replaceKey: true }).map(({ action }) => action?.do)).toEqual([
      'store-key',
      'upload-key',
      'put-variable',
    ]);
  });

  it('is not replaced with --replace-key either when IAM has it in use: twice is once', () => {
    expect(changes(world(), { replaceKey: true })).toEqual([]);
    const inactive = world({ user: { keys: { value: [iamKey({ active: false })] } } });
    expect(changes(inactive, { replaceKey: true }).map(({ action }) => action?.do)).toContain('store-key');
  });

  it.each([
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1 a', 'of the type "ssh-ed25519"'],
    ['ssh-rsa AAAA', 'damaged'],
    [createKeyPair(1024).publicKey, 'one of 1024 bits'],
  ])('stops setup when CodeCommit does not take it: %s', (text, what) => {
    const situation = world({ bitbucket: { publicKey: { value: text } } });
    const { code, message } = errorOf(() => changes(situation));
    expect(code).toBe('setup-key-unfit');
    expect(message).toContain(`The SSH key of Pipelines is ${what};`);
    expect(changes(situation, { replaceKey: true })[0]).toMatchObject({ state: 'change' });
  });
});

describe('five keys at IAM', () => {
  const situation = (value: readonly IamKey[]) =>
    world({ user: { keys: { value } }, bitbucket: { publicKey: { value: undefined } } });

  it('stop setup, which names the oldest', () => {
    const { code, message, remedy } = errorOf(() => changes(situation(others(5))));
    expect(code).toBe('setup-keys-full');
    expect(message).toContain('APKAOTHEROTHEROTHER0 (active, of 2026-01-09)');
    expect(remedy).toContain('None is inactive; the oldest is APKAOTHEROTHEROTHER4.');
  });

  it('stop setup, which names the inactive ones', () => {
    const keys = [...others(4), iamKey({ id: 'APKAINACTIVE', active: false, fingerprint: 'x' })];
    expect(errorOf(() => changes(situation(keys))).remedy).toContain(
      'Inactive, so not in use: APKAINACTIVE.',
    );
  });

  it('are no matter when one of them is ours', () => {
    expect(changes(world({ user: { keys: { value: [...others(4), iamKey()] } } }))).toEqual([]);
  });
});

describe('the plan of setup --remove', () => {
  const states = (situation: Situation, flags: SetupFlags = {}) =>
    planRemoval(situation, ask({ remove: true, ...flags })).steps.map(
      ({ state, action }) => action?.do ?? state,
    );

  it('takes away what setup made, access first', () => {
    expect(states(world(), { write: true })).toEqual([
      'kept',
      'delete-key',
      'delete-user-policy',
      'delete-user',
      'delete-variable',
      'delete-variable',
      'delete-known-host',
      'delete-key-pair',
      'write-pipelines-file',
      'kept',
    ]);
  });

  it('leaves a user, a key and values that it can not tell from the own ones of their owner', () => {
    const situation = world({
      user: { user: { value: { path: '/' } } },
      bitbucket: {
        publicKey: { value: `${pair.publicKey} ada` },
        knownHosts: { value: [{ uuid: '{h}', hostname: host }] },
        variables: { value: [{ uuid: '{u}', key: 'CODECOMMIT_URL', value: 'ssh://other', secured: false }] },
      },
    });
    expect(states(situation)).toEqual([
      'kept',
      'kept',
      'delete-user-policy',
      'kept',
      'kept',
      'kept',
      'kept',
      'by-hand',
      'kept',
    ]);
  });

  it('passes over a key of another type, and says what it can not look at', () => {
    const situation = world({
      user: { keys: { missing: 'iam:ListSSHPublicKeys' }, policy: { missing: 'iam:GetUserPolicy' } },
      bitbucket: {
        publicKey: { value: 'ssh-ed25519 AAAA' },
        variables: { missing: 'pipeline:variable' },
        knownHosts: { missing: 'repository:admin' },
      },
    });
    const { steps } = planRemoval(situation, ask({ remove: true }));
    expect(steps.flatMap(({ missing }) => missing ?? [])).toEqual([
      'iam:ListSSHPublicKeys',
      'iam:GetUserPolicy',
      'pipeline:variable',
      'pipeline:variable',
      'pipeline:variable',
      'repository:admin',
    ]);
  });
});

describe('the plan of setup --oidc', () => {
  const ids = { repository: '{r}', workspace: '{w}' };
  const request = ask({ oidc: true });
  const arn = `arn:aws:iam::${account}:role/codecommit-mirror/codecommit-mirror-app`;

  function role(more: Partial<RoleSituation> = {}): Situation {
    const identity: RoleSituation = {
      kind: 'role',
      provider: { value: { audiences: [toAudience(ids)] } },
      role: { value: { path: '/codecommit-mirror/', arn, trust: toTrust(request, account, ids) } },
      policy: { value: { document: toGitPolicy(request, account) } },
      ...more,
    };
    const value = [
      { uuid: '{r}', key: 'CODECOMMIT_ROLE_ARN', value: arn, secured: false },
      { uuid: '{u}', key: 'CODECOMMIT_URL', value: url.replace('ssh', 'https'), secured: false },
    ];
    const pipelinesFile = planPipelinesFile(undefined, { oidc: true, endpoint: undefined }).text;
    return world({ identity, bitbucket: { variables: { value } }, pipelinesFile });
  }

  it.each<[string, Situation, readonly unknown[]]>([
    ['is empty when everything is in place', role(), []],
    [
      'adds the audience of the workspace',
      role({ provider: { value: { audiences: ['other'] } } }),
      [{ state: 'change', action: { do: 'add-audience' } }],
    ],
    [
      'replaces a trust that is too wide',
      role({ role: { value: { path: '/', arn, trust: {} } } }),
      [{ state: 'change', action: { do: 'put-trust', trust: toTrust(request, account, ids) } }],
    ],
    [
      'makes role and policy',
      role({ role: { value: undefined }, policy: { value: undefined } }),
      [{ action: { do: 'create-role' } }, { action: { do: 'put-role-policy' } }],
    ],
    [
      'changes a policy that allows something else',
      role({ policy: { value: { document: {} } } }),
      [{ state: 'change', action: { do: 'put-role-policy' } }],
    ],
    [
      'says what it can not look at',
      role({ provider: { missing: 'iam:GetOpenIDConnectProvider' } }),
      [{ state: 'unseen', missing: 'iam:GetOpenIDConnectProvider' }],
    ],
  ])('%s', (_case, situation, steps) => {
    const told = changes(situation, { oidc: true });
    expect(told).toMatchObject(steps);
    expect(told).toHaveLength(steps.length);
  });

  it('leaves a role on removal that setup did not make', () => {
    const own = role({ role: { value: { path: '/', arn, trust: {} } } });
    const { steps } = planRemoval(own, ask({ oidc: true, remove: true }));
    expect(steps.flatMap(({ action }) => action?.do ?? [])).toEqual([
      'delete-role-policy',
      'delete-variable',
      'delete-variable',
    ]);
  });
});
