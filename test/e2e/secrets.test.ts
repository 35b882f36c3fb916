import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { grow } from '../servers/git';
import type { PipelinesClone } from '../servers/pipelinesClone';
import { findProcesses, waitForNone } from '../servers/processes';
import { findSecretsBelow, findSecretsIn, toKeySecret, toTextSecret } from './secrets';
import { openWitness } from './witness';
import { keyPair, openWorld, type Run, runProgram, type World } from './world';

const password = 'pa55-of/the@source-8a61e7';
const jwt = 'jwt-5c9f1c1e-unique-token';
const oidc = 'oidc-0b64f0ce-unique-token';
const awsKey = 'aws-secret-access-key-2f1d';
const awsToken = 'aws-session-token-b7e0';
const proxyPassword = 'proxy-pa55-77d1';
const urlPassword = 'destination-pa55-93c0';
/** Another key than that of Pipelines: what is given as SSH_KEY. */
const wrongKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;
const toBase64 = (pem: string) => Buffer.from(pem).toString('base64');

const secrets = [
  toKeySecret('private key', keyPair.privateKey),
  toKeySecret('another private key', wrongKey),
  toTextSecret('password of SOURCE_URL', password),
  toTextSecret('PIPELINES_JWT_TOKEN', jwt),
  toTextSecret('BITBUCKET_STEP_OIDC_TOKEN', oidc),
  toTextSecret('AWS_SECRET_ACCESS_KEY', awsKey),
  toTextSecret('AWS_SESSION_TOKEN', awsToken),
  toTextSecret('password of SOURCE_PROXY', proxyPassword),
  toTextSecret('password of CODECOMMIT_URL', urlPassword),
];

/** What every run here is given: each secret, in each place that a user can put one. */
const given = {
  SSH_KEY: toBase64(keyPair.privateKey),
  SOURCE_URL: `http://ada:${encodeURIComponent(password)}@bitbucket.org/acme/app`,
  PIPELINES_JWT_TOKEN: jwt,
  BITBUCKET_STEP_OIDC_TOKEN: oidc,
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE12',
  AWS_SECRET_ACCESS_KEY: awsKey,
  AWS_SESSION_TOKEN: awsToken,
};

interface Path {
  readonly name: string;
  readonly exitCode: number | null;
  /** Words that the run says when it came this way. */
  readonly says: RegExp;
  readonly variables?: Readonly<Record<string, string>>;
  readonly prepare?: (world: World) => unknown;
  /** The signal that comes when the run is at its push. */
  readonly signal?: NodeJS.Signals;
  /** Where secrets are then, and may be. */
  readonly left?: readonly RegExp[];
}

const keyLine = keyPair.privateKey.split('\n')[5] ?? '';

