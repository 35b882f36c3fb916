// @module-tag slow
import { spawn } from 'node:child_process';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolder } from '../servers/folder';
import { git, gitWith } from '../servers/git';
import { expectNothingLeft } from './footprint';
import { growSource, seedDestination, whole } from './scene';
import { openWorld, type World } from './world';

const cli = resolve('dist/cli.js');
const pipe = resolve('dist/pipe.js');

/** What is started, and the exit code where there is neither git nor a setting. */
const commands = [
  { name: 'mirror', args: [cli, 'mirror', '--refs', 'all'] },
  { name: 'check', args: [cli, 'check', '--refs', 'all'] },
  { name: 'check --json', args: [cli, 'check', '--refs', 'all', '--json'] },
  { name: 'setup', args: [cli, 'setup', '--bitbucket', 'a/b', '--codecommit', 'eu-west-1/b', '--yes'] },
  { name: 'demo', args: [cli, 'demo', '--once'] },
  { name: 'the pipe', args: [pipe] },
] as const;

interface Started {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Put before the command, in a shell: `exec "$@"`, with redirections. */
  readonly script?: string;
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Starts a program with this environment alone; AWS is nowhere. */
function start(
  args: readonly string[],
  { env = {}, cwd = '/', script, onStart }: Surroundings,
): Promise<Started> {
  const shell = ['-c', script ?? 'exec "$@"', 'sh', process.execPath, ...args];
  return new Promise((done, fail) => {
    const nowhere = {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
    };
    const child = spawn('/bin/sh', shell, { cwd, env: { ...nowhere, ...env } });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => {
        texts[name] += chunk.toString();
      });
    child.stdin.end();
    child.on('error', fail);
    child.on('close', (exitCode, signal) => done({ exitCode, signal, ...texts }));
    onStart?.((signal) => child.kill(signal));
  });
}

function expectPlain({ stdout, stderr }: Started): void {
  const output = stdout + stderr;
  expect(output).not.toMatch(/^ +at .*:\d+|^Node\.js v|node:internal/m);
  expect(output).not.toContain('[internal]');
  // No line of the bundle.
  expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThan(2_000);
}

const PATH = process.env['PATH'] ?? '';

/** A folder with these programs of the machine, to be the whole PATH. */
async function linkPrograms(folder: string, names: readonly string[]): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const name of names) await symlink(`/usr/bin/${name}`, join(bin, name));
  return bin;
}

describe.each(commands)('$name ends with words and an exit code', ({ name, args }) => {
  test('without git', async () => {
    await using folder = await openFolder();
    const bin = await linkPrograms(folder.path, ['ssh']);
    const ended = await start(args, { env: { PATH: bin, HOME: folder.path, TMPDIR: folder.path } });
    expectPlain(ended);
    expect(ended.exitCode).toBeGreaterThan(0);
  });

  test('without ssh', async () => {
    await using folder = await openFolder();
    const bin = await linkPrograms(folder.path, ['git', 'sh', 'cat']);
    const ended = await start(args, { env: { PATH: bin, HOME: folder.path, TMPDIR: folder.path } });
    expectPlain(ended);
    expect(ended.exitCode).toBeGreaterThan(0);
  });

  test('in a folder that was deleted', async () => {
    await using folder = await openFolder();
    const cwd = join(folder.path, 'gone');
    await mkdir(cwd);
    const script = 'rmdir "$PWD"; exec "$@"';
    const ended = await start(args, { cwd, script, env: { PATH, HOME: folder.path, TMPDIR: folder.path } });
    expectPlain(ended);
    if (name === 'demo') expect(ended).toMatchObject({ exitCode: 0 });
    else expect(ended.stdout + ended.stderr).toContain('[working-folder-gone]');
  });

  test.each([
    ['standard input closed', 'exec "$@" <&-'],
    ['standard output closed', 'exec "$@" >&-'],
    ['standard output closed at once by its reader', '"$@" | true'],
    ['a full disk as standard output', 'exec "$@" >/dev/full'],
    ['a terminal of 40 columns', 'COLUMNS=40 exec "$@"'],
  ])('with %s', async (_what, script) => {
    await using folder = await openFolder();
    expectPlain(await start(args, { script, env: { PATH, HOME: folder.path, TMPDIR: folder.path } }));
  });
});

test('the demo needs git, ssh and a shell, and leaves nothing', async () => {
  await using folder = await openFolder();
  const bin = await linkPrograms(folder.path, ['git', 'ssh', 'sh']);
  const TMPDIR = join(folder.path, 'tmp');
  await mkdir(TMPDIR);
  const shown = await start([cli, 'demo', '--once'], { env: { PATH: bin, TMPDIR } });
  expect({ ...shown, stdout: '' }).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' });
  for (const said of [
    '[ref-diverged]',
    '[prune-limit]',
    '[host-key-contradicted]',
    'npx codecommit-mirror setup',
    '9 repositories: 9 new.',
    '9 repositories are equal at source and destination; 9 changed.',
    'github: acme/api → github-api: 1 ref changed',
    'npx codecommit-mirror fleet init',
  ])
    expect(shown.stdout).toContain(said);
  // Steps that are numbered, at 80 columns, and no word of them is broken.
  const steps = ['1/5', '2/5', '3/5', '4/5', '5/5', '1/3', '2/3', '3/3'];
  expect(shown.stdout.match(/^\d\/\d/gm)).toEqual(steps);
  for (const line of shown.stdout.split('\n'))
    if (line.includes(' ')) expect(line.length).toBeLessThanOrEqual(80);
  expect(await readdir(TMPDIR)).toEqual([]);
});

