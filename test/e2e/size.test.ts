// @module-tag slow

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { git, gitWith, grow, run } from '../servers/git';
import { type Measured, peakBytesAtMost, runMeasured } from './measure';
import { openWorld, type World } from './world';

async function mirrorMeasured(world: World, asked: Record<string, string> = {}): Promise<Measured> {
  const dir = join(world.root, 'step');
  await mkdir(dir, { recursive: true });
  const mirrored = await runMeasured(dir, {
    HOME: world.home,
    TMPDIR: world.temporary,
    BITBUCKET_GIT_HTTP_ORIGIN: world.bitbucket.url('app'),
    ...world.variables,
    REFS: 'all',
    ...asked,
  });
  expect(mirrored.peakBytes).toBeGreaterThan(20 * 2 ** 20);
  expect(mirrored.peakBytes).toBeLessThan(peakBytesAtMost);
  return mirrored;
}

async function writeRefs(repository: string, names: readonly string[], oid: string): Promise<void> {
  const input = names.map((ref) => `update ${ref} ${oid}\n`).join('');
  await gitWith({ input }, repository, 'update-ref', '--stdin');
  await git(repository, 'pack-refs', '--all');
}

test('20,000 refs to an empty repository in six pushes, then 100 changed ones in one', async () => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main', { count: 50 });
  const names = [
    ...Array.from({ length: 10_000 }, (_, index) => `refs/tags/release/${index}`),
    ...Array.from({ length: 10_000 }, (_, index) => `refs/heads/team/${index}`),
  ];
  await writeRefs(world.source, names, tip);
  const mirrored = await mirrorMeasured(world);
  expect([mirrored.exitCode, mirrored.output]).toEqual([0, expect.stringContaining('20001 new')]);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  // The default branch by itself, so that it becomes the default there; then 4,000 at a time.
  expect(world.sandbox.counts.pushes).toBe(6);

  await writeRefs(world.source, names.slice(-100), await grow(world.source, 'main'));
  const changed = await mirrorMeasured(world);
  expect([changed.exitCode, changed.output]).toEqual([0, expect.stringContaining('101 fast-forward')]);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(world.sandbox.counts.pushes).toBe(7);
});

test('200,000 refs on both sides, and 100 that are new at the source', async () => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main');
  await gitWith({}, world.destination, 'fetch', '--quiet', world.source, 'main:main');
  const lines = Array.from(
    { length: 200_000 },
    (_, index) => `${tip} refs/heads/team/${String(index).padStart(6, '0')}\n`,
  );
  const head = '# pack-refs with: peeled fully-peeled sorted \n';
  await writeFile(join(world.source, 'packed-refs'), head + lines.join(''));
  const older = lines.filter((_, index) => index % 2_000 !== 0);
  await writeFile(join(world.destination, 'packed-refs'), head + older.join(''));
  const report = join(world.root, 'report.json');
  const mirrored = await mirrorMeasured(world, { REPORT_FILE: report });
  expect([mirrored.exitCode, mirrored.output]).toEqual([0, expect.stringContaining('; 100 new (')]);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(world.sandbox.counts.pushes).toBe(1);
  const { refs }: { refs: { status: string }[] } = JSON.parse(await readFile(report, 'utf8'));
  expect([refs.length, refs.filter(({ status }) => status === 'new').length]).toEqual([200_001, 100]);
});

test('more new branches than are fetched by name, each at a commit of its own', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const commits = Array.from(
    { length: 300 },
    (_, index) =>
      `commit refs/heads/b/${index}\ncommitter Ada <ada@example.com> ${1_700_000_000 + index} +0000\ndata 1\nx\nfrom refs/heads/main^0\n\n`,
  );
  await gitWith({ input: commits.join('') }, world.source, 'fast-import', '--quiet');
  const run = await world.pipe(await world.clone(), { REFS: 'all' });
  expect([run.exitCode, run.output]).toEqual([0, expect.stringContaining('301 new')]);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
});

/** So many commits on one branch, with a small file that each of them rewrites, as fast-import reads it. */
function toLongHistory(commits: number): string {
  const stream: string[] = [];
  for (let index = 0; index < commits; index++) {
    const text = `${index}\n`;
    stream.push(`commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_000_000_000 + index} +0000\n`);
    stream.push(`data ${text.length}\n${text}M 100644 inline f${index % 10}\ndata ${text.length}\n${text}\n`);
  }
  return stream.join('');
}

test('200,000 commits in one push, as few bytes as they are', async () => {
  await using world = await openWorld();
  await gitWith({ input: toLongHistory(200_000) }, world.source, 'fast-import', '--quiet');
  const mirrored = await mirrorMeasured(world);
  expect([mirrored.exitCode, mirrored.output]).toEqual([0, expect.stringContaining('1 new')]);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(world.sandbox.counts.pushes).toBe(1);
});

test('a file of more than 2 GiB is named with commit and path before the push, and other branches go', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const blob = await writeZeros(world.source, 2 * 2 ** 30 + 1);
  const input = `commit refs/heads/big\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\nM 100644 ${blob} data/disk.img\n`;
  await gitWith({ input }, world.source, 'fast-import', '--quiet');
  const big = await git(world.source, 'rev-parse', 'big');
  await grow(world.source, 'big');
  await grow(world.source, 'other', { from: 'main' });
  const mirrored = await mirrorMeasured(world);
  expect(mirrored.exitCode).toBe(1);
  expect(mirrored.output).toContain(`commit ${big} has "data/disk.img", which has 2147483649 bytes`);
  expect(mirrored.output).toContain('[limit-exceeded]');
  const { 'refs/heads/big': _left, ...others } = await world.sourceRefs();
  expect(await world.destinationRefs()).toEqual(others);
});

/** Writes a blob of so many zeros, which git never holds whole in memory; gives its object ID. */
async function writeZeros(repository: string, bytes: number): Promise<string> {
  const command = `truncate --size=${bytes} "$0" && git -c core.compression=1 hash-object -w --no-filters "$0" && rm "$0"`;
  const ended = await run('sh', repository, ['-ec', command, join(repository, 'zeros')]);
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  return ended.stdout.trim();
}