const paths: readonly Path[] = [
  { name: 'mirrored', exitCode: 0, says: /Mirrored: 1 branch/ },
  {
    name: 'diverged',
    exitCode: 1,
    says: /\[ref-diverged\]/,
    prepare: ({ destination }) => grow(destination, 'main'),
  },
  {
    name: 'key refused',
    exitCode: 1,
    says: /\[permission-denied\]/,
    variables: { SSH_KEY: toBase64(wrongKey) },
  },
  {
    name: 'host key unknown',
    exitCode: 2,
    says: /\[host-key-unknown\]/,
    prepare: ({ root }) => writeFile(join(root, 'ssh', 'known_hosts'), ''),
  },
  {
    name: 'connection dropped',
    exitCode: 1,
    says: /\[connection-dropped\]/,
    prepare: ({ sandbox }) => {
      sandbox.faults.dropAfterBytes = 600;
    },
  },
  {
    name: 'source asks for a password and does not take it',
    exitCode: 1,
    says: /\[source-unauthorised\]/,
    prepare: ({ bitbucket }) => {
      bitbucket.faults.status = 401;
    },
  },
  {
    name: 'source away',
    exitCode: 1,
    says: /\[source-unreachable\]/,
    variables: { REFS: 'all' },
    prepare: ({ bitbucket }) => {
      bitbucket.faults.unreachable = true;
    },
  },
  {
    name: 'source not found',
    exitCode: 1,
    says: /\[source-not-found\]/,
    variables: { SOURCE_URL: `${given.SOURCE_URL}-elsewhere` },
  },
  {
    name: 'key cut short',
    exitCode: 2,
    says: /\[key-/,
    variables: { SSH_KEY: given.SSH_KEY.slice(0, -200) },
  },
  {
    name: 'key without its line ends',
    exitCode: 2,
    says: /\[key-/,
    variables: { SSH_KEY: `-----BEGIN RSA PRIVATE KEY----- ${keyLine} ${keyLine}` },
  },
  {
    name: 'password in the proxy',
    // The source is out of reach, and the run goes on with its own commit.
    exitCode: 0,
    says: /Could not resolve|Failed to connect|unreachable|can't be reached/,
    variables: { SOURCE_PROXY: `http://ada:${proxyPassword}@127.0.0.1:1`, MAX_ATTEMPTS: '1' },
  },
  {
    name: 'password in the destination',
    exitCode: 2,
    says: /CODECOMMIT_URL/,
    variables: { CODECOMMIT_URL: `ssh://ada:${urlPassword}@127.0.0.1:1/v1/repos/app` },
  },
  {
    name: 'source that is no URL of a repository',
    exitCode: 2,
    says: /SOURCE_URL/,
    variables: { SOURCE_URL: given.SOURCE_URL.replace('http:', 'ftp:') },
  },
  {
    name: 'secrets where others are expected',
    exitCode: 2,
    says: /variables-invalid/,
    variables: { REFS: jwt, FORCE: oidc, PUSH_SIZE: password, SSH_KEY_ID: keyLine },
  },
  { name: 'stopped', exitCode: 143, says: /\[stopped\]/, signal: 'SIGTERM' },
  {
    name: 'killed',
    exitCode: null,
    says: /codecommit-mirror/,
    signal: 'SIGKILL',
    left: [
      /^tmp\/ccmirror-[\w-]+\/id_rsa: private key$/,
      /^tmp\/ccmirror-[\w-]+\/login: password of SOURCE_URL$/,
    ],
  },
];

interface Ended extends Run {
  readonly report: string;
}

/** Looks at the programs of the pipe, those that git starts too, again and again until the run is over. */
async function watchPrograms(temporary: string, over: AbortSignal): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  while (!over.aborted) {
    const found = await findProcesses(`TMPDIR=${temporary}\0`);
    const programs = found.filter(({ arguments: words }) => !words.includes('dist/pipe.js'));
    for (const { arguments: words, environment } of programs) seen.add(`${words}\n${environment}`);
    await wait(10);
  }
  return seen;
}

/** Runs the pipe once; where a signal shall come, the server holds the push until it came. */
async function runPath(
  world: World,
  clone: PipelinesClone,
  path: Path,
  more: Record<string, string>,
): Promise<Ended> {
  const report = join(world.root, 'report.json');
  let stop: (() => void) | undefined;
  const held = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let kill: ((signal: NodeJS.Signals) => void) | undefined;
  world.sandbox.faults.beforeReceive = async () => {
    if (path.signal === undefined) return;
    kill?.(path.signal);
    await held;
  };
  const run = await runProgram(
    'pipe',
    [],
    clone.dir,
    {
      HOME: world.home,
      TMPDIR: world.temporary,
      ...clone.env,
      ...world.variables,
      ...given,
      MAX_ATTEMPTS: '1',
      REPORT_FILE: report,
      ...more,
      ...path.variables,
    },
    (_text, killPipe) => {
      kill = killPipe;
    },
  );
  stop?.();
  return { ...run, report: await readFile(report, 'utf8').catch(() => '') };
}

// `npm test` runs every third way.
describe.each([
  ['true', [], paths.filter((_path, index) => index % 3 === 0)],
  ['true', ['slow'], paths.filter((_path, index) => index % 3 > 0)],
  ['false', ['slow'], paths],
])('with DEBUG %s no secret is told, handed on or left', (DEBUG, tags, ways) => {
  test.each(ways)('$name', { tags }, async (path) => {
    await using world = await openWorld();
    await grow(world.source, 'main', { count: 3 });
    const clone = await world.clone();
    const witness = await openWitness(join(world.root, 'witness'));
    await path.prepare?.(world);

    const over = new AbortController();
    const watched = watchPrograms(world.temporary, over.signal);
    const ended = await runPath(world, clone, path, { DEBUG, PATH: witness.path });
    over.abort();

    expect([ended.exitCode, ended.output]).toEqual([path.exitCode, expect.stringMatching(path.says)]);
    expect(findSecretsIn(ended.output, secrets)).toEqual([]);
    expect(findSecretsIn(ended.report, secrets)).toEqual([]);
    for (const { program, given } of await witness.read())
      expect([program, findSecretsIn(given, secrets)]).toEqual([program, []]);
    for (const program of await watched)
      expect([program, findSecretsIn(program, secrets)]).toEqual([program, []]);
    const expected = [/^ssh\/id_rsa_tmp 644: private key$/, ...(path.left ?? [])];
    // The server may still be at work on a push whose client was killed.
    await waitForNone(() => findProcesses(world.destination, 'cmdline'), Number.POSITIVE_INFINITY);
    const found = await findSecretsBelow(world.root, secrets);
    expect(found.filter((place) => !expected.some((pattern) => pattern.test(place)))).toEqual([]);
    expect(found).toHaveLength(expected.length);
  });
});

test('the witness sees git and ssh, and a secret in their arguments or environment', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const witness = await openWitness(join(world.root, 'witness'));
  const over = new AbortController();
  const watched = watchPrograms(world.temporary, over.signal);
  const run = await world.pipe(await world.clone(), {
    PATH: witness.path,
    // Every git and ssh inherits it.
    SSL_CERT_DIR: `/${jwt}`,
  });
  over.abort();
  expect(run.exitCode).toBe(0);
  // The session lives until its push. A look in the moment of its start shows no environment yet.
  const connection = [...(await watched)].filter((program) => /ssh .* git-receive-pack /.test(program));
  expect(findSecretsIn(connection.join('\n'), secrets)).toEqual(['PIPELINES_JWT_TOKEN']);
  const seen = await witness.read();
  expect(new Set(seen.map(({ program }) => program))).toEqual(new Set(['git', 'ssh']));
  for (const { given } of seen) expect(findSecretsIn(given, secrets)).toEqual(['PIPELINES_JWT_TOKEN']);
  // Every other end-to-end test has one too, and fails.
  const handed = world.pipe(await world.clone(), { SSL_CERT_DIR: `/${jwt}`, PIPELINES_JWT_TOKEN: jwt });
  await expect(handed).rejects.toThrow('a secret was handed to');
});