test('mirror without git names it; failures go to standard error, those of the pipe to the log', async () => {
  await using folder = await openFolder();
  const bin = await linkPrograms(folder.path, ['ssh']);
  const clone = join(folder.path, 'clone');
  await git('/', 'init', '--quiet', clone);
  const env = { PATH: bin, HOME: folder.path, TMPDIR: folder.path };
  const shell = await start([cli, 'mirror'], { env, cwd: clone });
  expect(shell).toMatchObject({ exitCode: 1, stdout: '' });
  expect(shell.stderr).toMatch(/^✖ git can't be started: .*\n {2}Install git.*\[program-missing\]\n$/);
  const step = await start([pipe], { env, cwd: clone });
  expect(step).toMatchObject({ exitCode: 1, stdout: shell.stderr, stderr: '' });
});

test.each([['--version'], ['--help'], ['mirror', '--help']])(
  '%s %s that could not be written has failed',
  async (...args) => {
    const ended = await start([cli, ...args], { env: { PATH }, script: 'exec "$@" >/dev/full' });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/^✖ The output can't be written: .*ENOSPC.*\n.*\[output-unwritable\]\n$/);
  },
);

/** A world with many refs at the source alone, and what a check of it needs. */
async function openManyRefs(
  count: number,
): Promise<{ world: World; env: Record<string, string> } & AsyncDisposable> {
  const world = await openWorld();
  await growSource(world);
  const main = await git(world.source, 'rev-parse', 'refs/heads/main');
  const input = Array.from(
    { length: count },
    (_, index) => `create refs/heads/feature/PROJ-${index}-of-many ${main}\n`,
  );
  await gitWith({ input: input.join('') }, world.source, 'update-ref', '--stdin');
  const { SOURCE_PROXY: _proxy, ...variables } = world.variables;
  const env = {
    ...variables,
    HOME: world.home,
    TMPDIR: world.temporary,
    PATH,
    REFS: 'all',
    SOURCE_URL: world.source,
  };
  return { world, env, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

describe('the differences of 2,000 refs', () => {
  const json = [cli, 'check', '--json'];

  test('through a slow reader are there to the last byte', async () => {
    await using many = await openManyRefs(2_000);
    const script = '"$@" 2>/dev/null | { sleep 2; cat; }';
    const { stdout } = await start(json, { env: many.env, script });
    expect(JSON.parse(stdout).differences.length).toBeGreaterThanOrEqual(2_000);
  });

  test('into a full disk or to a reader that leaves: the exit code is right', async () => {
    await using many = await openManyRefs(2_000);
    await seedDestination(many.world, whole);
    const [main, ...rest] = Object.entries(await many.world.sourceRefs());
    expect(rest.length).toBeGreaterThan(2_000);
    const env = { ...many.env, INCLUDE: (main?.[0] ?? '').replace('refs/heads/', '') };
    const full = await start(json, { env, script: 'exec "$@" >/dev/full' });
    expect(full.stderr).toContain('[output-unwritable]');
    expect(full.exitCode).toBe(1);
    const left = await start(json, { env: many.env, script: '{ "$@"; echo "$?" >&2; } | head -c 100' });
    expect(left.stdout).toHaveLength(100);
    expect(left.stderr.trim().split('\n').at(-1)).toBe('1');
    await expectNothingLeft(many.world);
  });
});

test('a mirror whose log nobody can write is a mirror', async () => {
  await using world = await openWorld();
  await growSource(world);
  const { SOURCE_PROXY: _proxy, ...variables } = world.variables;
  const env = {
    ...variables,
    HOME: world.home,
    TMPDIR: world.temporary,
    PATH,
    REFS: 'all',
    SOURCE_URL: world.source,
  };
  const ended = await start([cli, 'mirror'], { env, script: 'exec "$@" >/dev/full' });
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 0 });
  expect(ended.stderr).toContain('[output-unwritable]');
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  await expectNothingLeft(world);
});

const moments = [0, 30, 60, 100, 150, 220, 300, 450, 700, 1_100];
const signalled = commands.filter(({ name }) => name !== 'check --json');

describe.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s at ten moments', (signal) => {
  test.each(signalled)('$name ends, without a stack trace', async ({ args }) => {
    await using folder = await openFolder();
    const env = { PATH, HOME: folder.path, TMPDIR: folder.path };
    for (const after of moments)
      expectPlain(await start(args, { env, onStart: (kill) => setTimeout(() => kill(signal), after) }));
  });
});
