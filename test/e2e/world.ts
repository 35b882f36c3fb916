import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { openHttpsFace } from '../../src/sandbox/https/face';
import { createKeyPair, openSandbox, type Sandbox } from '../../src/sandbox/server';
import { type Bitbucket, openBitbucket } from '../servers/bitbucket';
import { readRefs } from '../servers/git';
import { clonePipelines, type PipelinesClone, type PipelinesRun } from '../servers/pipelinesClone';
import { openSshd, sshdAvailable } from '../servers/sshd';
import { findSecretsBelow, findSecretsIn, toKeySecret, toTextSecret } from './secrets';
import { openWitness } from './witness';

export const keyId = 'APKAEXAMPLEEXAMPLE12';
/** Made once a test file: an RSA key takes a moment. */
export const keyPair = createKeyPair();
const hostKey = createKeyPair().privateKey;

/** What stands at the other end: the CodeCommit of our own, over SSH or HTTPS, or OpenSSH's sshd. */
export type ServerName = 'sandbox' | 'sshd' | 'https';

/** The servers that a case runs against. */
export const serverNames: readonly ServerName[] = sshdAvailable() ? ['sandbox', 'sshd'] : ['sandbox'];
/** The same and HTTPS: for what does not depend on the way. */
export const allServerNames: readonly ServerName[] = [...serverNames, 'https'];
const accessKey = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret-of-a-lasting-key' };
const secrets = [
  toKeySecret('private key', keyPair.privateKey),
  toTextSecret('AWS_SECRET_ACCESS_KEY', accessKey.secretAccessKey),
];

/** How a program ended, with all that it wrote to standard output and standard error. */
export interface Run {
  readonly exitCode: number | null;
  readonly output: string;
}

/** A Bitbucket and a CodeCommit with one repository each, and a machine of Pipelines between them. */
export interface World extends AsyncDisposable {
  readonly root: string;
  readonly bitbucket: Bitbucket;
  /** There, and idle, in a world whose other end is sshd. */
  readonly sandbox: Sandbox;
  /** How many connections the other end accepted. */
  countConnections(): number;
  readonly knownHosts: string;
  /** Bare repositories on disk. */
  readonly source: string;
  readonly destination: string;
  /** $HOME of the pipe. */
  readonly home: string;
  /** $TMPDIR of the pipe: empty again when it has ended. */
  readonly temporary: string;
  /** The SSH folder of Pipelines: `id_rsa_tmp`, `known_hosts`. */
  readonly ssh: string;
  /** Makes a clone as Pipelines does. */
  clone(
    run?: PipelinesRun & { readonly depth?: number | 'full'; readonly commit?: string },
  ): Promise<PipelinesClone>;
  /** The variables of a step that mirrors this world, but for BITBUCKET_*. */
  readonly variables: Readonly<Record<string, string>>;
  /** Runs the pipe in a clone; `undefined` takes a variable away. */
  pipe(
    clone: PipelinesClone,
    variables?: Readonly<Record<string, string | undefined>>,
    onOutput?: OnOutput,
  ): Promise<Run>;
  /** The complete ref maps. */
  sourceRefs(): Promise<Record<string, string>>;
  destinationRefs(): Promise<Record<string, string>>;
}

export async function openWorld(server: ServerName = 'sandbox'): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  const folder = async (name: string) => {
    await mkdir(join(root, name));
    return join(root, name);
  };
  const bitbucket = await openBitbucket({ root: await folder('bitbucket') });
  const sandbox = await openSandbox({ root: await folder('codecommit'), hostKey });
  sandbox.allow(keyId, keyPair.publicKey);
  const other = await openOtherEnd(server, sandbox, root);
  const source = await bitbucket.createRepository('app');
  const destination = await other.createRepository('app');
  const [home, temporary, ssh] = [await folder('home'), await folder('tmp'), await folder('ssh')];
  await writeFile(join(ssh, 'id_rsa_tmp'), keyPair.privateKey, { mode: 0o666 });
  await writeFile(join(ssh, 'known_hosts'), `${other.knownHosts}\n`);
  const variables = {
    ...other.variables,
    SOURCE_PROXY: bitbucket.proxy,
    BITBUCKET_SSH_KEY_FILE: join(ssh, 'id_rsa'),
  };
  let clones = 0;
  return {
    root,
    bitbucket,
    sandbox,
    countConnections: other.countConnections,
    knownHosts: other.knownHosts,
    source,
    destination,
    home,
    temporary,
    ssh,
    variables,
    clone: (run = { kind: 'branch' }) =>
      clonePipelines({
        bitbucket,
        name: 'app',
        into: join(root, `clone-${++clones}`),
        // With a fault set, what comes of the clone is up to Bitbucket.
        reuse: Object.values(bitbucket.faults).every((fault) => fault === undefined),
        ...run,
      }),
    async pipe(clone, asked = {}, onOutput) {
      const given: Record<string, string | undefined> = {
        HOME: home,
        TMPDIR: temporary,
        ...clone.env,
        ...variables,
        ...asked,
      };
      const ended = await runProgram('pipe', [], clone.dir, given, onOutput);
      const { PIPELINES_JWT_TOKEN: token } = given;
      const jwt = token === undefined ? [] : [toTextSecret('PIPELINES_JWT_TOKEN', token)];
      refuseSecrets('told', findSecretsIn(ended.output, [...secrets, ...jwt]));
      return ended;
    },
    sourceRefs: () => readRefs(source),
    destinationRefs: () => readRefs(destination),
    async [Symbol.asyncDispose]() {
      await other[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
      await bitbucket[Symbol.asyncDispose]();
      const left = await findSecretsBelow(temporary, secrets);
      const leftAtHome = await findSecretsBelow(home, secrets);
      await rm(root, { recursive: true, force: true });
      // A killed run leaves the file in which ssh got the key, 0600; the next one removes it.
      const isKeyFile = (place: string) => /^ccmirror-[\w-]+\/id_rsa: private key$/.test(place);
      refuseSecrets('left', [...left.filter((place) => !isKeyFile(place)), ...leftAtHome]);
    },
  };
}

