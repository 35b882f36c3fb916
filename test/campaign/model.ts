import { tryGit } from '../servers/git';
import { isBlocked, type Refs } from './history';
import { type Policy, parseBackup, parseSlice, selectRefs } from './policy';

/** What an undisturbed run has to come to. */
export interface Promised {
  /** The complete ref map of the destination, without what this run backs up. */
  readonly refs: Refs;
  /** The refs whose tips it has to back up, with the tips. */
  readonly replaced: Refs;
  /** Slice tags of killed runs that may stay: a shallow clone may not show that a branch reaches their commit. */
  readonly optional: Refs;
  readonly exitCode: 0 | 1;
}

export interface Situation {
  readonly source: Refs;
  readonly destination: Refs;
  /** The default branch of the destination. */
  readonly head: string;
  readonly policy: Policy;
  readonly isShallow: boolean;
  /** Whether the first commit is an ancestor of the second. */
  isAncestor(older: string, newer: string): Promise<boolean>;
}

/** What the README promises of a run, worked out ref by ref and without a line of the program. */
export async function promise(situation: Situation): Promise<Promised> {
  const { source, destination, policy } = situation;
  const wanted = selectRefs(source, policy);
  const untouched = { refs: destination, replaced: {}, optional: {} };
  if (Object.keys(source).length === 0) return { ...untouched, exitCode: 1 };
  if (policy.refs === 'current' && wanted[policy.current] === undefined) return { ...untouched, exitCode: 0 };
  if (Object.keys(wanted).length === 0) return { ...untouched, exitCode: 1 };
  const surplus = findSurplus(situation, wanted);
  const deletions = policy.prune ? surplus.filter((ref) => ref !== situation.head) : [];
  if (deletions.length > policy.pruneLimit) return { ...untouched, exitCode: 1 };

  const refs: Record<string, string> = { ...destination };
  const replaced: Record<string, string> = {};
  let exitCode: 0 | 1 = policy.prune && deletions.length < surplus.length ? 1 : 0;
  for (const ref of deletions) {
    replaced[ref] = destination[ref] ?? '';
    delete refs[ref];
  }
  for (const [ref, value] of Object.entries(wanted)) {
    const old = destination[ref];
    const verdict = await judge(ref, old, value, refs, situation);
    if (verdict === 'refused') exitCode = 1;
    if (verdict === 'refused' || verdict === 'equal') continue;
    if (verdict === 'replaced' && old !== undefined) replaced[ref] = old;
    refs[ref] = value;
  }
  const reached = await findReachedSlices(refs, situation);
  for (const ref of Object.keys(reached)) delete refs[ref];
  const optional = situation.isShallow ? reached : {};
  return { refs, replaced: policy.backup ? replaced : {}, optional, exitCode };
}

/** The slice tags whose commit a branch or tag reaches. The others stay: they are the progress of another run. */
async function findReachedSlices(refs: Refs, { isAncestor }: Situation): Promise<Refs> {
  const tips = Object.entries(refs).flatMap(([ref, tip]) => (parseSlice(ref) === undefined ? [tip] : []));
  const found: Record<string, string> = {};
  for (const [ref, value] of Object.entries(refs)) {
    if (parseSlice(ref) === undefined) continue;
    const reached = await Promise.all(tips.map((tip) => isAncestor(value, tip)));
    if (reached.includes(true)) found[ref] = value;
  }
  return found;
}

/** Selected refs that are at the destination only; backups are nobody's surplus. */
function findSurplus({ destination, policy }: Situation, wanted: Refs): string[] {
  const names = Object.keys(selectRefs(destination, policy));
  return names.filter((ref) => wanted[ref] === undefined && parseBackup(ref) === undefined);
}

async function judge(
  ref: string,
  old: string | undefined,
  value: string,
  refs: Refs,
  { policy, isAncestor }: Situation,
): Promise<'equal' | 'created' | 'moved' | 'replaced' | 'refused'> {
  if (old === value) return 'equal';
  // The names that are deleted make room for new ones; those that stay do not.
  if (old === undefined) return isBlocked(ref, Object.keys(refs)) ? 'refused' : 'created';
  if (ref.startsWith('refs/heads/') && (await isAncestor(old, value))) return 'moved';
  return policy.force ? 'replaced' : 'refused';
}

/** Asks a repository; a commit that it does not have is nobody's ancestor there. */
export async function isAncestorIn(repository: string, older: string, newer: string): Promise<boolean> {
  const ended = await tryGit(repository, ['merge-base', '--is-ancestor', older, newer]);
  return ended.exitCode === 0;
}
