import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { openHttpsFace } from '../../src/sandbox/https';
import { runProgram } from '../e2e/world';
import { createCertificate } from '../servers/certificate';
import { createBareRepository, grow, readRefs } from '../servers/git';
import { openSts } from '../servers/sts';
import { holdsSecret, openSetupWorld, policyName, type SetupWorld, user } from './world';

const url = 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app';
// Each run makes an RSA key of 4096 bits: seconds, on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Mirrors with what the API was given, as a step of Pipelines would have it. */
async function runStep(source: string, more: Readonly<Record<string, string>> = {}) {
  const { state } = world.api;
  const ssh = join(world.root, 'ssh');
  await mkdir(ssh);
  await writeFile(join(ssh, 'id_rsa_tmp'), state.keyPair?.private_key ?? '');
  const lines = state.knownHosts.map(({ hostname, public_key: key }) => {
    if (typeof key !== 'object' || key === null || !('key' in key && 'key_type' in key)) return '';
    return `${hostname} ${key.key_type} ${key.key}\n`;
  });
  await writeFile(join(ssh, 'known_hosts'), lines.join(''));
  const step = parse((await world.read('bitbucket-pipelines.yml')) ?? '').pipelines.default[0].step;
  const given = Object.entries(step.script[0].variables).map(([name, value]): [string, string] => {
    const variable = state.variables.find(({ key }) => `$${key}` === value);
    return [name, String(variable?.['value'] ?? value)];
  });
  const file = join(ssh, 'id_rsa');
  const env = { HOME: world.root, TMPDIR: world.temporary, BITBUCKET_SSH_KEY_FILE: file };
  return await runProgram('pipe', [], world.cwd, {
    ...env,
    ...Object.fromEntries(given),
    SOURCE_URL: `file://${source}`,
    ...more,
  });
}

