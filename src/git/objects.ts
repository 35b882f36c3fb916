import type { RefMap } from '../refTable';
import type { RefTables } from '../refTables';
import { toPieces } from '../sequence';
import type { Git } from './git';

/** Full ref names with what they point at; read more than once. */
export type Refs = Iterable<readonly [ref: string, oid: string]>;

/** For each object that it is asked for git prints a line: its ID, or that it is missing. */
const look = ['cat-file', '--batch-check=%(objectname)', '--buffer'];

/** Which of these refs point at an object that is not here. */
export async function selectMissing(git: Git, refs: Refs, tables: RefTables): Promise<RefMap> {
  const missing = tables.gatherer();
  for await (const { ref, oid, answer } of lookAt(git, refs, '')) if (!isOid(answer)) missing.add(ref, oid);
  return missing.end();
}

/**
 * The commit that each of these refs points at, or leads to by an annotated tag; none for a tree, a blob and what is
 * not here.
 */
export async function readCommits(git: Git, refs: Refs, tables: RefTables): Promise<RefMap> {
  const commits = tables.gatherer();
  for await (const { ref, answer } of lookAt(git, refs, '^{commit}'))
    if (isOid(answer)) commits.add(ref, answer);
  return commits.end();
}

/** Those of these objects that are here, some at a time. */
export async function* selectHere(
  git: Git,
  oids: AsyncIterable<readonly string[]>,
): AsyncGenerator<readonly string[]> {
  async function* toInput() {
    for await (const some of oids) yield some.map((oid) => `${oid}\n`).join('');
  }
  for await (const answers of git.lines([look], toInput())) yield answers.filter(isOid);
}

function isOid(answer: string): boolean {
  return /^[0-9a-f]{40}$/.test(answer);
}

async function* lookAt(git: Git, refs: Refs, suffix: '' | '^{commit}') {
  const asked = refs[Symbol.iterator]();
  let next = asked.next();
  if (next.done) return;
  for await (const answers of git.lines([look], toQuestions(refs, suffix))) {
    for (const answer of answers) {
      if (next.done) throw new Error('git cat-file answered more than it was asked');
      const [ref, oid] = next.value;
      yield { ref, oid, answer };
      next = asked.next();
    }
  }
  if (!next.done) throw new Error('git cat-file answered less than it was asked');
}

function* toQuestions(refs: Refs, suffix: string): Generator<string> {
  for (const some of toPieces(refs, 1_000)) yield some.map(([, oid]) => `${oid}${suffix}\n`).join('');
}
