import { isAncestor } from '../git/ancestry';
import type { Git } from '../git/git';
import { toRangeInput } from '../git/range';
import type { Difference } from '../plan/plan';
import { isBranch } from '../plan/refs';
import type { Scratch } from './scratch';

/** A branch that both sides have, with its two tips, both of them here. */
interface Pair {
  readonly ref: string;
  readonly old: string;
  readonly new: string;
}

/** Each question is a short-lived git of its own; a few at a time keep two cores busy. */
const questionsAtOnce = 4;

/** Among the differences, the branches whose new tip has the old one among its ancestors. */
export async function readFastForwards(
  wanted: readonly Difference[],
  scratch: Scratch,
): Promise<ReadonlySet<string>> {
  const known = await scratch.readObjects(wanted.flatMap(({ old }) => old ?? []));
  const pairs = wanted.flatMap(({ ref, old, new: tip }): Pair[] =>
    old !== undefined && tip !== undefined && isBranch(ref) && known.has(old) ? [{ ref, old, new: tip }] : [],
  );
  const found = pairs.length > questionsAtOnce ? await readProven(pairs, scratch.git) : new Set<string>();
  const queue = pairs.filter(({ ref }) => !found.has(ref)).values();
  async function answer() {
    for (const { ref, old, new: tip } of queue) if (await isAncestor(scratch.git, old, tip)) found.add(ref);
  }
  await Promise.all(Array.from({ length: questionsAtOnce }, answer));
  return found;
}

/** More new commits than these are not gathered; the questions that this leaves open are asked one by one. */
const commitsAtMost = 20_000;

/**
 * The pairs that one walk over all new commits proves to be fast-forwards. What it leaves open may be one all the
 * same: the walk ends at the old tip of every pair.
 */
async function readProven(pairs: readonly Pair[], git: Git): Promise<Set<string>> {
  const range = { tips: pairs.map((pair) => pair.new), known: pairs.map(({ old }) => old) };
  const command = ['rev-list', '--parents', `--max-count=${commitsAtMost}`, '--stdin'];
  const parents = new Map<string, readonly string[]>();
  for await (const lines of git.lines([command], toRangeInput(range))) {
    for (const line of lines) {
      const [commit = '', ...rest] = line.split(' ');
      parents.set(commit, rest);
    }
  }
  return new Set(pairs.filter((pair) => leadsTo(pair.old, pair.new, parents)).map(({ ref }) => ref));
}

function leadsTo(old: string, tip: string, parents: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set([tip]);
  for (const commit of seen) for (const parent of parents.get(commit) ?? []) seen.add(parent);
  return seen.has(old);
}