interface OtherEnd extends AsyncDisposable {
  /** What a step says of it. */
  readonly variables: Readonly<Record<string, string>>;
  readonly knownHosts: string;
  createRepository(name: string): Promise<string>;
  countConnections(): number;
}

async function openOtherEnd(server: ServerName, sandbox: Sandbox, root: string): Promise<OtherEnd> {
  if (server === 'https') return await openHttpsEnd(sandbox, root);
  if (server === 'sandbox') return toOtherEnd(sandbox);
  const folder = join(root, 'sshd');
  await mkdir(folder);
  return await openSshdEnd(folder);
}

/** Made once a test file that needs it, as the keys are. */
let certificate: ReturnType<typeof createCertificate> | undefined;

/** The repositories, faults and counts of the sandbox, over HTTPS. git connects anew for each command. */
async function openHttpsEnd(sandbox: Sandbox, root: string): Promise<OtherEnd> {
  const { faults, counts } = sandbox;
  certificate ??= createCertificate();
  const made = await certificate;
  const face = await openHttpsFace({ root: sandbox.root, certificate: made, faults, counts });
  face.allow(accessKey);
  const authorities = join(root, 'authorities.pem');
  await writeFile(authorities, made.cert);
  return {
    variables: {
      CODECOMMIT_URL: 'codecommit::us-east-1://app',
      CODECOMMIT_ENDPOINT: face.host,
      AWS_ACCESS_KEY_ID: accessKey.accessKeyId,
      AWS_SECRET_ACCESS_KEY: accessKey.secretAccessKey,
      SSL_CERT_FILE: authorities,
    },
    knownHosts: sandbox.knownHosts,
    createRepository: sandbox.createRepository,
    // Each git command has connections of its own: there is one way or none.
    countConnections: () => Math.min(counts.connections, 1),
    [Symbol.asyncDispose]: () => face[Symbol.asyncDispose](),
  };
}

function toOtherEnd(sandbox: Sandbox): OtherEnd {
  return {
    variables: { CODECOMMIT_URL: sandbox.url('app'), SSH_KEY_ID: keyId },
    knownHosts: sandbox.knownHosts,
    createRepository: sandbox.createRepository,
    countConnections: () => sandbox.counts.connections,
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

/** sshd knows the accounts of this machine alone, so its URL carries the one that runs the tests. */
async function openSshdEnd(root: string): Promise<OtherEnd> {
  const sshd = await openSshd({ root, keys: [keyPair.publicKey] });
  return {
    variables: { CODECOMMIT_URL: sshd.url('app') },
    knownHosts: sshd.knownHosts,
    createRepository: sshd.createRepository,
    countConnections: () => sshd.readLog().match(/Accepted publickey/g)?.length ?? 0,
    [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
  };
}

/** Hears what a program writes, as it comes, and may send it a signal. */
export type OnOutput = (text: string, kill: (signal: NodeJS.Signals) => void) => void;

/** In each end-to-end test, whatever it is about. */
function refuseSecrets(what: string, found: readonly string[]): void {
  if (found.length > 0) throw new Error(`a secret was ${what}: ${found.join(', ')}`);
}

/** Variables that are secrets, where a test sets them. */
const secretVariables = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'BITBUCKET_API_TOKEN',
  'BITBUCKET_STEP_OIDC_TOKEN',
  'BITBUCKET_TOKEN',
  'PIPELINES_JWT_TOKEN',
  'SSH_KEY',
];

/**
 * Starts a program of `dist/` as a process with just this environment and PATH, and waits until it has ended. Sees to
 * it that no secret is in the arguments or the environment of a git or ssh that it starts.
 */
export async function runProgram(
  name: 'pipe' | 'cli',
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  onOutput: OnOutput = () => undefined,
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'ccm-witness-'));
  const witness = await openWitness(folder);
  try {
    const ended = await spawnProgram(
      resolve(`dist/${name}.js`),
      args,
      cwd,
      { PATH: witness.path, ...env },
      onOutput,
    );
    const inEnvironment = secretVariables.flatMap((variable) => {
      const value = env[variable];
      return value === undefined || value.length < 8 ? [] : [toTextSecret(variable, value)];
    });
    for (const { program, given } of await witness.read())
      refuseSecrets(`handed to ${program}`, findSecretsIn(given, [...secrets, ...inEnvironment]));
    return ended;
  } finally {
    // What a killed program had started may still be noting.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function spawnProgram(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  onOutput: OnOutput,
): Promise<Run> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [file, ...args], { cwd, env });
    // A program that asks gets no answer, and does not wait for one.
    child.stdin.end();
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
        onOutput(text, (signal) => child.kill(signal));
      });
    }
    child.on('error', fail);
    child.on('close', (exitCode) => done({ exitCode, output }));
  });
}
