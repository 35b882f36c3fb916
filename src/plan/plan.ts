import { gatherRefs, type RefMap } from '../refTable';
import { isBackupRef, isSliceRef } from './ours';
import { isBranch, type Selection, selectRefs } from './refs';

/** What both sides had when they were looked at. */
export interface Look {
  readonly source: RefMap;
  readonly destination: RefMap;
  /** The destination's default branch (its HEAD), which CodeCommit does not delete. */
  readonly defaultBranch: string | undefined;
}

/** A ref that is not the same on both sides: the object ID at the destination (`old`) and at the source (`new`). */
export type Difference = { readonly ref: string } & (
  | { readonly old: undefined; readonly new: string }
  | { readonly old: string; readonly new: string }
  | { readonly old: string; readonly new: undefined }
);

export interface Policy {
  /** A ref that was rewritten at the source is rewritten at the destination. */
  readonly force: boolean;
  /** A ref that the source no longer has is deleted at the destination. */
  readonly prune: boolean;
  /** With more deletions than this, nothing is pushed at all. */
  readonly pruneLimit: number;
}

/** Why a ref is left as it is. Only `not-pruned` is what the policy wants; the others are no mirror. */
export type KeptBecause =
  | 'diverged'
  | 'default-branch'
  | 'not-pruned'
  | 'unsendable'
  | 'unwritable'
  | 'backup-failed';

/** One ref of the plan; `old` is the value seen at the destination, which the push holds the server to. */
export type RefUpdate = RefPush | Keep;

/** An update that changes something. */
export type RefPush =
  | { readonly action: 'create'; readonly ref: string; readonly old: undefined; readonly new: string }
  | { readonly action: 'fast-forward'; readonly ref: string; readonly old: string; readonly new: string }
  | Replacement
  | Backup;

/** An update that takes a value away from the destination. */
export type Replacement =
  | { readonly action: 'force'; readonly ref: string; readonly old: string; readonly new: string }
  | { readonly action: 'delete'; readonly ref: string; readonly old: string; readonly new: undefined };

/** Keeps what the replacement of the ref `of` takes away. */
export interface Backup {
  readonly action: 'backup';
  readonly ref: string;
  readonly old: undefined;
  readonly new: string;
  readonly of: string;
}

interface Keep {
  readonly action: 'keep';
  readonly ref: string;
  readonly old: string | undefined;
  readonly new: string | undefined;
  readonly because: KeptBecause;
  /** What exactly, where the reason does not say it. */
  readonly detail?: string;
}

/** Why nothing at all must be done, not even in part. */
export type Refusal =
  | { readonly because: 'source-empty' }
  | { readonly because: 'nothing-selected' }
  | { readonly because: 'prune-limit'; readonly deletions: readonly string[] };

export interface Plan {
  /** Every selected ref of either side that differs, in the order of its name. */
  readonly updates: readonly RefUpdate[];
  /** Selected refs that are equal already. */
  readonly equal: RefMap;
}

/** The selected refs that are not the same on both sides, in the order of their names. */
export function planDifferences({ source, destination }: Look, selection: Selection): Difference[] {
  const differences: Difference[] = [];
  for (const [ref, wanted] of selectRefs(source, selection)) {
    const old = destination.get(ref);
    if (old !== wanted) differences.push({ ref, old, new: wanted });
  }
  for (const [ref, old] of selectRefs(destination, selection)) {
    // What a backup keeps is not at the source, and for that very reason stays.
    if (!source.has(ref) && !isBackupRef(ref)) differences.push({ ref, old, new: undefined });
  }
  return differences.sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

/**
 * What to do, as plain data: it can be printed, limited, cut into batches and held against what happened.
 * `fastForwards` names the branches whose new tip has the old one among its ancestors.
 */
export function planMirror(
  look: Look,
  selection: Selection,
  fastForwards: ReadonlySet<string>,
  policy: Policy,
): Plan {
  const { source, destination, defaultBranch } = look;
  const updates = planDifferences(look, selection).map((difference) =>
    planUpdate(difference, defaultBranch, fastForwards, policy),
  );
  return { updates, equal: gatherRefs(selectEqual(source, destination, selection)) };
}

function* selectEqual(source: RefMap, destination: RefMap, selection: Selection) {
  for (const entry of selectRefs(source, selection)) if (destination.get(entry[0]) === entry[1]) yield entry;
}

/** The guards, held against a look before anything is fetched or pushed; undefined when none of them objects. */
export function planRefusal(look: Look, selection: Selection, policy: Policy): Refusal | undefined {
  if (look.source.size === 0) return { because: 'source-empty' };
  if (selection.refs === 'current') return undefined;
  if (selectRefs(look.source, selection).next().done) return { because: 'nothing-selected' };
  const deletions = planDifferences(look, selection)
    .map((difference) => planUpdate(difference, look.defaultBranch, new Set(), policy))
    .flatMap((update) => (update.action === 'delete' ? [update.ref] : []));
  return deletions.length > policy.pruneLimit ? { because: 'prune-limit', deletions } : undefined;
}

/** The updates of a plan that change something at the destination; backups stand apart, they go first. */
export function toPushes(plan: Plan): Exclude<RefPush, Backup>[] {
  return plan.updates.filter((update) => update.action !== 'keep' && update.action !== 'backup');
}

/** The backups of a plan. */
export function toBackups(plan: Plan): Backup[] {
  return plan.updates.filter((update) => update.action === 'backup');
}

/** The updates that take a value away. */
export function toReplacements(plan: Plan): Replacement[] {
  return plan.updates.filter((update) => update.action === 'force' || update.action === 'delete');
}

/** The plan with some updates left out, each for its reason; told of a ref by its name. */
export function withhold(
  plan: Plan,
  reasons: ReadonlyMap<string, { readonly because: KeptBecause; readonly detail?: string }>,
): Plan {
  const updates = plan.updates.map((update): RefUpdate => {
    const reason = reasons.get(update.ref);
    if (reason === undefined || update.action === 'keep' || update.action === 'backup') return update;
    const { ref, old, new: wanted } = update;
    return { action: 'keep', ref, old, new: wanted, ...reason };
  });
  return { ...plan, updates };
}

/** Deletes the tags that carried slices: this run's, and those of one that could not. */
export function planClearing(tags: RefMap): RefPush[] {
  return [...tags]
    .filter(([ref]) => isSliceRef(ref))
    .map(([ref, old]) => ({ action: 'delete', ref, old, new: undefined }));
}

function planUpdate(
  difference: Difference,
  defaultBranch: string | undefined,
  fastForwards: ReadonlySet<string>,
  policy: Policy,
): RefUpdate {
  if (difference.old === undefined) return { action: 'create', ...difference };
  if (difference.new === undefined)
    return planDeletion(difference.ref, difference.old, defaultBranch, policy);
  // A tag is never a fast-forward: whoever moves one has rewritten it.
  if (isBranch(difference.ref) && fastForwards.has(difference.ref))
    return { action: 'fast-forward', ...difference };
  if (policy.force) return { action: 'force', ...difference };
  return { action: 'keep', ...difference, because: 'diverged' };
}

function planDeletion(
  ref: string,
  old: string,
  defaultBranch: string | undefined,
  policy: Policy,
): RefUpdate {
  const wanted = undefined;
  if (!policy.prune) return { action: 'keep', ref, old, new: wanted, because: 'not-pruned' };
  if (ref === defaultBranch) return { action: 'keep', ref, old, new: wanted, because: 'default-branch' };
  return { action: 'delete', ref, old, new: wanted };
}
