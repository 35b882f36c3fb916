import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json';
import { git, grow, run } from '../servers/git';
import { expectNothingLeft } from './footprint';
import { growSource, seedDestination } from './scene';
import { keyPair, openWorld, type World } from './world';

const { version } = packageJson;
const all = { REFS: 'all' };
/** What the log of a run without colour is. */
const plain = { MAX_ATTEMPTS: '1', BITBUCKET_PIPELINE_UUID: undefined };

async function openScene(): Promise<World> {
  const world = await openWorld();
  await growSource(world);
  return world;
}

/** A log with `<name>` for the object IDs of revisions, and without ports, times, sizes and the progress of a slow machine. */
async function substitute(
  world: World,
  output: string,
  names: Readonly<Record<string, string>>,
): Promise<string> {
  let text = output
    .replaceAll(/^.* (objects|deltas): +\d+% \(\d+\/\d+\).*\n/gm, '')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
    .replaceAll(/[\d.]+ s(, [\d.]+ (bytes|KiB) sent)?\)/g, '<cost>)');
  for (const [name, revision] of Object.entries(names)) {
    const oid = await git(name.startsWith('there') ? world.destination : world.source, 'rev-parse', revision);
    text = text.replaceAll(oid, `<${name}: whole>`).replaceAll(oid.slice(0, 8), `<${name}>`);
  }
  return text;
}

test('the log of a first mirror, of an update, and of a run with nothing to do', async () => {
  await using world = await openScene();
  const clone = await world.clone();
  const names = {
    main: 'main',
    feature: 'feature/one',
    release: 'release/1.0',
    light: 'light',
    v0: 'v0',
    v1: 'v1',
  };
  const title = `INFO: codecommit-mirror ${version}: all branches and tags of http://bitbucket.org/acme/app → app (<address>)\n`;

  const first = await world.pipe(clone, { ...plain, ...all });
  expect(await substitute(world, first.output, names)).toBe(
    `${title}INFO: branch feature/one: (none) → <feature> new
INFO: branch main: (none) → <main> new
INFO: branch release/1.0: (none) → <release> new
INFO: tag light: (none) → <light> new
INFO: tag v0: (none) → <v0> new
INFO: tag v1: (none) → <v1> new
✔ Mirrored: 3 branches and 3 tags are equal at source and destination; 6 new (<cost>).
`,
  );

  const before = await git(world.source, 'rev-parse', 'main');
  await grow(world.source, 'main', { count: 2 });
  const update = await world.pipe(clone, { ...plain, ...all });
  expect(await substitute(world, update.output, { main: 'main', before })).toBe(
    `${title}INFO: branch main: <before> → <main> fast-forward
✔ Mirrored: 3 branches and 3 tags are equal at source and destination; 1 fast-forward (<cost>).
`,
  );

  const nothing = await world.pipe(clone, { ...plain, ...all });
  expect(await substitute(world, nothing.output, {})).toBe(
    `${title}✔ Nothing to do: 3 branches and 3 tags are equal at source and destination (<cost>).
`,
  );
  expect([first.exitCode, update.exitCode, nothing.exitCode]).toEqual([0, 0, 0]);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
});

test('the log of a forced one, and of one that is kept: the lost tip in full, both tips', async () => {
  await using world = await openScene();
  await seedDestination(world, { 'heads/main': 'heads/main~3', 'heads/old': 'heads/main~4' });
  await grow(world.destination, 'main', { file: 'rival' });
  const clone = await world.clone();
  const names = { main: 'main', there: 'main' };
  const title = `INFO: codecommit-mirror ${version}: all branches and tags of http://bitbucket.org/acme/app → app (<address>)\n`;
  const chosen = { ...plain, ...all, INCLUDE: 'main old' };

  const kept = await substitute(world, (await world.pipe(clone, chosen)).output, names);
  expect(kept).toBe(
    `${title}✖ branch main: <there> → <main> kept (the destination has commits that the source does not have; FORCE: true overwrites it) [ref-diverged]
INFO: Only at the destination, kept (PRUNE is false): old
✖ Not mirrored: main; nothing changed (<cost>).
`,
  );

  const lost = await git(world.destination, 'rev-parse', 'main');
  const deleted = await git(world.destination, 'rev-parse', 'old');
  const forced = await world.pipe(clone, { ...chosen, FORCE: 'true', PRUNE: 'true' });
  expect(await substitute(world, forced.output, { main: 'main', lost, deleted })).toBe(
    `${title}WARNING: will replace refs/heads/main, was <lost: whole>
WARNING: will delete refs/heads/old, was <deleted: whole>
INFO: branch main: <lost> → <main> forced, was <lost: whole>
INFO: branch old: <deleted> → (none) deleted, was <deleted: whole>
✔ Mirrored: 1 branch and 0 tags are equal at source and destination; 1 forced, 1 deleted (<cost>).
`,
  );
});

