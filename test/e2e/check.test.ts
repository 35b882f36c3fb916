import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { createKeyPair } from '../../src/sandbox/server';
import { toProtection } from '../../src/setup/aws/protection';
import { openAws } from '../servers/aws';
import type { IamUser } from '../servers/aws/state';
import { git, grow } from '../servers/git';
import {
  type CheckAccount,
  type CheckWorld,
  commitFile,
  commitPointer,
  openCheckAccount,
  openCheckWorld,
  resource,
} from './checkWorld';
import { expectNothingLeft } from './footprint';
import { describeServers } from './servers';
import { findProgram } from './witness';
import { keyPair, runProgram, serverNames } from './world';

/** The states of a check in which all holds. */
const fine = {
  variables: 'ok',
  key: 'ok',
  'host key': 'ok',
  git: 'ok',
  connection: 'ok',
  'right to read': 'ok',
  'right to push': 'ok',
  source: 'ok',
  differences: 'ok',
  'Git LFS': 'ok',
  'size limits': 'ok',
};
const unreached = (...names: (keyof typeof fine)[]) =>
  Object.fromEntries(names.map((name) => [name, 'unseen']));
const afterConnection = unreached('right to read', 'right to push', 'differences', 'Git LFS', 'size limits');

it('is what a pipe does with CHECK, with the variables that it would mirror with', async () => {
  await using place = await openCheckWorld();
  const { world } = place;
  await grow(world.source, 'main');
  const before = await world.destinationRefs();
  const clone = await world.clone();
  const { exitCode, output } = await world.pipe(clone, { CHECK: 'true', NO_COLOR: '1' });
  expect(exitCode).toBe(1);
  expect(output).toMatch(/✔ right to push: /);
  expect(output).toMatch(/✖ differences: 1 differ/);
  expect(await world.destinationRefs()).toEqual(before);
  await expectNothingLeft(world);
});

it('says "equal" only where it compared, and "push it first" of a branch that the source never had', async () => {
  await using place = await openCheckWorld();
  const { world } = place;
  const dir = `${world.root}/never-pushed`;
  await git('/', 'clone', '--quiet', world.source, dir);
  await git(dir, 'checkout', '--quiet', '-b', 'wip');
  const { BITBUCKET_SSH_KEY_FILE: file, SOURCE_PROXY: _proxy, ...variables } = world.variables;
  const env = { ...variables, BITBUCKET_SSH_KEY_FILE: file, HOME: world.home, TMPDIR: world.temporary };
  const ended = await runProgram('cli', ['check'], dir, env);
  expect(ended.exitCode).toBe(1);
  expect(ended.output).toContain(
    '✖ differences: The source has no refs/heads/wip. Nothing was changed.\n  Push the branch',
  );
  expect(ended.output).not.toContain('both sides are equal');
  const gone = await world.pipe(await world.clone(), { CHECK: 'true', BITBUCKET_BRANCH: 'gone' });
  expect(gone.exitCode).toBe(0);
  expect(gone.output).toContain('the two sides were not compared');
});

it('does not say that a host let us in that spoke no TLS', async () => {
  await using place = await openCheckWorld('https');
  const server = createServer((socket) => {
    // git hangs up as it likes.
    socket.on('error', () => undefined);
    socket.end('SSH-2.0-none\r\n');
  });
  const port = await listenOnLoopback(server);
  const { states } = await place.states({ CODECOMMIT_ENDPOINT: `127.0.0.1:${port}` });
  server.close();
  expect(states).toMatchObject({ connection: 'failed', 'right to read': 'unseen' });
});

