import { isAncestor } from '../git/ancestry';
import { rangeOptions, toRangeInput } from '../git/commitRange';
import type { Git } from '../git/git';
import type { RefNames, WantedRef } from '../plan/plan';
import { isBranch } from '../plan/refs';
import { allOrNothing } from '../system/allOrNothing';
import type { Scratch } from './scratch';

/** A branch on both sides, with its two tips; the new one is in the scratch repository. */
type Pair = WantedRef & { readonly old: string };

/** Each test is one short git process; a few in parallel keep two cores busy. */
const questionsAtOnce = 4;

/** The branches whose new tip has the old one among its ancestors. */
export async function readFastForwards(wanted: readonly WantedRef[], scratch: Scratch): Promise<RefNames> {
  const found = await selectFastForwards(wanted.filter(isPair), scratch);
  return new Set(found.map(({ ref }) => ref));
}

function isPair(wanted: WantedRef): wanted is Pair {
  return wanted.old !== undefined && isBranch(wanted.ref);
}

async function selectFastForwards(pairs: readonly Pair[], scratch: Scratch): Promise<readonly Pair[]> {
  if (pairs.length <= questionsAtOnce) return await askOneByOne(pairs, scratch.git);
  const unknown = await scratch.selectMissing(pairs.map(({ ref, old }) => [ref, old]));
  const known = pairs.filter(({ ref }) => !unknown.has(ref));
  const proven = await selectProven(known, scratch.git);
  const open = known.filter((pair) => !proven.has(pair));
  return [...proven, ...(await askOneByOne(open, scratch.git))];
}

async function askOneByOne(pairs: readonly Pair[], git: Git): Promise<readonly Pair[]> {
  const found: Pair[] = [];
  const queue = pairs.values();
  async function answer(signal: AbortSignal) {
    const stoppable = git.until(signal);
    for (const pair of queue) if (await isAncestor(stoppable, pair.old, pair.new)) found.push(pair);
  }
  await allOrNothing(Array.from({ length: questionsAtOnce }, () => answer));
  return found;
}

/** The walk stops after this many commits; branches that it leaves open are tested one by one. */
const commitsAtMost = 20_000;

/**
 * The pairs that one walk over all new commits proves to be fast-forwards. Others may be fast-forwards too, because the
 * walk stops at the old tip of every pair.
 */
async function selectProven(pairs: readonly Pair[], git: Git): Promise<ReadonlySet<Pair>> {
  const range = { tips: pairs.map((pair) => pair.new), known: pairs.map(({ old }) => old) };
  const command = ['rev-list', '--parents', `--max-count=${commitsAtMost}`, ...rangeOptions];
  const parents = new Map<string, readonly string[]>();
  for await (const lines of git.lines([command], toRangeInput(range))) {
    for (const line of lines) {
      const [commit = '', ...rest] = line.split(' ');
      parents.set(commit, rest);
    }
  }
  return new Set(pairs.filter((pair) => leadsTo(pair.old, pair.new, parents)));
}

function leadsTo(old: string, tip: string, parents: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set([tip]);
  for (const commit of seen) for (const parent of parents.get(commit) ?? []) seen.add(parent);
  return seen.has(old);
}
