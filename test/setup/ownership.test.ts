// @module-tag slow
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeyPair } from '../../src/sandbox/server';
import { toIdentityName, toVariableNames } from '../../src/setup/names';
import { addKey } from '../servers/aws/iam';
import type { IamUser } from '../servers/aws/state';
import { createApiState } from '../servers/bitbucketApi';
import { git } from '../servers/git';
import { mirror, names, openSetupWorld, policyName, type SetupWorld, user } from './world';

vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

function addUser(name: string, tags: [string, string][] = []): IamUser {
  const made: IamUser = { name, path: '/', policies: new Map(), keys: [], tags: new Map(tags) };
  world.aws.state.users.set(name, made);
  return made;
}

const ec2 = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };

function addRole(name: string) {
  const trust = { Version: '2012-10-17', Statement: [ec2] };
  const made = { path: '/', trust, policies: new Map<string, unknown>(), tags: new Map<string, string>() };
  world.aws.state.roles.set(name, made);
  return made;
}

describe('mirrors side by side', () => {
  const app = { ...mirror };
  const us = { ...mirror, region: 'us-east-1' };
  const lib = { ...mirror, repository: 'lib' };
  const mirrors = [app, us, lib];
  const flagsOf = ({ repository, region, name }: typeof mirror) => ({
    bitbucket: `acme/${repository}`,
    codecommit: `${region}/${name}`,
  });

  beforeEach(() => world.api.repositories.set('acme/lib', createApiState()));

  it.each([false, true])(
    'each have a user or role that may push to one repository only (oidc: %s)',
    async (oidc) => {
      for (const each of mirrors)
        expect(await world.setupHere({ ...flagsOf(each), oidc })).toMatchObject({ exitCode: 0 });
      const { users, roles } = world.aws.state;
      const all = oidc ? roles : users;
      expect([...all.keys()].sort()).toEqual(mirrors.map(toIdentityName).sort());
      for (const each of mirrors) {
        const found = all.get(toIdentityName(each));
        expect([...(found?.policies.values() ?? [])]).toEqual([
          {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: [
                  'codecommit:GitPull',
                  'codecommit:GitPush',
                  ...(oidc ? ['codecommit:UpdateDefaultBranch'] : []),
                ],
                Resource: `arn:aws:codecommit:${each.region}:111122223333:app`,
              },
            ],
          },
        ]);
        expect(found?.tags?.get('codecommit-mirror')).toBe(`acme/${each.repository}:${each.region}/app`);
      }
      const bodies = [...users.values()].flatMap(({ keys }) => keys.map(({ body }) => body));
      expect(new Set(bodies).size).toBe(oidc ? 0 : 3);
    },
  );

  it('stay whole when one is removed: user, key, variables and step of the other are as they were', async () => {
    await world.setupHere({ ...flagsOf(app), write: true });
    const text = await world.read('bitbucket-pipelines.yml');
    const before = structuredClone(world.aws.state.users.get(toIdentityName(app)));
    const variables = structuredClone(world.api.state.variables);
    await world.setupHere({ ...flagsOf(us), write: true });
    expect(world.api.state.variables).toHaveLength(4);
    expect(await world.setupHere({ ...flagsOf(us), remove: true, write: true })).toMatchObject({
      exitCode: 0,
    });
    expect([...world.aws.state.users.values()]).toEqual([before]);
    expect(world.api.state.variables).toEqual(variables);
    expect(await world.read('bitbucket-pipelines.yml')).toBe(text);
    expect((await world.setupHere({ ...flagsOf(app), write: true })).output).toContain('Nothing to do');
  });

  it('have variables of their own', () => {
    expect(new Set(mirrors.flatMap((each) => Object.values(toVariableNames(each)))).size).toBe(6);
  });
});

