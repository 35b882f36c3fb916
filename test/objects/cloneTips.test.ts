import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClone } from '../../src/objects/clone';
import { readCloneTips } from '../../src/objects/cloneTips';
import { openScratch } from '../../src/objects/scratch';
import { openRemote } from '../../src/remote/remote';
import { createCleaner, createLog } from '../../src/report/log';
import { createStopwatch } from '../../src/report/stopwatch';
import { createBareRepository, git, grow } from '../servers/git';

let root: string;
let source: string;
let clone: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  source = await createBareRepository(join(root, 'source'));
  await grow(source, 'main', { count: 20 });
  await grow(source, 'packed', { from: 'main~3' });
  clone = join(root, 'clone');
  await git(root, 'clone', '--quiet', source, clone);
  await git(clone, 'pack-refs', '--all');
  await git(clone, 'checkout', '--quiet', '--detach', 'HEAD~1');
  await git(clone, 'update-ref', 'refs/heads/loose/one', 'HEAD~2');
});
afterAll(() => rm(root, { recursive: true }));

test('the tips are those of loose and packed refs and of a detached HEAD; what is no object ID is passed over', async () => {
  await writeFile(join(clone, '.git/refs/heads/odd'), 'ref: refs/heads/main\n');
  const found = await findClone(clone);
  if (found === undefined) throw new Error('no clone');
  const expected = await Promise.all(
    ['main', 'origin/packed', 'HEAD', 'main~3'].map((name) => git(clone, 'rev-parse', name)),
  );
  expect(await readCloneTips(found)).toEqual(new Set(expected));
});

test('a fetch brings what the clone does not reach, and no more', async () => {
  const env = { PATH: process.env['PATH'], TMPDIR: root };
  const stream = { write: () => true };
  const log = createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: Date.now });
  const { signal } = new AbortController();
  const context = { env, log, signal, stopwatch: createStopwatch(Date.now), startedAt: new Date() };
  const url = `file://${source}`;
  await using scratch = await openScratch(await findClone(clone), context);
  const tip = await grow(source, 'packed');
  const settings = { url, name: url, login: { kind: 'none' } } as const;
  await using remote = await openRemote(settings, 'source', { directory: scratch.git.directory, context });
  await scratch.offerTips();
  await remote.fetch([['refs/heads/packed', tip]], { onStderr: () => undefined });
  expect((await scratch.selectMissing([['refs/heads/packed', tip]])).size).toBe(0);
  // One commit, its tree, its file.
  expect(await scratch.git.read(['count-objects', '-v'])).toMatch(/^count: 3$|^in-pack: 3$/m);
});
