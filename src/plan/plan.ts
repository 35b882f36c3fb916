import { isBackupRef } from './ownRefs';
import { isBranch, type RefMap, type Selection, selectRefs } from './refs';

/** The listings of both sides. */
export interface Look {
  readonly source: RefMap;
  readonly destination: RefMap;
  /** The destination's default branch (its HEAD), which CodeCommit does not delete. */
  readonly defaultBranch: string | undefined;
}

/** A ref with its object ID at the destination (`old`) and at the source (`new`). It exists on at least one side. */
export type RefPair = { readonly ref: string } & (
  | { readonly old: undefined; readonly new: string }
  | { readonly old: string; readonly new: string }
  | { readonly old: string; readonly new: undefined }
);

/** A ref that the destination should get from the source. */
export type WantedRef = RefPair & { readonly new: string };

export interface Policy {
  /** Refs rewritten at the source are replaced at the destination. */
  readonly force: boolean;
  /** Refs that no longer exist at the source are deleted at the destination. */
  readonly prune: boolean;
  /** If there are more deletions than this, nothing is pushed at all. */
  readonly pruneLimit: number;
}

/** Why a ref is not changed. Only `not-pruned` complies with the policy; the others are failures. */
export type KeptBecause =
  | 'diverged'
  | 'default-branch'
  | 'not-pruned'
  | 'unsendable'
  | 'unwritable'
  | 'backup-failed';

/** One ref of the plan. `old` is the value listed at the destination; the push uses it as the lease. */
export type RefUpdate = Exclude<RefPush, Backup> | Keep | None;

/** An update that changes something. */
export type RefPush =
  | { readonly action: 'create'; readonly ref: string; readonly old: undefined; readonly new: string }
  | { readonly action: 'fast-forward'; readonly ref: string; readonly old: string; readonly new: string }
  | Replacement
  | Backup;

/** An update that removes a value from the destination. */
export type Replacement =
  | { readonly action: 'force'; readonly ref: string; readonly old: string; readonly new: string }
  | { readonly action: 'delete'; readonly ref: string; readonly old: string; readonly new: undefined };

/** Keeps the value that the replacement of the ref `of` removes. */
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
  /** Details, if the reason alone is not enough. */
  readonly detail?: string;
}

/** A ref that is the same on both sides. */
interface None {
  readonly action: 'none';
  readonly ref: string;
  readonly old: string;
  readonly new: string;
}

/** Why nothing may be done, not even in part. */
export type Refusal =
  | { readonly because: 'source-empty' }
  | { readonly because: 'nothing-selected' }
  | { readonly because: 'prune-limit'; readonly deletions: readonly string[] };

/** What a run will do, as plain data. */
export interface Plan {
  /** Every selected ref of either side, sorted by name. */
  readonly updates: readonly RefUpdate[];
  /** Pushed before all updates. */
  readonly backups: readonly Backup[];
}

/** The selected refs of both sides, sorted by name. */
function compare({ source, destination }: Look, selection: Selection): RefPair[] {
  const present = selectRefs(destination, selection);
  const wanted = selectRefs(source, selection);
  const pairs: RefPair[] = Array.from(wanted, ([ref, oid]) => ({ ref, old: present.get(ref), new: oid }));
  // Backups exist only at the destination, and are never deleted.
  for (const [ref, oid] of present)
    if (!wanted.has(ref) && !isBackupRef(ref)) pairs.push({ ref, old: oid, new: undefined });
  return pairs.sort(byName);
}

export function byName(one: { readonly ref: string }, two: { readonly ref: string }): number {
  return one.ref < two.ref ? -1 : 1;
}

/** The selected refs of the source that the destination lacks or has at another value, sorted by name. */
export function planWanted(look: Look, selection: Selection): readonly WantedRef[] {
  return compare(look, selection).filter(isWanted);
}

function isWanted(pair: RefPair): pair is WantedRef {
  return pair.new !== undefined && pair.old !== pair.new;
}

/**
 * Plans a mirror. The plan is plain data: it can be printed, limited, split into batches and compared with the result.
 * `fastForwards` are the branches whose new tip has the old one as an ancestor.
 */
export function planMirror(look: Look, selection: Selection, fastForwards: RefNames, policy: Policy): Plan {
  const updates = compare(look, selection).map((pair) =>
    planUpdate(pair, look.defaultBranch, fastForwards, policy),
  );
  return { updates, backups: [] };
}

/** A set of ref names. */
export type RefNames = Pick<ReadonlySet<string>, 'has'>;

/** The guards, checked before anything is fetched or pushed. Undefined if none of them objects. */
export function planRefusal(look: Look, selection: Selection, policy: Policy): Refusal | undefined {
  if (look.source.size === 0) return { because: 'source-empty' };
  if (selection.refs === 'current') return undefined;
  if (selectRefs(look.source, selection).size === 0) return { because: 'nothing-selected' };
  if (!policy.prune) return undefined;
  const deletions = planMirror(look, selection, new Set(), policy).updates.flatMap((update) =>
    update.action === 'delete' ? [update.ref] : [],
  );
  return deletions.length > policy.pruneLimit ? { because: 'prune-limit', deletions } : undefined;
}

/** The updates of a plan that change the destination, without backups, which are pushed first. */
export function toPushes(plan: Plan): readonly Exclude<RefPush, Backup>[] {
  return plan.updates.filter((update) => update.action !== 'keep' && update.action !== 'none');
}

/** Whether an update removes a value. */
export function isReplacement(update: RefUpdate): update is Replacement {
  return update.action === 'force' || update.action === 'delete';
}

/**
 * The plan without some updates. `find` returns the details for a ref to exclude. A ref that is already kept stays kept
 * for its own reason; but for a diverged branch the new reason is reported, because FORCE would not help.
 */
export function exclude(plan: Plan, because: KeptBecause, find: (ref: string) => string | undefined): Plan {
  const updates = plan.updates.map((update): RefUpdate => {
    if (update.action === 'none' || (update.action === 'keep' && update.because !== 'diverged'))
      return update;
    const detail = find(update.ref);
    if (detail === undefined) return update;
    const { ref, old, new: wanted } = update;
    return { action: 'keep', ref, old, new: wanted, because, detail };
  });
  return { ...plan, updates };
}

function planUpdate(
  pair: RefPair,
  defaultBranch: string | undefined,
  fastForwards: RefNames,
  policy: Policy,
): RefUpdate {
  if (pair.old === undefined) return { action: 'create', ...pair };
  if (pair.new === undefined) return planDeletion(pair.ref, pair.old, defaultBranch, policy);
  if (pair.old === pair.new) return { action: 'none', ...pair };
  // A tag is never a fast-forward: moving a tag is rewriting it.
  if (isBranch(pair.ref) && fastForwards.has(pair.ref)) return { action: 'fast-forward', ...pair };
  if (policy.force) return { action: 'force', ...pair };
  return { action: 'keep', ...pair, because: 'diverged' };
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
