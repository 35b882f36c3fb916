import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { readHookSecrets } from '../../../../src/fleet/aws/resources/hookSecrets';
import { runProgram } from '../../../e2e/world';
import { grow, readRefs } from '../../../servers/git';
import { motoAvailable } from '../../../servers/moto';
import { act, until } from '../../service/served';
import { type AwsFleet, destinationToken, openAwsFleet, sourceToken } from '../fleetWorld';
import { type AwsWorld, toClientOptions, withEnvironment } from '../world';

const secret = '0123456789abcdef0123456789abcdef';

/** A stack as far as the command line reads it: its outputs, and the environment of a function. */
async function createStack({ moto }: AwsWorld, env: Readonly<Record<string, string>>, outputs: object) {
  const client = new CloudFormationClient(toClientOptions(moto));
  const role = {
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
  };
  const mirror = {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { ZipFile: 'none' },
      Handler: 'none',
      Runtime: 'nodejs20.x',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Environment: { Variables: env },
    },
  };
  const Outputs = Object.fromEntries(
    Object.entries({ MirrorFunction: { Ref: 'Mirror' }, ...outputs }).map(([name, Value]) => [
      name,
      { Value },
    ]),
  );
  const TemplateBody = JSON.stringify({ Resources: { Role: role, Mirror: mirror }, Outputs });
  await client.send(new CreateStackCommand({ StackName: 'mirrors', TemplateBody }));
}

function toVariables({ STACK_NAME = '', QUEUE_URL = '', TABLE_NAME = '', ...env }: AwsFleet['env']) {
  const { MIRRORS = '', SOURCE_REPOSITORIES = '', DESTINATION_URL = '', DESTINATION_SECRET = '' } = env;
  const parameters = { SOURCE_REPOSITORIES, DESTINATION_URL, DESTINATION_SECRET };
  return { STACK_NAME, QUEUE_URL, TABLE_NAME, MIRRORS, ...parameters };
}

/** Runs the command line with AWS's credentials, and without any file of ours. */
async function fleetOf(world: AwsWorld, ...args: readonly string[]) {
  const home = join(world.disk, '..', 'home');
  await mkdir(home, { recursive: true });
  return await runProgram('cli', ['fleet', ...args], home, { ...world.moto.env, HOME: home, TMPDIR: home });
}