describeServers([...serverNames, 'https'], 'check over %s, both sides equal', (server) => {
  it('tells that all is fine, and changes and leaves nothing', async () => {
    await using place = await openCheckWorld(server);
    const before = await place.world.destinationRefs();
    const { exitCode, output } = await place.check({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
    expect(output).toContain('✔ right to push: a dry-run push was accepted\n');
    expect(output).toContain('✔ differences: none: 6 equal\n');
    expect(output).toMatch(/✔ Everything is in place, and both sides are equal/);
    expect(output).not.toContain('✖');
    expect(await place.world.destinationRefs()).toEqual(before);
    await expectNothingLeft(place.world);
  });
});

describe('check, each point failing on its own', () => {
  let place: CheckWorld;
  beforeEach(async () => {
    place = await openCheckWorld();
  });
  afterEach(async () => {
    await place[Symbol.asyncDispose]();
  });

  test('variables: every fault is listed, exit code 2', async () => {
    const { exitCode, output } = await place.check({ FORCE: 'yes', SSH_KEY: 'no key', KNOWN_HOSTS: '?' });
    expect(exitCode).toBe(2);
    expect(output).toContain('✖ variables: FORCE is "yes"');
    expect(output).toContain('✖ variables: KNOWN_HOSTS, line 1');
    expect(output).toContain('✖ key: SSH_KEY is not a valid private key');
    expect(output).toContain('– connection: not reached');
    expect(place.world.countConnections()).toBe(0);
  });

  test('key', { tags: ['slow'] }, async () => {
    expect(await place.states({ SSH_KEY: 'no key' })).toEqual({
      exitCode: 2,
      states: {
        ...Object.fromEntries(Object.keys(fine).map((name) => [name, 'unseen'])),
        key: 'failed',
      },
    });
  });

  test('host key: not known', { tags: ['slow'] }, async () => {
    const { exitCode, states } = await place.states({
      CODECOMMIT_URL: 'ssh://127.0.0.1:1/v1/repos/app',
    });
    expect({ exitCode, state: states['host key'] }).toEqual({ exitCode: 2, state: 'failed' });
  });

  test('host key: refused in the handshake', async () => {
    const { host, port } = place.world.sandbox;
    const { exitCode, states } = await place.states({
      KNOWN_HOSTS: `[${host}]:${port} SHA256:${'A'.repeat(43)}`,
      BITBUCKET_SSH_KEY_FILE: undefined,
      SSH_KEY: keyPair.privateKey,
    });
    const expected = { ...fine, 'host key': 'failed', connection: 'unseen', ...afterConnection };
    expect({ exitCode, states }).toEqual({ exitCode: 1, states: expected });
  });

  test('git: older than what a mirror needs', { tags: ['slow'] }, async () => {
    const bin = join(place.world.root, 'bin');
    await mkdir(bin);
    const script = `#!/bin/sh\n[ "$1" = version ] && exec echo 'git version 2.25.1'\nexec ${await findProgram('git')} "$@"\n`;
    await writeFile(join(bin, 'git'), script, { mode: 0o755 });
    const PATH = `${bin}:${process.env['PATH']}`;
    expect((await place.states({ PATH })).states).toEqual({ ...fine, git: 'failed' });
    const { exitCode, output } = await place.check({ PATH });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/✖ git: .*git version 2\.25\.1\n +git 2\.32 or newer is required/);
  });

  test('connection: the key is not let in', async () => {
    place.world.sandbox.faults.refuseKeys = true;
    expect(await place.states()).toEqual({
      exitCode: 1,
      states: { ...fine, connection: 'failed', ...afterConnection },
    });
  });

  test('right to read: there is no such repository', { tags: ['slow'] }, async () => {
    expect(await place.states({ CODECOMMIT_URL: place.world.sandbox.url('other') })).toEqual({
      exitCode: 1,
      states: { ...fine, ...afterConnection, 'right to read': 'failed' },
    });
  });

  test('right to push', async () => {
    place.world.sandbox.faults.beforeAdvertise = async () => place.world.sandbox.cut();
    expect(await place.states()).toEqual({ exitCode: 1, states: { ...fine, 'right to push': 'failed' } });
  });

  test('source', async () => {
    const url = `${place.world.variables['SOURCE_PROXY']}/team/none`;
    expect(await place.states({ SOURCE_URL: url })).toEqual({
      exitCode: 1,
      states: { ...fine, source: 'failed', ...unreached('differences', 'Git LFS', 'size limits') },
    });
  });

  test('source: without a clone or a URL the destination is looked at all the same', {
    tags: ['slow'],
  }, async () => {
    const changes = {
      BITBUCKET_CLONE_DIR: place.world.home,
      BITBUCKET_GIT_HTTP_ORIGIN: undefined,
      BITBUCKET_SSH_KEY_FILE: place.world.variables['BITBUCKET_SSH_KEY_FILE'],
    };
    const { exitCode, output } = await place.check(changes);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/✖ source: "\S+" is not a git clone/);
    expect(output).toContain('✔ right to push');
    expect(output).toContain('– differences: not reached');
  });

  test('a tag of the name that the dry-run push has is left alone, and is no obstacle', {
    tags: ['slow'],
  }, async () => {
    await git(place.world.destination, 'update-ref', 'refs/tags/codecommit-mirror-check', 'refs/heads/main');
    const before = await place.world.destinationRefs();
    expect(await place.states()).toEqual({ exitCode: 0, states: fine });
    expect(await place.world.destinationRefs()).toEqual(before);
  });

  test('differences', async () => {
    await grow(place.world.source, 'main', { count: 1 });
    await git(place.world.source, 'update-ref', 'refs/heads/new', 'refs/heads/main~1');
    const before = await place.world.destinationRefs();
    const { exitCode, output } = await place.check();
    expect(exitCode).toBe(1);
    expect(output).toContain('✖ differences: 2 differ, 5 equal\n  Run the mirror.\n');
    expect(output).toMatch(/INFO: branch main: \w{8} → \w{8} fast-forward/);
    expect(output).toMatch(/INFO: branch new: /);
    expect(await place.states()).toEqual({ exitCode: 1, states: { ...fine, differences: 'failed' } });
    expect(await place.world.destinationRefs()).toEqual(before);
  });

  test('what the policy keeps at the destination is no difference', { tags: ['slow'] }, async () => {
    await git(place.world.source, 'update-ref', '-d', 'refs/heads/release/1.0');
    expect(await place.states()).toEqual({ exitCode: 0, states: fine });
  });

  test('Git LFS, unless LFS sends it', { tags: ['slow'] }, async () => {
    await commitPointer(place.world.source);
    const differ = { ...fine, differences: 'failed' };
    expect(await place.states()).toEqual({ exitCode: 1, states: { ...differ, 'Git LFS': 'failed' } });
    expect(await place.states({ LFS: 'push' })).toEqual({ exitCode: 1, states: differ });
  });

  test('size limits', { tags: ['slow'] }, async () => {
    const deep = `${'d/'.repeat(21)}file`;
    await commitFile(place.world.source, deep, 'x');
    const { exitCode, output } = await place.check();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/✖ size limits: refs\/heads\/main: .*is 21 directories deep/);
  });

  test('--json gives the whole document', async () => {
    await grow(place.world.source, 'main', { count: 1 });
    const [there, here] = [await place.world.destinationRefs(), await place.world.sourceRefs()];
    const { output } = await place.check({}, ['--json']);
    const point = (name: string, reason: unknown, state = 'ok', fix: string | null = null) => ({
      name,
      state,
      reason,
      fix,
    });
    expect(JSON.parse(output)).toEqual({
      version: 1,
      tool: expect.stringMatching(/^codecommit-mirror \d/),
      points: [
        point('variables', expect.stringMatching(/^the destination is app /)),
        point('key', expect.stringMatching(/^ssh-rsa of \d+ bits, SHA256:\S+, for the SSH user APKA/)),
        point('host key', 'verified by the lines of known_hosts'),
        point('git', expect.stringMatching(/^version \d+\.\d+/)),
        point('connection', 'the host is verified and accepts the login'),
        point('right to read', '6 refs at the destination'),
        point('right to push', 'a dry-run push was accepted'),
        point('source', expect.stringMatching(/^6 refs at http/)),
        point('differences', '1 differ, 5 equal', 'failed', 'Run the mirror.'),
        point('Git LFS', 'no objects in what a run would send now'),
        point('size limits', 'no file exceeds them in what a run would send now'),
      ],
      differences: [
        {
          ref: 'refs/heads/main',
          status: 'fast-forward',
          old: there['refs/heads/main'],
          new: here['refs/heads/main'],
        },
      ],
    });
  });
});

