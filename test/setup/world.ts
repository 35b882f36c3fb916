import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSandbox, type Sandbox } from '../../src/sandbox/server';
import { type Run, runProgram } from '../e2e/world';
import { type Aws, openAws, secretAccessKey } from '../servers/aws';
import type { SshKey } from '../servers/aws/state';
import { apiToken, type BitbucketApi, openBitbucketApi } from '../servers/bitbucketApi';
import { openFolder } from '../servers/folder';

/** An account of AWS, a repository's settings on Bitbucket, CodeCommit's git host, and a workstation. */
export interface SetupWorld extends AsyncDisposable {
  readonly aws: Aws;
  readonly api: BitbucketApi;
  readonly sandbox: Sandbox;
  readonly root: string;
  /** The folder that setup is run in. */
  readonly cwd: string;
  /** $TMPDIR: empty again when setup has ended. */
  readonly temporary: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** The git host knows a key this long after IAM does; undefined: at once. */
  keyMilliseconds: number | undefined;
  /** Runs `codecommit-mirror setup --bitbucket acme/app --codecommit eu-west-1/app …`. */
  setup(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): Promise<Run>;
  /** What was asked of the two services since the last call, without what only looks. */
  takeWrites(): string[];
  /** The text of a file in the folder; undefined where there is none. */
  read(file: string): Promise<string | undefined>;
  write(file: string, text: string): Promise<void>;
}

export const user = 'codecommit-mirror-app';
export const policyName = 'codecommit-eu-west-1-app';

export async function openSetupWorld(): Promise<SetupWorld> {
  const folder = await openFolder();
  const [cwd, temporary, git] = ['clone', 'tmp', 'codecommit'].map((name) => join(folder.path, name));
  if (!cwd || !temporary || !git) throw new Error('no folders');
  for (const path of [cwd, temporary, git]) await mkdir(path);
  const sandbox = await openSandbox({ root: git });
  const timers = new Set<NodeJS.Timeout>();
  const allow = ({ id, body, active }: SshKey) => void (active && sandbox.allow(id, body));
  const aws = await openAws({
    onKey(key) {
      if (world.keyMilliseconds === undefined) allow(key);
      else timers.add(setTimeout(allow, world.keyMilliseconds, key));
    },
    onRepository: (name) => sandbox.createRepository(name),
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
    takeWrites() {
      const writes = [
        ...aws.requests.splice(0).filter((action) => !/:(Get|List)/.test(action)),
        ...api.requests.splice(0).filter((call) => !call.startsWith('GET')),
      ];
      return writes;
    },
    read: (file) => readFile(join(cwd, file), 'utf8').catch(() => undefined),
    write: (file, text) => writeFile(join(cwd, file), text),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      await api[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  return world;
}

/** Whether a text holds a credential, or a piece of a private key. */
export function holdsSecret(text: string, privateKey = ''): boolean {
  const lines = privateKey.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----'));
  return [apiToken, secretAccessKey, 'PRIVATE KEY', ...lines].some((secret) => text.includes(secret));
}
