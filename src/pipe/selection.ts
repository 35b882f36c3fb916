import type { Fault, FaultCollection } from '../faults';
import type { Selection } from '../plan/refs';
import type { Run } from './run';
import type { Variables } from './variables';

/**
 * What REFS, INCLUDE, EXCLUDE and PRUNE mean together in this run; what is at fault goes to `faults`.
 * `currentBranch` is what `current` means outside Pipelines.
 */
export function parseSelection(
  values: Variables,
  run: Run | undefined,
  { currentBranch, isClone = true }: { currentBranch?: string | undefined; isClone?: boolean },
  faults: FaultCollection,
): Selection | undefined {
  if (values.REFS === 'all') {
    const [include, exclude] = [values.INCLUDE, values.EXCLUDE];
    return { refs: 'all', include, exclude };
  }
  if (values.PRUNE) {
    faults.add(
      onlyWithAll('PRUNE', 'PRUNE is true', 'one branch or tag says nothing about what else may be deleted'),
    );
  }
  for (const name of ['INCLUDE', 'EXCLUDE'] as const) {
    if (values[name].length === 0) continue;
    faults.add(onlyWithAll(name, `${name} is set`, 'the only ref is that of this run'));
  }
  // A run that is at fault itself says nothing of its ref.
  if (run === undefined) return undefined;
  const ref = run.kind === 'none' ? currentBranch : run.ref;
  if (ref !== undefined) return { refs: 'current', ref };
  faults.add(noCurrentRef(run, isClone));
  return undefined;
}

function onlyWithAll(variable: string, what: string, why: string): Fault {
  return {
    variable,
    code: 'variables-invalid',
    message: `${what}, but REFS is current: ${why}.`,
    remedy: `Set REFS to all, or leave ${variable} out.`,
  };
}

function noCurrentRef({ kind }: Run, isClone: boolean): Fault {
  const here = isClone
    ? (['no branch is checked out here', 'check out a branch'] as const)
    : (['this folder is not in a git clone', 'run this in a clone'] as const);
  const [where, other] =
    kind === 'none'
      ? here
      : ['this run is of a commit and has neither branch nor tag', 'run the pipeline on a branch or tag'];
  return {
    variable: 'REFS',
    code: 'variables-invalid',
    message: `REFS is current, but ${where}.`,
    remedy: `Set REFS to all, or ${other}.`,
  };
}