describe('check over HTTPS', { tags: ['slow'] }, () => {
  const overHttps = { ...fine, 'host key': 'unseen', policy: 'ok', 'other writers': 'ok' };

  test('asks IAM for the policy of who holds the access key', async () => {
    await using place = await openCheckWorld('https');
    await using aws = await openAws();
    const admin: IamUser = { name: 'admin', path: '/', policies: new Map(), keys: [] };
    aws.state.users.set('admin', admin);
    const Action = ['codecommit:GitPull', 'codecommit:GitPush'];
    admin.policies.set('git', { Statement: [{ Effect: 'Allow', Action, Resource: resource }] });
    const changes = { AWS_ENDPOINT_URL: aws.url };
    expect(await place.states(changes)).toEqual({ exitCode: 0, states: overHttps });
    admin.policies.clear();
    expect(await place.states(changes)).toEqual({ exitCode: 1, states: { ...overHttps, policy: 'failed' } });
  });

  test('asks for the policy of the role behind a session of SSO, by its path', async () => {
    await using place = await openCheckWorld('https');
    await using aws = await openAws();
    const [name, path] = ['AWSReservedSSO_Developer_0a1b2c', '/aws-reserved/sso.amazonaws.com/eu-west-1/'];
    const Action = ['codecommit:GitPull', 'codecommit:GitPush'];
    const policies = new Map([['git', { Statement: [{ Effect: 'Allow', Action, Resource: resource }] }]]);
    aws.state.roles.set(name, { path, trust: {}, policies });
    aws.state.caller = `arn:aws:sts::111122223333:assumed-role/${name}/ada@example.com`;
    const changes = { AWS_ENDPOINT_URL: aws.url };
    const { exitCode, output } = await place.check(changes);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
    expect(output).toContain(`✔ policy: arn:aws:iam::111122223333:role${path}${name} may pull and push\n`);
    policies.clear();
    expect(await place.states(changes)).toEqual({ exitCode: 1, states: { ...overHttps, policy: 'failed' } });
    // Nothing of it speaks of setting up a mirror.
    const wrong = { status: 403, code: 'AccessDenied', message: 'not authorized to perform: iam:GetRole' };
    aws.faults['iam:GetRole'] = wrong;
    const refused = await place.check(changes);
    expect(refused.exitCode).toBe(0);
    expect(refused.output).toMatch(/– policy: .*iam:GetRole/);
    expect(refused.output).not.toMatch(/setup|--profile/);
  });

  test('tells that the secret is another one', async () => {
    await using place = await openCheckWorld('https');
    const { exitCode, output } = await place.check({
      AWS_SECRET_ACCESS_KEY: 'another-secret',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/✖ connection: \S+ can't be opened with the access key AKIA/);
    expect(output).toContain('– right to push: not reached');
    expect(output).toContain("– policy: AWS can't be reached");
  });

  test('tells that the certificate is not trusted', async () => {
    await using place = await openCheckWorld('https');
    const { states } = await place.states({
      SSL_CERT_FILE: undefined,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    expect(states).toEqual({
      ...overHttps,
      'host key': 'failed',
      connection: 'unseen',
      ...afterConnection,
      policy: 'unseen',
      'other writers': 'unseen',
    });
  });
});

describe('check with AWS credentials', { tags: ['slow'] }, () => {
  let place: CheckWorld;
  let account: CheckAccount;
  beforeAll(async () => {
    place = await openCheckWorld();
  });
  afterAll(async () => {
    await place[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    account = await openCheckAccount(place.world);
  });
  afterEach(async () => {
    await account[Symbol.asyncDispose]();
  });
  const all = { ...fine, 'key at IAM': 'ok', policy: 'ok', 'other writers': 'ok' };

  test('all is fine: the key is active, and the policy of its user allows git', async () => {
    expect(await place.states(account.variables)).toEqual({ exitCode: 0, states: all });
    expect(account.aws.requests.filter((action) => !/:(Get|List|Simulate)/.test(action))).toEqual([]);
  });

  test('without SSH_KEY_ID it is found by the fingerprint', async () => {
    const { exitCode, output } = await place.check({ ...account.variables, SSH_KEY_ID: undefined });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
    expect(output).toContain(`for the SSH user ${account.key.id}\n`);
  });

  test.each([
    [{ AWS_SECRET_ACCESS_KEY: undefined }, 2, '✖ variables: AWS_SECRET_ACCESS_KEY is missing'],
    [{ SSH_KEY: 'no key' }, 2, '✖ key: SSH_KEY is not a valid private key'],
  ])('without SSH_KEY_ID and with %j IAM is not asked', async (changes, exitCode, says) => {
    const run = await place.check({ ...account.variables, SSH_KEY_ID: undefined, ...changes });
    expect(run.exitCode).toBe(exitCode);
    expect(run.output).toContain(says);
    expect(run.output).not.toContain('SSH_KEY_ID is missing');
    expect(account.aws.requests).toEqual([]);
  });

  test('the key is inactive', async () => {
    account.key.active = false;
    const { exitCode, output } = await place.check(account.variables);
    expect(exitCode).toBe(1);
    expect(output).toContain(`✖ key at IAM: ${account.key.id} of the user mirror is inactive\n`);
  });

  test('the id is that of no key, and IAM has this one under another', async () => {
    place.world.sandbox.allow('APKAEXAMPLEEXAMPLE99', keyPair.publicKey);
    const { exitCode, output } = await place.check({
      ...account.variables,
      SSH_KEY_ID: 'APKAEXAMPLEEXAMPLE99',
    });
    expect(exitCode).toBe(1);
    expect(output).toContain(
      `✖ key at IAM: IAM has no SSH key APKAEXAMPLEEXAMPLE99; this key is ${account.key.id}`,
    );
    expect(output).toContain(`Set SSH_KEY_ID to ${account.key.id}.`);
  });

  test('the id is that of another key', async () => {
    const body = createKeyPair().publicKey.split(' ').slice(0, 2).join(' ');
    account.user.keys = [{ ...account.key, body }];
    const { exitCode, output } = await place.check(account.variables);
    expect(exitCode).toBe(1);
    expect(output).toContain(`✖ key at IAM: ${account.key.id} of the user mirror is another key: `);
  });

  test('the account has no such key', async () => {
    account.user.keys = [];
    expect(await place.states(account.variables)).toEqual({
      exitCode: 1,
      states: { ...all, 'key at IAM': 'failed', policy: 'unseen', 'other writers': 'unseen' },
    });
  });

  test('the policy lacks GitPush', async () => {
    const Statement = [{ Effect: 'Allow', Action: ['codecommit:GitPull'], Resource: '*' }];
    account.user.policies.set('git', { Statement });
    const { exitCode, output } = await place.check(account.variables);
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /✖ policy: \S+user\/codecommit-mirror\/mirror lacks codecommit:GitPush on arn:aws:codecommit:us-east-1:111122223333:app\n/,
    );
  });

  test.each([
    ['iam:ListUsers', { 'key at IAM': 'unseen', policy: 'unseen', 'other writers': 'unseen' }],
    ['iam:GetSSHPublicKey', { 'key at IAM': 'unseen', policy: 'unseen', 'other writers': 'unseen' }],
    ['iam:ListRoles', { 'other writers': 'unseen' }],
    ['iam:SimulatePrincipalPolicy', { policy: 'unseen', 'other writers': 'unseen' }],
  ])('what %s does not let us see is no failure, and is named', async (action, changed) => {
    account.aws.faults[action] = { status: 403, code: 'AccessDenied' };
    expect(await place.states(account.variables)).toEqual({ exitCode: 0, states: { ...all, ...changed } });
    const { output } = await place.check(account.variables);
    expect(output).toContain(`these AWS credentials lack the permission ${action}`);
  });
});

describe('check tells who else may push', { tags: ['slow'] }, () => {
  const allow = { Statement: [{ Effect: 'Allow', Action: ['codecommit:GitPush'], Resource: '*' }] };
  const policies = () => new Map<string, unknown>([['all', allow]]);

  test('users and roles by their names, none of AWS itself, and nobody whom the policy of setup denies', async () => {
    await using place = await openCheckWorld();
    await using account = await openCheckAccount(place.world);
    const { state } = account.aws;
    const tell = async () => {
      const { exitCode, output } = await place.check(account.variables);
      return { exitCode, told: /✔ other writers: (.*)\n(?: +(.*)\n)?/.exec(output)?.slice(1) };
    };
    expect(await tell()).toEqual({
      exitCode: 0,
      told: ['none of 2 other users and roles may push', undefined],
    });

    state.users.get('somebody')?.policies.set('all', allow);
    state.roles.set('Deploy', { path: '/', trust: {}, policies: policies() });
    state.roles.set('AWSServiceRoleForX', { path: '/aws-service-role/x/', trust: {}, policies: policies() });
    const [user, role] = [`${state.iamArn}:user/somebody`, `${state.iamArn}:role/Deploy`];
    expect(await tell()).toEqual({
      exitCode: 0,
      told: [
        `2 of 3 other users and roles may push: ${user}, ${role}`,
        'If only the mirror should push, see codecommit-mirror setup --protect.',
      ],
    });

    const arn = `${state.iamArn}:user/codecommit-mirror/mirror`;
    const deny = toProtection({ region: 'us-east-1', name: 'app' }, state.account, arn);
    state.policies.set('p', {
      name: 'p',
      path: '/',
      tag: undefined,
      versions: new Map([['v1', deny]]),
      default: 'v1',
      attachedTo: [user, arn],
    });
    // Attached to the mirror's own user as well, it takes nothing from it.
    const { states } = await place.states(account.variables);
    expect(states).toMatchObject({ policy: 'ok', 'other writers': 'ok' });
    expect((await tell()).told?.[0]).toBe(`1 of 3 other users and roles may push: ${role}`);
  });

  test('of a large account it looks at the first 200, names ten, and says so', async () => {
    await using place = await openCheckWorld();
    await using account = await openCheckAccount(place.world);
    const { state } = account.aws;
    state.pageSize = 100;
    for (let index = 1; index <= 230; index++)
      state.users.set(`user-${index}`, { name: `user-${index}`, path: '/', policies: policies(), keys: [] });
    const { exitCode, output } = await place.check(account.variables);
    expect(exitCode).toBe(0);
    expect(output).toMatch(
      /✔ other writers: 198 of 200 other users and roles may push; only the first 200 of 232 were checked: (\S+, ){9}\S+ and 188 more\n/,
    );
  });
});

describe('the pipe with AWS credentials and no SSH_KEY_ID', { tags: ['slow'] }, () => {
  test('finds the id of its key at IAM, and mirrors', async () => {
    await using place = await openCheckWorld();
    await using account = await openCheckAccount(place.world);
    await grow(place.world.source, 'main', { count: 1 });
    const clone = await place.world.clone();
    const run = await place.world.pipe(clone, { ...account.variables, SSH_KEY_ID: undefined, REFS: 'all' });
    expect(run).toEqual({ exitCode: 0, output: run.output });
    expect(await place.world.destinationRefs()).toEqual(await place.world.sourceRefs());
  });

  test.each([
    [
      'nobody has the key',
      'no IAM user of the AWS account 111122223333 has the key with the fingerprint',
      {},
    ],
    ['IAM refuses', 'the permission iam:ListUsers is missing', { status: 403, code: 'AccessDenied' }],
  ])('says what is wrong when %s, and connects to nothing', async (_title, says, fault) => {
    await using place = await openCheckWorld();
    await using account = await openCheckAccount(place.world);
    account.user.keys = [];
    if ('code' in fault) account.aws.faults['iam:ListUsers'] = fault;
    const clone = await place.world.clone();
    const before = await place.world.destinationRefs();
    const run = await place.world.pipe(clone, { ...account.variables, SSH_KEY_ID: undefined });
    expect(run).toEqual({ exitCode: 2, output: run.output });
    expect(run.output).toContain(says);
    expect(run.output).toContain('[key-id-unknown]');
    expect(place.world.countConnections()).toBe(0);
    expect(await place.world.destinationRefs()).toEqual(before);
  });
});
