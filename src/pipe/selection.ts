import type { FaultCollection } from '../faults';
import type { Selection } from '../plan/refs';
import type { Run } from './run';
import type { Variables } from './variables';

/** What REFS, INCLUDE, EXCLUDE and PRUNE mean together. `currentBranch` is what `current` means outside Pipelines. */
export function parseSelection(
  values: Variables,
  run: Run | undefined,
  { currentBranch, isClone = true }: { currentBranch?: string | undefined; isClone?: boolean },
  faults: FaultCollection,
): Selection | undefined {
  const { REFS, INCLUDE: include, EXCLUDE: exclude } = values;
  if (REFS === 'all') return { refs: 'all', include, exclude };
  const rows = [
    ['PRUNE', values.PRUNE, 'PRUNE is true', 'one branch or tag does not say what may be deleted'],
    ['INCLUDE', include.length > 0, 'INCLUDE is set', 'the only ref is the one of this run'],
    ['EXCLUDE', exclude.length > 0, 'EXCLUDE is set', 'the only ref is the one of this run'],
  ] as const;
  for (const [variable, isSet, what, why] of rows) {
    const remedy = `Set REFS to all, or remove ${variable}.`;
    if (isSet) faults.add(variable, `${what}, but REFS is current: ${why}.`, remedy);
  }
  // An invalid run says nothing about its ref.
  if (run === undefined) return undefined;
  const ref = run.kind === 'none' ? currentBranch : run.ref;
  if (ref !== undefined) return { refs: 'current', ref };
  const [where, other] = toNoRef(run, isClone);
  const message = `REFS is current, but ${where}.`;
  return faults.add('REFS', message, `Set REFS to all, or ${other}.`);
}

function toNoRef({ kind }: Run, isClone: boolean): readonly [string, string] {
  if (kind !== 'none')
    return ['this run is for a commit, without a branch or tag', 'run the pipeline on a branch or tag'];
  if (!isClone) return ['this folder is not in a git clone', 'run this in a clone'];
  return ['no branch is checked out here', 'check out a branch'];
}
