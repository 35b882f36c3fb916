import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findClone } from '../../src/objects/clone';
import { excludeUnsendable, scanHistory } from '../../src/objects/scanHistory';
import { openScratch } from '../../src/objects/scratch';
import { codeCommitFileLimits } from '../../src/plan/limits';
import { planMirror } from '../../src/plan/plan';
import { createCleaner, createLog } from '../../src/report/log';
import { createStopwatch } from '../../src/report/stopwatch';
import type { Context } from '../../src/system/context';
import { openWitness } from '../e2e/witness';
import { openFolder } from '../servers/folder';
import { createBareRepository, git, readRefs, run } from '../servers/git';

/** A path of so many bytes in so many folders, with a byte that is no UTF-8 where `%` stands. */
interface File {
  readonly branch: string;
  readonly path: string;
}

/** Adds a branch with one commit and one file. */
async function commitFile(repository: string, { branch, path }: File): Promise<void> {
  const who = 'committer Ada <ada@example.com> 1700000000 +0000';
  const script = `printf 'commit refs/heads/${branch}\\n${who}\\ndata 1\\nx\\nM 100644 inline "${path}"\\ndata 1\\nx\\n' | git fast-import --quiet`;
  expect(await run('sh', repository, ['-c', script])).toMatchObject({ exitCode: 0 });
}

function toContext(env: Context['env']): Context {
  const stream = { write: () => undefined };
  const log = createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: Date.now });
  const { signal } = new AbortController();
  return { env, log, signal, stopwatch: createStopwatch(Date.now), startedAt: new Date() };
}

/** Surveys all that a repository has; gives which branches are withheld, and how many programs that started. */
async function survey(files: readonly File[]) {
  await using folder = await openFolder();
  const repository = await createBareRepository(join(folder.path, 'r'));
  for (const file of files) await commitFile(repository, file);
  const clone = join(folder.path, 'clone');
  await git('/', 'clone', '--quiet', '--no-checkout', repository, clone);
  const witness = await openWitness(join(folder.path, 'witness'));
  const env = { PATH: witness.path, HOME: folder.path, TMPDIR: folder.path };
  await using scratch = await openScratch(await findClone(clone), toContext(env));
  const source = new Map(Object.entries(await readRefs(repository)));
  const look = { source, destination: new Map<string, string>(), defaultBranch: undefined };
  const policy = { force: false, prune: false, pruneLimit: 0 };
  const whole = planMirror(look, { refs: 'all', include: [], exclude: [] }, new Set(), policy);
  const range = { tips: [...source.values()], known: [] };
  const { excesses } = await scanHistory(range, codeCommitFileLimits, scratch.git);
  const plan = await excludeUnsendable(whole, excesses, range, scratch);
  const withheld = plan.updates.flatMap(({ action, ref }) => (action === 'keep' ? [ref] : []));
  return { withheld, programs: (await witness.read()).length };
}

const deep = 'd/'.repeat(25);
const toFiles = (count: number): File[] =>
  Array.from({ length: count }, (_, index) => ({ branch: `b${index}`, path: `${deep}${index}` }));

test('the programs that a survey starts do not grow with the branches and their files', async () => {
  const few = await survey(toFiles(2));
  const many = await survey(toFiles(12));
  expect([few.withheld.length, many.withheld.length]).toEqual([2, 12]);
  expect(many.programs).toBe(few.programs);
});

test('a path is as long as git stores it, whatever its bytes are', async () => {
  // Read as UTF-8, each of these bytes would be a character of three.
  const [latin1, utf8] = ['\\\\351'.repeat(200), '\\\\303\\\\251'.repeat(100)];
  const fine = [latin1, utf8].map((part, index) => ({
    branch: `fine${index}`,
    path: `${`${part}/`.repeat(19)}${'x'.repeat(200)}`,
  }));
  const long = { branch: 'long', path: `${`${'x'.repeat(210)}/`.repeat(19)}${'y'.repeat(200)}` };
  expect((await survey([...fine, long])).withheld).toEqual(['refs/heads/long']);
});