describe('setup, from nothing', () => {
  it('ends in a mirror that works with what it made, and a second run changes nothing', async () => {
    const { aws, api, sandbox } = world;
    world.keyMilliseconds = 1000;
    const first = await world.setup(['--yes', '--write']);
    expect(first).toMatchObject({ exitCode: 0 });
    const key = aws.state.users.get(user)?.keys[0];
    expect(first.output).toContain(`Not yet: 127.0.0.1 accepted the connection but not the key`);
    expect(first.output).toContain(`Proved: ${key?.id} was accepted, and the repository has 0 refs.`);

    expect([...aws.state.repositories]).toEqual(['app']);
    expect(aws.state.users.get(user)?.path).toBe('/codecommit-mirror/');
    expect([...(aws.state.users.get(user)?.policies ?? [])]).toEqual([
      [
        policyName,
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['codecommit:GitPull', 'codecommit:GitPush'],
              Resource: 'arn:aws:codecommit:eu-west-1:111122223333:app',
            },
          ],
        },
      ],
    ]);
    expect(api.state.enabled).toBe(true);
    expect(api.state.keyPair?.public_key).toBe(`${key?.body} codecommit-mirror`);
    const [type, hostKey] = sandbox.knownHosts.split(' ').slice(1);
    expect(api.state.knownHosts).toMatchObject([
      { hostname: `[127.0.0.1]:${sandbox.port}`, public_key: { key_type: type, key: hostKey } },
    ]);
    expect(api.state.variables).toMatchObject([
      { key: 'CODECOMMIT_SSH_KEY_ID', value: key?.id, secured: false },
      { key: 'CODECOMMIT_URL', value: url, secured: false },
      { key: 'CODECOMMIT_ENDPOINT', value: `127.0.0.1:${sandbox.port}`, secured: false },
    ]);
    expect(await readdir(world.cwd)).toEqual(['bitbucket-pipelines.yml']);
    expect(await readdir(world.temporary)).toEqual([]);
    expect(holdsSecret(first.output, api.state.keyPair?.private_key)).toBe(false);

    const source = await createBareRepository(join(world.root, 'source.git'));
    await grow(source, 'main', { count: 2 });
    await grow(source, 'feature/x', { from: 'main' });
    expect(await runStep(source)).toMatchObject({ exitCode: 0 });
    expect(await readRefs(join(sandbox.root, 'app'))).toEqual(await readRefs(source));

    world.takeWrites();
    const second = await world.setup(['--write']);
    expect(second).toMatchObject({ exitCode: 0 });
    expect(second.output).toContain('Nothing to do: everything is in place. Nothing was changed.');
    expect(second.output).not.toMatch(/will be/);
    expect(world.takeWrites()).toEqual([]);
  });

  it('shows what it would do, and changes nothing, with --dry-run', async () => {
    const { exitCode, output } = await world.setup(['--dry-run', '--write']);
    expect(exitCode).toBe(0);
    expect(output.match(/^ {2}will be made.*$/gm)).toEqual([
      '  will be made       CodeCommit repository app in eu-west-1',
      `  will be made       IAM user ${user}`,
      `  will be made       IAM policy ${policyName} (codecommit:GitPull and GitPush on this repository alone)`,
      '  will be made       Bitbucket: SSH key of Pipelines (RSA, 4096 bits)',
      `  will be made       IAM: SSH public key at ${user}`,
      '  will be made       Bitbucket: Pipelines (enabled)',
      `  will be made       Bitbucket: known host 127.0.0.1 (${world.sandbox.fingerprint}, as KNOWN_HOSTS has it)`,
      '  will be made       Bitbucket: variable CODECOMMIT_SSH_KEY_ID (the id that IAM gives)',
      `  will be made       Bitbucket: variable CODECOMMIT_URL (${url})`,
      `  will be made       Bitbucket: variable CODECOMMIT_ENDPOINT (127.0.0.1:${world.sandbox.port})`,
      '  will be made       Step in bitbucket-pipelines.yml (in default)',
    ]);
    expect(output).toContain('Dry run: nothing was changed.');
    expect(world.takeWrites()).toEqual([]);
    expect(await readdir(world.cwd)).toEqual([]);
  });

  it('stops where there is neither a terminal nor --yes', async () => {
    const { exitCode, output } = await world.setup([]);
    expect(exitCode).toBe(2);
    expect(output).toContain('[setup-no-terminal]');
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('setup, stopped half-way', () => {
  it('goes on with the key that Pipelines has already', async () => {
    world.aws.faults['iam:UploadSSHPublicKey'] = { status: 403, code: 'AccessDenied', times: 1 };
    const first = await world.setup(['--yes']);
    expect(first.exitCode).toBe(1);
    expect(first.output).toContain('the permission iam:UploadSSHPublicKey is missing');
    const pair = world.api.state.keyPair;
    expect(pair).toBeDefined();
    world.takeWrites();

    const second = await world.setup(['--yes']);
    expect(second.exitCode).toBe(0);
    expect(second.output).toContain('Only Pipelines has the private key');
    expect(world.api.state.keyPair).toEqual(pair);
    expect(pair?.public_key).toContain(world.aws.state.users.get(user)?.keys[0]?.body);
    expect(world.takeWrites()).toEqual([
      'iam:UploadSSHPublicKey',
      'PUT pipelines_config',
      'POST pipelines_config/ssh/known_hosts',
      'POST pipelines_config/variables',
      'POST pipelines_config/variables',
      'POST pipelines_config/variables',
    ]);
  });
});

describe('setup without a token of Bitbucket', () => {
  const env = { BITBUCKET_TOKEN: undefined };

  it('writes the private key to a file of its own, prints the rest, and proves the key', async () => {
    const first = await world.setup(['--yes'], env);
    expect(first.exitCode).toBe(0);
    const file = join(world.cwd, 'codecommit-mirror-app.key');
    const [key] = world.aws.state.users.get(user)?.keys ?? [];
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const text of [file, key?.id, key?.body, world.sandbox.fingerprint, url])
      expect(first.output).toContain(text);
    expect(first.output).toContain(`Proved: ${key?.id}`);
    expect(holdsSecret(first.output, await world.read('codecommit-mirror-app.key'))).toBe(false);
    expect(world.api.requests).toEqual([]);

    world.takeWrites();
    const second = await world.setup([], env);
    expect(second.exitCode).toBe(0);
    expect(second.output).toContain('Nothing to do');
    expect(world.takeWrites()).toEqual([]);

    const third = await world.setup(['--yes']);
    expect(third.exitCode).toBe(0);
    expect(world.api.state.keyPair?.private_key).toBe(await world.read('codecommit-mirror-app.key'));
    expect(world.aws.state.users.get(user)?.keys).toHaveLength(1);
  });

  it('leaves a file that holds something else', async () => {
    await world.write('codecommit-mirror-app.key', 'my diary\n');
    const { exitCode, output } = await world.setup(['--yes'], env);
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-key-file]');
    expect(await world.read('codecommit-mirror-app.key')).toBe('my diary\n');
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('setup --remove', () => {
  it('undoes what setup made, but for the repository', async () => {
    await world.setup(['--yes', '--write']);
    const { exitCode, output } = await world.setup(['--remove', '--yes', '--write']);
    expect(exitCode).toBe(0);
    expect(output).toContain('stays              CodeCommit repository app (setup never removes one)');
    expect([...world.aws.state.repositories]).toEqual(['app']);
    expect([...world.aws.state.users]).toEqual([]);
    expect(world.api.state).toEqual({ enabled: true, keyPair: undefined, knownHosts: [], variables: [] });
    expect(await readdir(world.cwd)).toEqual([]);
    world.takeWrites();
    expect(await world.setup(['--remove', '--write'])).toMatchObject({ exitCode: 0 });
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('setup --oidc', () => {
  it('makes provider, role and policy in place of user and key; twice is once; and removes them', async () => {
    const first = await world.setup(['--oidc', '--yes', '--write']);
    expect(first).toMatchObject({ exitCode: 0 });
    const { state } = world.aws;
    const issuer = 'api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc';
    const audience = 'ari:cloud:bitbucket::workspace/0a1b2c3d-0000-4000-8000-00000000000b';
    const arn = `arn:aws:iam::111122223333:oidc-provider/${issuer}`;
    expect([...state.providers]).toEqual([[arn, { url: issuer, audiences: [audience] }]]);
    const role = state.roles.get(user);
    const id = '0a1b2c3d-0000-4000-8000-00000000000a';
    expect(role?.trust).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: arn },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: { [`${issuer}:aud`]: audience },
            StringLike: { [`${issuer}:sub`]: [`{${id}}:*`, `${id}:*`] },
          },
        },
      ],
    });
    expect([...(role?.policies.keys() ?? [])]).toEqual([policyName]);
    expect(state.users.size).toBe(0);
    expect(world.api.state.variables).toMatchObject([
      { key: 'CODECOMMIT_ROLE_ARN', value: `arn:aws:iam::111122223333:role/codecommit-mirror/${user}` },
      { key: 'CODECOMMIT_URL', value: url.replace('ssh:', 'https:') },
      { key: 'CODECOMMIT_ENDPOINT' },
    ]);
    const { step } = parse((await world.read('bitbucket-pipelines.yml')) ?? '').pipelines.default[0];
    expect(step.oidc).toBe(true);
    expect(step.script[0].variables['AWS_OIDC_ROLE_ARN']).toBe('$CODECOMMIT_ROLE_ARN');

    world.takeWrites();
    expect((await world.setup(['--oidc', '--write'])).output).toContain('Nothing to do');
    expect(world.takeWrites()).toEqual([]);

    expect(await world.setup(['--oidc', '--remove', '--yes', '--write'])).toMatchObject({ exitCode: 0 });
    expect(state.roles.size).toBe(0);
    expect(state.providers.size).toBe(1);
    expect(world.api.state.variables).toEqual([]);
  });

  it('ends in a mirror that works without a key: by the token of the step, as the role, over HTTPS', async () => {
    const certificate = await createCertificate();
    const { root, faults, counts } = world.sandbox;
    await using face = await openHttpsFace({ root, certificate, faults, counts, region: 'eu-west-1' });
    const roleArn = `arn:aws:iam::111122223333:role/codecommit-mirror/${user}`;
    const token = 'header.token-of-the-step.signature';
    const createKeys = () => {
      const session = 'session-of-the-role';
      const made = { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret', sessionToken: session };
      face.allow(made);
      return made;
    };
    await using sts = await openSts({ roleArn, token, createKeys });
    const made = await world.setup(['--oidc', '--yes', '--write'], { CODECOMMIT_ENDPOINT: face.host });
    expect(made).toMatchObject({ exitCode: 0 });
    expect(made.output).toContain('Only a step of Pipelines has the token');

    const source = await createBareRepository(join(world.root, 'source.git'));
    await grow(source, 'main', { count: 2 });
    const authorities = join(world.root, 'authorities.pem');
    await writeFile(authorities, certificate.cert);
    const run = await runStep(source, {
      BITBUCKET_STEP_OIDC_TOKEN: token,
      SSL_CERT_FILE: authorities,
      AWS_ENDPOINT_URL_STS: sts.url,
    });
    expect(run).toMatchObject({ exitCode: 0 });
    expect(await readRefs(join(root, 'app'))).toEqual(await readRefs(source));
  });

  it('needs a token of Bitbucket', async () => {
    const { exitCode, output } = await world.setup(['--oidc', '--yes'], { BITBUCKET_TOKEN: undefined });
    expect(exitCode).toBe(2);
    expect(output).toContain('[setup-invalid]');
    expect(world.takeWrites()).toEqual([]);
  });
});
