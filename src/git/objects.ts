import type { RefMap } from '../plan/refs';
import type { Git } from './git';

/** Full ref names with their object IDs. */
export type Refs = Iterable<readonly [ref: string, oid: string]>;

/** git prints one line for each object: its ID, or that it is missing. */
const batchCheck = ['cat-file', '--batch-check=%(objectname)', '--buffer'];

/** Which of these refs point at an object that is not here. */
export async function selectMissing(git: Git, refs: Refs): Promise<RefMap> {
  const missing = new Map<string, string>();
  for await (const { ref, oid, answer } of lookAt(git, refs, '')) if (!isOid(answer)) missing.set(ref, oid);
  return missing;
}

/**
 * The commit of each of these refs, annotated tags resolved. Refs to a tree, a blob or a missing object are left out.
 */
export async function readCommits(git: Git, refs: Refs): Promise<RefMap> {
  const commits = new Map<string, string>();
  for await (const { ref, answer } of lookAt(git, refs, '^{commit}'))
    if (isOid(answer)) commits.set(ref, answer);
  return commits;
}

/** The objects among these that exist here. */
export async function selectHere(git: Git, oids: Iterable<string>): Promise<readonly string[]> {
  const here: string[] = [];
  const questions = Array.from(oids, (oid) => `${oid}\n`).join('');
  for await (const answers of git.lines([batchCheck], questions)) here.push(...answers.filter(isOid));
  return here;
}

function isOid(answer: string): boolean {
  return /^[0-9a-f]{40}$/.test(answer);
}

async function* lookAt(git: Git, refs: Refs, suffix: '' | '^{commit}') {
  const asked = [...refs];
  if (asked.length === 0) return;
  const questions = asked.map(([, oid]) => `${oid}${suffix}\n`).join('');
  let index = 0;
  for await (const answers of git.lines([batchCheck], questions)) {
    for (const answer of answers) {
      const [ref, oid] = asked[index++] ?? [];
      if (ref === undefined || oid === undefined)
        throw new Error('git cat-file gave more answers than it got questions');
      yield { ref, oid, answer };
    }
  }
  if (index < asked.length) throw new Error('git cat-file gave fewer answers than it got questions');
}
