import { type Range, rangeOptions, toRangeInput } from '../git/commitRange';
import { cloneBroken } from '../git/errors';
import type { Git } from '../git/git';
import { createPointerSearch, type LfsUse } from '../lfs/search';
import { type FileEntry, type FileLimits, parseExcess } from '../plan/limits';
import { exclude, type Plan, toPushes } from '../plan/plan';
import type { Scratch } from './scratch';

/** What the history that is about to be sent contains. */
export interface HistoryScan {
  /** Commits that add a file over the limits, with the file and the limit. */
  readonly excesses: ReadonlyMap<string, string>;
  /** Undefined if nothing mentions Git LFS. */
  readonly lfs: LfsUse | undefined;
}

/** A file that a commit adds or changes. */
interface FileChange extends FileEntry {
  readonly commit: string;
}

/**
 * Reads, as a stream, every file that a commit of the range adds or changes, and looks for files over `limits` and for
 * Git LFS pointers.
 */
export async function scanHistory(
  range: Range,
  limits: FileLimits | undefined,
  git: Git,
): Promise<HistoryScan> {
  const excesses = new Map<string, string>();
  const search = createPointerSearch(git);
  for await (const file of readChanges(range, git)) {
    if (search.wants(file)) await search.see(file);
    const fault = limits && parseExcess(file, limits);
    if (fault === undefined || excesses.has(file.commit)) continue;
    excesses.set(file.commit, `commit ${file.commit} has ${JSON.stringify(file.path)}, which ${fault}`);
  }
  return { excesses, lfs: await search.end() };
}

/**
 * The plan without the updates that the destination would decline because of a file in their history; each reason names
 * commit and path.
 */
export async function excludeUnsendable(
  plan: Plan,
  excesses: HistoryScan['excesses'],
  range: Range,
  { git, readCommits }: Scratch,
): Promise<Plan> {
  if (excesses.size === 0) return plan;
  const inherited = await inheritExcesses(excesses, range, git);
  const tips = toPushes(plan).flatMap(({ ref, new: tip }) =>
    tip === undefined ? [] : [[ref, tip] as const],
  );
  const details = new Map<string, string>();
  for (const [ref, commit] of await readCommits(tips)) {
    const detail = inherited.get(commit);
    if (detail !== undefined) details.set(ref, detail);
  }
  return exclude(plan, 'unsendable', (ref) => details.get(ref));
}

/** The excesses of each commit of the range, including those of its ancestors. One walk, parents first. */
async function inheritExcesses(
  excesses: HistoryScan['excesses'],
  range: Range,
  git: Git,
): Promise<Map<string, string>> {
  const inherited = new Map<string, string>();
  const walk = ['rev-list', '--topo-order', '--reverse', '--parents', ...rangeOptions];
  for await (const lines of git.lines([walk], toRangeInput(range))) {
    for (const line of lines) {
      const [commit = '', ...parents] = line.split(' ');
      const tainted = parents.find((parent) => inherited.has(parent));
      const text = (tainted && inherited.get(tainted)) ?? excesses.get(commit);
      if (text !== undefined) inherited.set(commit, text);
    }
  }
  return inherited;
}

/**
 * The files that each commit of the range adds or changes. `rev-list --objects` is as fast, but names only one path,
 * and no commit, of a file that exists several times. A merge counts only what none of its parents has (`-c`).
 */
async function* readChanges(range: Range, git: Git): AsyncGenerator<FileChange> {
  if (range.tips.length === 0) return;
  const batchCheck = [
    'cat-file',
    '--buffer',
    '--batch-check=%(objecttype) %(objectname) %(objectsize) %(rest)',
  ];
  for await (const lines of git.lines([batchCheck], listChanges(range, git))) {
    for (const line of lines) {
      const [, oid = '', bytes, commit = '', path = ''] = /^blob (\S+) (\d+) (\S+) (.*)$/s.exec(line) ?? [];
      if (bytes !== undefined) yield { oid, bytes: Number(bytes), commit, ...parsePath(path) };
      else if (line.endsWith(' missing')) throw cloneBroken(line);
    }
  }
}

/** Lines `<oid> <commit> <path>`, the path quoted as git quotes it. */
async function* listChanges(range: Range, git: Git): AsyncGenerator<string> {
  const list = ['rev-list', ...rangeOptions];
  const compare = ['diff-tree', '--stdin', '-r', '-c', '--root', '--no-renames', '--diff-filter=d'];
  let commit = '';
  for await (const lines of git.lines([list, compare], toRangeInput(range))) {
    let questions = '';
    for (const line of lines) {
      if (!line.startsWith(':')) commit = line;
      else questions += toQuestion(line, commit);
    }
    if (questions !== '') yield questions;
  }
}

/**
 * Converts a line of git's raw format (git-diff-tree(1), "RAW OUTPUT FORMAT"): one colon for each parent, the modes and
 * then the object IDs of the parents and of the commit, a status, a tab, the path. Submodules (mode 160000) are
 * skipped.
 */
function toQuestion(line: string, commit: string): string {
  const tab = line.indexOf('\t');
  const parents = /^:+/.exec(line)?.[0].length ?? 1;
  const fields = line.slice(parents, tab).split(' ');
  return fields[parents] === '160000' ? '' : `${fields[2 * parents + 1]} ${commit} ${line.slice(tab + 1)}\n`;
}

/** git quotes a path with unusual bytes, with C escapes (git-config(1), core.quotePath). */
function parsePath(path: string): Pick<FileEntry, 'path' | 'pathBytes'> {
  if (!path.startsWith('"')) return { path, pathBytes: path.length };
  const bytes = Buffer.from(
    path.slice(1, -1).replace(/\\(\d{3}|.)/g, (_match, code: string) => unquote(code)),
    'latin1',
  );
  return { path: bytes.toString(), pathBytes: bytes.length };
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unquote(code: string): string {
  return code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code);
}
