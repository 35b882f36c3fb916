import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Run, runProgram } from '../../e2e/world';
import { openFolder } from '../../servers/folder';
import { git, grow, readRefs } from '../../servers/git';
import { type DestinationKind, destinationKinds, openEnd, type SourceKind, sourceKinds } from './ends';

const sources = ['app', 'lib'];

/** From an empty destination to an equal one, twice: complete ref maps, and nothing else over there. */
async function expectMirrored(from: SourceKind, to: DestinationKind): Promise<void> {
  await using folder = await openFolder();
  const root = folder.path;
  await using source = await openEnd(from, join(root, 'source'), 'acme');
  await using destination = await openEnd(to, join(root, 'destination'), 'mirror');
  for (const name of ['work', 'tmp', 'home']) await mkdir(join(root, name));
  const env = {
    HOME: join(root, 'home'),
    TMPDIR: join(root, 'tmp'),
    ...source.env,
    ...destination.env,
  };
  const fleet = (...args: readonly string[]): Promise<Run> =>
    runProgram('cli', ['fleet', ...args], join(root, 'work'), env);

  const paths: Record<string, string> = {};
  for (const name of sources) paths[name] = await addRepository(source.add(name));
  const mirror = {
    name: 'matrix',
    from: source.configuration(),
    to: { ...destination.configuration(), repository: 'copy-{name}' },
    force: true,
    prune: true,
  };
  await writeFile(join(root, 'work/mirrors.yaml'), JSON.stringify({ mirrors: [mirror] }));
  const expectEqual = async () => {
    for (const name of sources) {
      const copy = await destination.find(`copy-${name}`);
      expect([name, copy && (await readRefs(copy))]).toEqual([name, await readRefs(paths[name] ?? '')]);
    }
    expect([...destination.all].sort()).toEqual(sources.map((name) => `copy-${name}`));
    expect(destination.hasPublic).toBe(false);
  };

  const first = await fleet('mirror');
  expect([first.exitCode, first.output]).toEqual([0, expect.stringContaining('2 changed')]);
  await expectEqual();
  for (const path of Object.values(paths)) await change(path);
  expect(await fleet('check')).toMatchObject({ exitCode: 1 });
  const second = await fleet('mirror');
  expect([second.exitCode, second.output]).toEqual([0, expect.stringContaining('2 changed')]);
  await expectEqual();
  const check = await fleet('check');
  expect([check.exitCode, check.output]).toEqual([0, check.output]);
  for (const secret of [...Object.entries(env)].filter(([key]) => /TOKEN|SECRET/.test(key)))
    expect(first.output + second.output).not.toContain(secret[1]);
}

async function addRepository(made: Promise<string>): Promise<string> {
  const path = await made;
  await grow(path, 'main', { count: 2 });
  await grow(path, 'feature/a', { from: 'main' });
  await grow(path, 'release/1.0', { from: 'main' });
  await git(path, 'tag', '-a', '-m', 'first', 'v1', 'main');
  return path;
}

/** A commit, a branch rewritten, one deleted, a tag moved and one made. */
async function change(path: string): Promise<void> {
  await grow(path, 'main');
  await git(path, 'branch', '-D', 'feature/a');
  await grow(path, 'feature/a', { from: 'main~1', count: 2 });
  await git(path, 'branch', '-D', 'release/1.0');
  await git(path, 'tag', '-f', '-a', '-m', 'moved', 'v1', 'main');
  await git(path, 'tag', 'v2', 'feature/a');
}

/** One for each source and each destination. */
const quick: Readonly<Partial<Record<SourceKind, DestinationKind>>> = {
  github: 'codecommit',
  gitlab: 'bitbucket',
  bitbucket: 'bitbucket-datacenter',
  'bitbucket-datacenter': 'gitlab',
  codecommit: 'github',
};

/** All but one: a region of CodeCommit is not mirrored to itself, and one process of AWS's client knows one endpoint. */
const pairs = sourceKinds
  .flatMap((from) => destinationKinds.map((to) => [from, to] as const))
  .filter(([from, to]) => from !== 'codecommit' || to !== 'codecommit');

describe('mirrored, changed, mirrored again, with complete ref maps compared', () => {
  for (const [from, to] of pairs)
    test(`${from} → ${to}`, { tags: quick[from] === to ? [] : ['slow'] }, () => expectMirrored(from, to));
});
