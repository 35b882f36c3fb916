import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { openHttpsFace } from '../../src/sandbox/https/face';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { runProgram } from '../e2e/world';
import { createBareRepository, grow, readRefs } from '../servers/git';
import { openSts } from '../servers/sts';
import { holdsSecret, names, openSetupWorld, policyName, type SetupWorld, user } from './world';

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
  const step = parse((await world.read('bitbucket-pipelines.yml')) ?? '').pipelines.default[0].step;
  const given = Object.entries(step.script[0].variables).flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value))
      return [
        [`${name}_COUNT`, `${value.length}`],
        ...value.map((item, at): [string, string] => [`${name}_${at}`, item]),
      ];
    const variable = state.variables.find(({ key }) => `$${key}` === value);
    return [[name, String(variable?.['value'] ?? value)]];
  });
  return await runProgram('pipe', [], world.cwd, {
    HOME: world.root,
    TMPDIR: world.temporary,
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
    expect(first.output).toContain(
      `CodeCommit accepts ${key?.id}, to read and to push; the repository has 0 refs.`,
    );

    expect([...aws.state.repositories]).toEqual(['eu-west-1/app']);
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
    expect(api.state.variables).toMatchObject([
      { key: names.key, secured: true },
      { key: names.id, value: key?.id, secured: false },
    ]);
    const privateKey = Buffer.from(String(api.state.variables[0]?.['value']), 'base64').toString();
    expect((await parsePrivateKey(privateKey, { requireRsa: true })).publicKey).toBe(key?.body);
    expect((await readdir(world.cwd)).sort()).toEqual(['.git', 'bitbucket-pipelines.yml']);
    expect(await readdir(world.temporary)).toEqual([]);
    expect(holdsSecret(first.output, privateKey)).toBe(false);

    const source = await createBareRepository(join(world.root, 'source.git'));
    await grow(source, 'main', { count: 2 });
    await grow(source, 'feature/x', { from: 'main' });
    expect(await runStep(source)).toMatchObject({ exitCode: 0 });
    expect(await readRefs(join(sandbox.root, 'app'))).toEqual(await readRefs(source));

    world.takeWrites();
    const second = await world.setup(['--write']);
    expect(second).toMatchObject({ exitCode: 0 });
    expect(second.output).toContain('Nothing to do: everything is in place. Nothing was changed.');
    expect(second.output).not.toMatch(/^ {2}(create|change)/m);
    expect(world.takeWrites()).toEqual([]);
  });

  it('shows what it would do, and changes nothing, with --dry-run', async () => {
    const { exitCode, output } = await world.setup(['--dry-run', '--yes', '--write']);
    expect(exitCode).toBe(0);
    expect(output.match(/^ {2}(create|change|verify) .*$/gm)).toEqual([
      '  create         CodeCommit repository app in eu-west-1',
      `  create         IAM user ${user}`,
      `  create         IAM policy ${policyName} (codecommit:GitPull and GitPush on this repository only)`,
      '  create         Private key (RSA, 4096 bits)',
      `  create         IAM: SSH public key of ${user}`,
      '  verify         Connection to CodeCommit with this key',
      `  create         Bitbucket: variable ${names.key} (the private key, secured)`,
      `  create         Bitbucket: variable ${names.id} (the id that IAM gives)`,
      '  change         Bitbucket: Pipelines (disabled → enabled)',
      '  create         Step in bitbucket-pipelines.yml (first in default, tags **)',
    ]);
    expect(output).toContain('Dry run: nothing was changed.');
    expect(world.takeWrites()).toEqual([]);
    expect(await readdir(world.cwd)).toEqual(['.git']);
  });

  it('stops where there is neither a terminal nor --yes', async () => {
    const { exitCode, output } = await world.setup([]);
    expect(exitCode).toBe(2);
    expect(output).toContain('[setup-no-terminal]');
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('setup --oidc', () => {
  it('makes provider, role and policy in place of user and key; twice is once; and removes them', {
    tags: ['slow'],
  }, async () => {
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
          Sid: 'CodecommitMirror',
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
    expect(world.api.state.variables).toEqual([]);
    const { step } = parse((await world.read('bitbucket-pipelines.yml')) ?? '').pipelines.default[0];
    expect(step.oidc).toBe(true);
    expect(step.script[0].variables['AWS_OIDC_ROLE_ARN']).toBe(
      `arn:aws:iam::111122223333:role/codecommit-mirror/${user}`,
    );

    world.takeWrites();
    expect((await world.setup(['--oidc', '--write'])).output).toContain('Nothing to do');
    expect(world.takeWrites()).toEqual([]);

    expect(await world.setup(['--oidc', '--remove', '--yes', '--write'])).toMatchObject({ exitCode: 0 });
    expect(state.roles.size).toBe(0);
    expect(state.providers.size).toBe(1);
    expect(world.api.state.variables).toEqual([]);
  });

  it('ends in a mirror that works without a key: by the token of the step, as the role, over HTTPS', {
    tags: ['slow'],
  }, async () => {
    const certificate = createCertificate();
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
    expect(made.output).toContain('Only a step of Pipelines has the token: this run did not test');

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