describe('colour', () => {
  test.each([
    { where: 'the log of Pipelines', variables: {}, seen: true },
    { where: 'a file or a pipe', variables: { BITBUCKET_PIPELINE_UUID: undefined }, seen: false },
    { where: 'Pipelines with NO_COLOR', variables: { NO_COLOR: '1' }, seen: false },
  ])('in $where: $seen', async ({ variables, seen }) => {
    await using world = await openScene();
    const { output } = await world.pipe(await world.clone(), variables);
    expect(output.includes('\u001b[')).toBe(seen);
    expect(output.includes('\u001b[32m✔\u001b[39m Mirrored')).toBe(seen);
  });
});

test('the JSON report, whole', async () => {
  await using world = await openScene();
  await seedDestination(world, { 'heads/main': 'heads/main~3', 'tags/light': 'tags/light' });
  await grow(world.destination, 'main', { file: 'rival' });
  const clone = await world.clone();
  const file = join(world.root, 'report.json');
  const old = await git(world.destination, 'rev-parse', 'main');
  const { exitCode } = await world.pipe(clone, {
    ...plain,
    ...all,
    INCLUDE: 'main light v1',
    REPORT_FILE: file,
  });
  expect(exitCode).toBe(1);
  const report: unknown = JSON.parse(await readFile(file, 'utf8'));
  const refs = await world.sourceRefs();
  const equal = refs['refs/tags/light'];
  const { CODECOMMIT_URL: url = '', SSH_KEY_ID: id } = world.variables;
  expect(report).toEqual({
    version: 1,
    tool: `codecommit-mirror ${version}`,
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    verdict: 'not-mirrored',
    exitCode: 1,
    source: 'http://bitbucket.org/acme/app',
    destination: url.replace('//', `//${id}@`),
    sourceAsked: true,
    bytesSent: expect.any(Number),
    seconds: {
      look: expect.any(Number),
      fetch: expect.any(Number),
      survey: expect.any(Number),
      push: expect.any(Number),
      verify: expect.any(Number),
      total: expect.any(Number),
    },
    refs: [
      {
        ref: 'refs/heads/main',
        status: 'kept',
        old,
        new: refs['refs/heads/main'],
        code: 'ref-diverged',
        reason: 'the destination has commits that the source does not have; FORCE: true overwrites it',
      },
      { ref: 'refs/tags/light', status: 'equal', old: equal, new: equal },
      { ref: 'refs/tags/v1', status: 'new', old: null, new: refs['refs/tags/v1'] },
    ],
    lfs: null,
    error: null,
  });
});

test('the JSON report of a run that failed', async () => {
  await using world = await openScene();
  const clone = await world.clone();
  world.bitbucket.faults.status = 404;
  const file = join(world.root, 'report.json');
  const { exitCode } = await world.pipe(clone, { ...plain, ...all, REPORT_FILE: file });
  expect(exitCode).toBe(1);
  const report: unknown = JSON.parse(await readFile(file, 'utf8'));
  expect(report).toMatchObject({
    verdict: 'failed',
    exitCode: 1,
    source: 'http://bitbucket.org/acme/app',
    destination: expect.stringMatching(/^ssh:\/\/.*\/v1\/repos\/app$/),
    sourceAsked: false,
    refs: [],
    error: { code: 'source-not-found', message: expect.any(String), remedy: expect.any(String) },
  });
});

test('10: no secret is in the log with DEBUG, in the report, in an argument or in a file that stays', {
  tags: ['slow'],
}, async () => {
  await using world = await openScene();
  const clone = await world.clone();
  const file = join(world.root, 'report.json');
  const key = Buffer.from(keyPair.privateKey).toString('base64');
  let processes = '';
  world.sandbox.faults.beforeReceive = async () => {
    processes += (await run('ps', '/', ['axww', '-o', 'args='])).stdout;
  };
  const { exitCode, output } = await world.pipe(clone, {
    ...all,
    SSH_KEY: key,
    SOURCE_URL: 'http://ada:s3cr3t-pa55@bitbucket.org/acme/app',
    DEBUG: 'true',
    REPORT_FILE: file,
  });
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  expect(output).toContain('DEBUG:');
  expect(processes).toMatch(/ssh -F \S+ .*git-receive-pack/);
  const report = await readFile(file, 'utf8');
  const secrets = ['s3cr3t-pa55', key, ...keyPair.privateKey.split('\n').slice(1, -2)];
  secrets.push(clone.env['PIPELINES_JWT_TOKEN'] ?? 'no token');
  for (const secret of secrets)
    for (const text of [output, report, processes]) expect(text.includes(secret)).toBe(false);
  const kept = await run('grep', world.root, [
    '-rl',
    '--exclude-dir=ssh',
    '-e',
    's3cr3t-pa55',
    '-e',
    key,
    '.',
  ]);
  expect(kept.stdout).toBe('');
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  await expectNothingLeft(world);
});
