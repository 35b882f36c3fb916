import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { createKeyPair, openSandbox, type Sandbox } from '../../src/sandbox/server';
import { toIdentityName, toNightlyName, toPolicyName, toVariableNames } from '../../src/setup/names';
import type { SetupFlags } from '../../src/setup/request';
import { runSetup } from '../../src/setup/run';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { type Run, runProgram } from '../e2e/world';
import { type Aws, openAws, secretAccessKey } from '../servers/aws';
import type { SshKey } from '../servers/aws/state';
import { apiToken, type BitbucketApi, openBitbucketApi } from '../servers/bitbucketApi';
import { openFolder } from '../servers/folder';
import { git } from '../servers/git';

/** An AWS account, a repository's settings on Bitbucket, CodeCommit's git host, and a clone on a workstation. */
export interface SetupWorld extends AsyncDisposable {
  readonly aws: Aws;
  readonly api: BitbucketApi;
  readonly sandbox: Sandbox;
  readonly root: string;
  /** The clone of acme/app that setup is run in. */
  readonly cwd: string;
  /** $TMPDIR: empty again when setup has ended. */
  readonly temporary: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** The git host knows a key this long after IAM does; undefined: at once. */
  keyMilliseconds: number | undefined;
  /** Runs `codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app …`. */
  setup(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): Promise<Run>;
  /** The same in this process, with --yes, a key that is made already, and a signal that ends it. */
  setupHere(flags: SetupFlags, more?: HereOptions): Promise<{ exitCode: number; output: string }>;
  /** What was asked of the two services since the last call, without what only reads. */
  takeWrites(): string[];
  /** The text of a file in the clone; undefined where there is none. */
  read(file: string): Promise<string | undefined>;
  write(file: string, text: string): Promise<void>;
}

export interface HereOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Below the clone; default: its root. */
  readonly cwd?: string;
}

export const mirror = { workspace: 'acme', repository: 'app', region: 'eu-west-1', name: 'app' };
export const user = toIdentityName(mirror);
export const policyName = toPolicyName(mirror);
export const names = toVariableNames(mirror);
export const nightly = toNightlyName(mirror);

/** Whether a call changes nothing. */
export function isRead(call: string): boolean {
  return /:(Get|List)/.test(call) || call.startsWith('GET');
}

const nobody = createKeyPair();

export async function openSetupWorld(): Promise<SetupWorld> {
  const folder = await openFolder();
  const [cwd, temporary, root] = ['clone', 'tmp', 'codecommit'].map((name) => join(folder.path, name));
  if (!cwd || !temporary || !root) throw new Error('no folders');
  for (const path of [cwd, temporary, root]) await mkdir(path);
  await git(cwd, 'init', '--quiet');
  await git(cwd, 'remote', 'add', 'origin', 'git@ssh.bitbucket.org:acme/app.git');
  const sandbox = await openSandbox({ root });
  const timers = new Set<NodeJS.Timeout>();
  const made = new Set<string>();
  const allow = ({ id, body, active }: SshKey) => sandbox.allow(id, active ? body : nobody.publicKey);
  const aws = await openAws({
    onKey(key) {
      if (world.keyMilliseconds === undefined) allow(key);
      else timers.add(setTimeout(allow, world.keyMilliseconds, key));
    },
    async onRepository(name) {
      if (!made.has(name)) await sandbox.createRepository(name);
      made.add(name);
    },
  });
  const api = await openBitbucketApi();
  const env = {
    ...aws.env,
    HOME: folder.path,
    TMPDIR: temporary,
    BITBUCKET_TOKEN: apiToken,
    CODECOMMIT_ENDPOINT: `${sandbox.host}:${sandbox.port}`,
    KNOWN_HOSTS: sandbox.knownHosts,
  };
  const places = ['--bitbucket', 'acme/app', '--codecommit', 'eu-west-1/app'];
  const args = ['setup', ...places, '--bitbucket-api', api.url];
  const world: SetupWorld = {
    keyMilliseconds: undefined,
    aws,
    api,
    sandbox,
    root: folder.path,
    cwd,
    temporary,
    env,
    args,
    setup: (more, changed = {}) => runProgram('cli', [...args, ...more], cwd, { ...env, ...changed }),
    async setupHere(
      flags,
      { env: changed = {}, signal = new AbortController().signal, cwd: below = '.' } = {},
    ) {
      for (const [name, value] of Object.entries({ ...aws.env, AWS_MAX_ATTEMPTS: '1' }))
        vi.stubEnv(name, value);
      const stdout = new PassThrough();
      const output = text(stdout);
      const all = { PATH: process.env['PATH'], ...env, ...changed };
      const given = { bitbucket: 'acme/app', codecommit: 'eu-west-1/app', bitbucketApi: api.url, yes: true };
      const exitCode = await runSetup(
        { ...given, ...flags },
        { env: all, cwd: join(cwd, below), stdin: new PassThrough(), stdout, signal, createKey },
      );
      stdout.end();
      return { exitCode, output: await output };
    },
    takeWrites() {
      return [...aws.requests.splice(0), ...api.requests.splice(0)].filter((call) => !isRead(call));
    },
    read: (file) => readFile(join(cwd, file), 'utf8').catch(() => undefined),
    write: (file, content) => writeFile(join(cwd, file), content),
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      for (const timer of timers) clearTimeout(timer);
      await api[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  return world;
}

const pool: string[] = [];
let taken = 0;

/** An RSA key takes its time: eight of them go round. */
function createKey() {
  const index = taken++ % 8;
  pool[index] ??= createKeyPair().privateKey;
  return parsePrivateKey(pool[index], { requireRsa: true });
}

/** Whether a text holds a credential, or a piece of a private key, also as base64. */
export function holdsSecret(content: string, privateKey = ''): boolean {
  const lines = privateKey.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----'));
  const base64 = Buffer.from(privateKey).toString('base64').slice(0, 60);
  const secrets = [apiToken, secretAccessKey, 'PRIVATE KEY', ...lines, ...(base64 ? [base64] : [])];
  return secrets.some((secret) => content.includes(secret));
}
