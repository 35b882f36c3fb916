import { isAncestor } from '../git/ancestry';
import type { Git } from '../git/git';
import { type Range, rangeOptions, toRangeInput } from '../git/range';
import { type FileEntry, type FileLimits, parseExcess } from '../plan/limits';
import { type Plan, toPushes, withhold } from '../plan/plan';
import type { RefTables } from '../refTables';
import { createPointerSearch, type LfsUse } from './pointers';
import type { Scratch } from './scratch';

/** A file that the destination does not take, and the first commit that has it. */
interface Excess {
  readonly file: FileEntry;
  readonly commit: string;
  readonly text: string;
}

/** More than these are not looked into: the first ones tell what is wrong. */
const excessesAtMost = 20;

/** What was seen in the history that is about to be sent. */
export interface Survey {
  readonly excesses: readonly Excess[];
  /** Undefined when nothing tells of Git LFS. */
  readonly lfs: LfsUse | undefined;
}

/**
 * Looks at every file entry of the range once, as a stream: for what is more than `limits`, where there are any, and
 * for pointers of Git LFS.
 */
export async function surveyRange(
  range: Range,
  limits: FileLimits | undefined,
  git: Git,
  tables: RefTables,
): Promise<Survey> {
  const excesses: Excess[] = [];
  const search = createPointerSearch(git, tables);
  for await (const file of readFiles(range, git)) {
    if (search.wants(file)) await search.see(file);
    const fault = limits && parseExcess(file, limits);
    if (fault === undefined || excesses.length === excessesAtMost) continue;
    const commit = await readFirstCommit(file, range, git);
    excesses.push({
      file,
      commit,
      text: `commit ${commit} has ${JSON.stringify(file.path)}, which ${fault}`,
    });
  }
  return { excesses, lfs: await search.end() };
}

/**
 * The plan without the updates that the destination would decline for a file in their history; each of them names
 * the commit and the path.
 */
export async function withholdUnsendable(
  plan: Plan,
  excesses: readonly Excess[],
  { scratch, tables }: { scratch: Scratch; tables: RefTables },
): Promise<Plan> {
  if (excesses.length === 0) return plan;
  const details = tables.gatherer();
  for (const { ref, new: tip } of toPushes(plan)) {
    if (tip === undefined) continue;
    const held = await findAsync(excesses, ({ commit }) => isAncestor(scratch.git, commit, tip));
    if (held !== undefined) details.add(ref, held.text);
  }
  return withhold(plan, 'unsendable', details.end());
}

/** Every file entry that the range has and what is known has not; of a file that is there often, one of its paths. */
export async function* readFiles(range: Range, git: Git): AsyncGenerator<FileEntry> {
  const list = ['rev-list', '--objects', '--filter=object:type=blob', ...rangeOptions];
  const look = ['cat-file', '--buffer', '--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)'];
  for await (const lines of git.lines([list, look], toRangeInput(range))) {
    for (const line of lines) {
      const [, oid = '', bytes, path = ''] = /^(\S+) blob (\d+) (.*)$/s.exec(line) ?? [];
      if (bytes !== undefined) yield { oid, bytes: Number(bytes), path };
    }
  }
}

async function readFirstCommit({ oid }: FileEntry, range: Range, git: Git): Promise<string> {
  const find = ['log', `--find-object=${oid}`, '-m', '--reverse', '--format=%H', ...rangeOptions];
  for await (const lines of git.lines([find], toRangeInput(range)))
    for (const line of lines) if (line !== '') return line;
  for (const tip of range.tips) return tip;
  return '';
}

async function findAsync<T>(
  items: readonly T[],
  test: (item: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const item of items) if (await test(item)) return item;
  return undefined;
}