/** `codecommit-mirror fleet serve --stack mirrors`, as a process. */
async function startServe({ world, env }: AwsFleet) {
  const home = join(world.disk, '..', 'home');
  await mkdir(home, { recursive: true });
  const { AWS_ENDPOINT_URL_CODECOMMIT = '', SSL_CERT_FILE = '' } = env;
  const args = ['fleet', 'serve', '--engine', 'aws', '--stack', 'mirrors', '--port', '0'];
  const child = spawn(process.execPath, [resolve('dist/cli.js'), ...args], {
    cwd: home,
    env: {
      PATH: process.env['PATH'],
      ...world.moto.env,
      HOME: home,
      TMPDIR: home,
      AWS_ENDPOINT_URL_CODECOMMIT,
      SSL_CERT_FILE,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return (await closed)[0];
  };
  await until(async () => {
    if (child.exitCode !== null) throw new Error(output);
    return output.includes('Waiting for messages');
  });
  return {
    page: /Status page: (http:\/\/\S+?)\/\s/.exec(output)?.[1] ?? '',
    output: () => output,
    stop,
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL');
    },
  };
}

describe.runIf(motoAvailable())('--stack', { tags: ['slow'] }, () => {
  test('fleet status tells how the repositories of a stack stand, with its exit code', async () => {
    await using fleet = await openAwsFleet();
    await fleet.addToGithub('app');
    const web = await fleet.addToCodeCommit('web');
    await fleet.take({ tick: true });
    await createStack(fleet.world, toVariables(fleet.env), {});
    const good = await fleetOf(fleet.world, 'status', '--stack', 'mirrors');
    expect(good.output).toMatch(/acme: listed 20.*\n +equal +acme\/app +→ app +verified 20/);
    expect(good.output).toContain('2 repositories: 2 equal.');
    expect(good.exitCode).toBe(0);
    fleet.gitlab.tokens.clear();
    await grow(web.path, 'main');
    await fleet.take({ ask: 'web' });
    const bad = await fleetOf(fleet.world, 'status', '--stack', 'mirrors', '--json');
    expect(bad.exitCode).toBe(1);
    expect(JSON.parse(bad.output).repositories).toContainEqual(
      expect.objectContaining({ path: 'web', state: 'blocked' }),
    );
    for (const token of [sourceToken, destinationToken])
      expect(good.output + bad.output).not.toContain(token);
  });

  test('fleet hooks installs the webhooks of a stack, with its secret and at its URL', async () => {
    await using fleet = await openAwsFleet();
    const client = new SecretsManagerClient(toClientOptions(fleet.world.moto));
    const { ARN: arn = '' } = await client.send(
      new CreateSecretCommand({ Name: 'hooks', SecretString: secret }),
    );
    const HooksUrl = 'https://abc123.lambda-url.us-east-1.on.aws/';
    await createStack(fleet.world, toVariables(fleet.env), { HooksUrl, HookSecretArn: arn });
    const installed = await fleetOf(fleet.world, 'hooks', 'install', '--stack', 'mirrors');
    expect(installed.output).toContain('webhook created, for all repositories');
    expect(installed.output).toContain('aws: codecommit has no webhooks');
    expect(installed.exitCode).toBe(0);
    const hooks = () => fleet.github.organisationHooks.get('acme') ?? [];
    const config = { url: `${HooksUrl}hooks/acme`, secret };
    expect(hooks().map(({ body }) => body['config'])).toEqual([expect.objectContaining(config)]);
    const replaced = await fleetOf(fleet.world, 'hooks', 'install', '--stack', 'mirrors', '--replace-secret');
    expect(replaced.exitCode).toBe(0);
    const [newest, before] = await withEnvironment(fleet.world.moto.env, () => readHookSecrets(arn));
    expect(before).toBe(secret);
    expect(hooks().map(({ body }) => body['config'])).toEqual([
      expect.objectContaining({ ...config, secret: newest }),
    ]);
    for (const text of [secret, newest ?? '']) expect(installed.output + replaced.output).not.toContain(text);
  });

  test('fleet serve takes from the queue of a stack, shows its state, and ends when it is asked to', async () => {
    await using fleet = await openAwsFleet();
    const app = await fleet.addToGithub('app');
    await fleet.take({ tick: true });
    await createStack(fleet.world, toVariables(fleet.env), {});
    await using served = await startServe(fleet);
    const { page } = served;
    const read = async () => await (await fetch(page)).text();
    const isShown = (text: string) => until(async () => (await read()).includes(text));
    await isShown('state equal">equal<');
    expect(await read()).not.toMatch(/Stop all|Check all/);
    expect((await act(served, 'stop-all')).status).toBe(409);

    const mirror = (await fleet.mirrorOf('mirror', 'app')) ?? '';
    const isEqual = async () => isDeepStrictEqual(await readRefs(mirror), await readRefs(app));
    const [state] = await fleet.states('acme');
    const fields = { repository: `acme ${state?.identity}` };
    expect((await act(served, 'pause', fields)).status).toBe(303);
    await isShown('state paused">paused<');
    expect((await act(served, 'resume', fields)).status).toBe(303);
    await grow(app, 'main');
    expect((await act(served, 'mirror', fields)).status).toBe(303);
    await until(isEqual);
    // What the intake puts into the queue, it takes too: a listing, and with it a new repository.
    const web = await fleet.addToGithub('web');
    expect((await act(served, 'list')).status).toBe(303);
    await until(async () => (await fleet.mirrorOf('mirror', 'web')) !== undefined);
    await isShown('2 equal');
    const found = (await fleet.mirrorOf('mirror', 'web')) ?? '';
    expect(await readRefs(found)).toEqual(await readRefs(web));
    expect(await served.stop()).toBe(0);
    expect(served.output()).not.toContain(sourceToken);
    expect(await readdir(join(fleet.world.disk, '..', 'home'))).toEqual([]);
  });

  test('what is no stack of ours is told, and what is missing', async () => {
    await using fleet = await openAwsFleet();
    const none = await fleetOf(fleet.world, 'status', '--stack', 'nowhere');
    expect(none.output).toContain('There is no stack "nowhere" in us-east-1');
    expect(none.exitCode).toBe(2);
    await createStack(fleet.world, { ...toVariables(fleet.env), MIRRORS: '' }, {});
    const byParameters = await fleetOf(fleet.world, 'status', '--stack', 'mirrors');
    expect(byParameters.output).toContain('codecommit: never listed');
    const hooks = await fleetOf(fleet.world, 'hooks', 'list', '--stack', 'mirrors');
    expect(hooks.output).toContain('The stack has no mirrors.yaml');
    expect(hooks.exitCode).toBe(2);
  });
});