describe('a user or role that setup did not make', () => {
  it.each([{ user: 'deploy' }, { user: 'deploy', oidc: true }])('is refused: %j', async (flags) => {
    addUser('deploy');
    addRole('deploy');
    const { exitCode, output } = await world.setupHere(flags);
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-foreign]');
    expect(world.takeWrites()).toEqual([]);
  });

  it('is refused also with --adopt when another mirror has it', async () => {
    for (const tag of ['acme/lib:eu-west-1/app', 'adopted:acme/lib:eu-west-1/app']) {
      addUser('deploy', [['codecommit-mirror', tag]]);
      const { exitCode, output } = await world.setupHere({ user: 'deploy', adopt: true });
      expect(exitCode).toBe(1);
      expect(output).toContain(`belongs to the mirror ${tag}`);
      expect(world.takeWrites()).toEqual([]);
    }
  });

  it('is added to with --adopt, and gets its own back with --remove', async () => {
    const deploy = addUser('deploy');
    const own = addKey(world.aws.state, deploy, createKeyPair().publicKey);
    deploy.policies.set('own', { Statement: [] });
    const flags = { user: 'deploy', adopt: true };
    const made = await world.setupHere(flags);
    expect(made).toMatchObject({ exitCode: 0 });
    expect(made.output).toContain('tag codecommit-mirror: none → adopted:acme/app:eu-west-1/app');
    expect(deploy.keys).toHaveLength(2);
    expect([...deploy.policies.keys()]).toEqual(['own', policyName]);
    expect(own.active).toBe(true);
    expect((await world.setupHere({ user: 'deploy' })).output).toContain('Nothing to do');

    expect(await world.setupHere({ user: 'deploy', remove: true })).toMatchObject({ exitCode: 0 });
    expect(world.aws.state.users.get('deploy')).toMatchObject({ keys: [own], tags: new Map() });
    expect([...deploy.policies.keys()]).toEqual(['own']);
  });

  it('has keys that only the variables tell apart: without a token they are listed', async () => {
    const deploy = addUser('deploy');
    const own = addKey(world.aws.state, deploy, createKeyPair().publicKey);
    await world.setupHere({ user: 'deploy', adopt: true });
    const env = { BITBUCKET_TOKEN: undefined };
    const { exitCode, output } = await world.setupHere({ user: 'deploy', remove: true }, { env });
    expect(exitCode).toBe(1);
    expect(deploy).toMatchObject({ policies: new Map(), tags: new Map() });
    expect(deploy.keys).toHaveLength(2);
    for (const { id } of [own, ...deploy.keys])
      expect(output).toContain(`IAM: SSH public key ${id}: delete it, unless somebody else uploaded it`);
  });

  it('that is a role keeps whom it trusts: the plan shows old and new, and --remove takes our statement out', async () => {
    const deploy = addRole('deploy');
    const old = structuredClone(deploy.trust);
    const made = await world.setupHere({ user: 'deploy', adopt: true, oidc: true });
    expect(made.output).toContain(`Trust policy of deploy (${JSON.stringify(old)} → {`);
    expect(deploy.trust.Statement).toEqual([ec2, expect.objectContaining({ Sid: 'CodecommitMirror' })]);
    expect(await world.setupHere({ user: 'deploy', remove: true })).toMatchObject({ exitCode: 0 });
    expect(deploy).toMatchObject({ trust: old, policies: new Map(), tags: new Map() });
  });

  it('is not touched by --remove', async () => {
    const deploy = addUser('deploy');
    addKey(world.aws.state, deploy, createKeyPair().publicKey);
    const before = structuredClone(deploy);
    const { exitCode, output } = await world.setupHere({ user: 'deploy', remove: true });
    expect(exitCode).toBe(0);
    expect(output).toContain('keep           IAM user deploy (setup did not create it)');
    expect(deploy).toEqual(before);
  });

  it('with five keys has no room, and nothing is changed', async () => {
    const deploy = addUser('deploy');
    for (let each = 0; each < 5; each++)
      addKey(world.aws.state, deploy, createKeyPair().publicKey, each !== 3);
    const { exitCode, output } = await world.setupHere({ user: 'deploy', adopt: true });
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-keys-full]');
    expect(output).toContain(`Inactive, so not in use: ${deploy.keys[3]?.id}.`);
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('the plan', () => {
  it('shows old and new of what it changes', async () => {
    await world.setupHere({});
    world.aws.state.users.get(user)?.policies.set(policyName, { Statement: ['old'] });
    const [, id] = world.api.state.variables;
    world.api.state.variables = [{ uuid: '{x}', key: names.id, value: 'APKAOLD', secured: false }];
    world.api.state.enabled = false;
    const { output } = await world.setupHere({ dryRun: true });
    expect(id?.['key']).toBe(names.id);
    expect(output).toContain(`IAM policy ${policyName} ({"Statement":["old"]} → {"Version":"2012-10-17",`);
    expect(output).toContain(`variable ${names.id} (APKAOLD → the id that IAM gives)`);
    expect(output).toContain('Bitbucket: Pipelines (disabled → enabled)');
  });

  it('stops where KNOWN_HOSTS contradicts what AWS published', async () => {
    const line = `git-codecommit.eu-west-1.amazonaws.com SHA256:${'A'.repeat(43)}`;
    const env = { KNOWN_HOSTS: line, CODECOMMIT_ENDPOINT: undefined };
    const { exitCode, output } = await world.setupHere({}, { env });
    expect(exitCode).toBe(2);
    expect(output).toContain('[host-key-contradicted]');
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('--write', () => {
  it.each([
    ['in a folder of the clone', 'the root of the clone is'],
    ['in a clone of another repository', 'is a clone of other/thing, not of acme/app'],
    ['outside a clone', 'is not a git clone'],
  ])('is refused %s, before anything is made', async (place, why) => {
    if (place.includes('another'))
      await git(world.cwd, 'remote', 'set-url', 'origin', 'https://bitbucket.org/other/thing');
    const cwd = place.includes('folder') ? 'sub' : place.includes('outside') ? '..' : '.';
    if (cwd === 'sub') await git(world.cwd, 'init', '--quiet', '--bare', 'sub/unrelated');
    const { exitCode, output } = await world.setupHere({ write: true }, { cwd });
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-pipelines-file]');
    expect(output).toContain(why);
    expect(world.takeWrites()).toEqual([]);
  });

  it('is needed for an unfit file to stop anything', async () => {
    for (const text of ['pipelines: [\n', 'pipelines:\n  default:\n    import: shared\n']) {
      await world.write('bitbucket-pipelines.yml', text);
      expect((await world.setupHere({ write: true })).output).toContain('[setup-pipelines-file]');
      const { exitCode, output } = await world.setupHere({});
      expect(exitCode).toBe(0);
      expect(output).toContain('Add this step to bitbucket-pipelines.yml');
      expect(await world.read('bitbucket-pipelines.yml')).toBe(text);
    }
  });

  it.each([
    ['options', (list: string) => `options:\n  oidc:\n    audiences: [${list}]\n`],
    [
      'step',
      (list: string) => `pipelines:\n  default:\n    - step:\n        oidc: {audiences: [${list}]}\n${ours}`,
    ],
  ])(
    'names the default audience where the file sets others without it, in %s, and keeps them',
    async (_place, toFile) => {
      const note = 'to each list under oidc.audiences: without it AWS refuses the token';
      const text = toFile('sts.amazonaws.com');
      await world.write('bitbucket-pipelines.yml', text);
      const { output } = await world.setupHere({ oidc: true, write: true });
      expect(output).toContain(note);
      expect(await world.read('bitbucket-pipelines.yml')).toContain('audiences: [sts.amazonaws.com]');

      const audience = 'ari:cloud:bitbucket::workspace/0a1b2c3d-0000-4000-8000-00000000000b';
      await world.write('bitbucket-pipelines.yml', toFile(`sts.amazonaws.com, '${audience}'`));
      expect((await world.setupHere({ oidc: true, write: true })).output).not.toContain(note);
    },
  );
});

/** The script of a step that mirrors. */
const ours = `        script:
          - pipe: org/codecommit-mirror:1.0
            variables:
              CODECOMMIT_URL: https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app
              AWS_OIDC_ROLE_ARN: arn:aws:iam::111122223333:role/codecommit-mirror/${user}
              REFS: all
`;
