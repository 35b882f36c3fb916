import type { MirrorError } from '../errors';
import type { Backup, Plan, RefUpdate } from '../plan/plan';
import { isTag, toShortName } from '../plan/refs';
import type { RefMap } from '../refTable';
import type { RefOutcome, RefOutcomes } from './outcome';
import { done, type Pushed } from './push';

const doneStatus = {
  create: 'new',
  'fast-forward': 'fast-forward',
  force: 'forced',
  delete: 'deleted',
  backup: 'new',
} as const;

/**
 * Holds the plan against what the destination has now. What the server said of a ref is its reason, never the
 * proof: only a value that is there counts as done.
 */
export function judgeOutcomes(plan: Plan, pushed: Pushed, after: Pick<RefMap, 'get'>): RefOutcomes {
  return judgeAll(plan, pushed, ({ ref }) => after.get(ref));
}

/** The plan as if all of it had happened: what a dry run shows. */
export function toPlannedOutcomes(plan: Plan): RefOutcomes {
  return judgeAll(plan, {}, (update) => (update.action === 'keep' ? update.old : update.new));
}

/** The plan with nothing of it done, for what stood in its way before the first push. */
export function toFailedOutcomes(plan: Plan, failure: MirrorError): RefOutcomes {
  return judgeAll(plan, { failure }, ({ old }) => old);
}

/** `readNow` gives what the destination has in the place of an update. */
function judgeAll(
  { updates, backups }: Plan,
  pushed: Partial<Pick<Pushed, 'said' | 'failure'>>,
  readNow: (update: RefUpdate | Backup) => string | undefined,
): RefOutcomes {
  const judgeOne = (update: RefUpdate | Backup) => judge(update, readNow(update), pushed);
  return { backups: backups.map(judgeOne), refs: updates.map(judgeOne) };
}

function judge(
  update: RefUpdate | Backup,
  now: string | undefined,
  { said, failure }: Partial<Pick<Pushed, 'said' | 'failure'>>,
): RefOutcome {
  const { action, ref, old, new: wanted } = update;
  const values = { ref, old, new: wanted };
  if (action === 'keep') return { ...values, status: 'kept', ...toKeptReason(update) };
  if (action === 'none' && now === old) return { ...values, status: 'equal' };
  const refused = { ...values, status: 'refused' } as const;
  if (action === 'none') return { ...refused, ...toContest(now) };
  if (now === wanted) return { ...values, status: doneStatus[action], ...toNote(update) };
  if (now !== old) return { ...refused, ...toContest(now) };
  const answer = said?.get(ref);
  if (answer === done)
    return { ...refused, code: 'not-equal', reason: 'the server said that it did this, and did not' };
  if (answer === undefined && failure !== undefined)
    return { ...refused, code: failure.code, reason: 'not pushed: the run failed before its turn' };
  const reason = answer?.slice(1);
  return {
    ...refused,
    code: 'ref-declined',
    reason: `declined: ${reason ?? 'the server gave no answer'}`,
    ...(reason === lockedReason && { contested: true }),
  };
}

/** What git's receive-pack says when another git holds the ref's lock, as the one of a push that was cut off may. */
const lockedReason = 'failed to update ref';

/** A backup is told by what it keeps. */
function toNote(update: RefUpdate | Backup): Pick<RefOutcome, 'backup' | 'reason'> {
  if (update.action !== 'backup') return {};
  return { backup: true, reason: `keeps what ${toShortName(update.of)} was` };
}

function toContest(now: string | undefined) {
  const reason = `somebody else ${now === undefined ? 'deleted it' : `set it to ${now}`} meanwhile; a mirror has one writer`;
  return { code: 'lease-broken', reason, contested: true } as const;
}

function toKeptReason({
  ref,
  because,
  detail,
}: Extract<RefUpdate, { action: 'keep' }>): Pick<RefOutcome, 'code' | 'reason'> {
  const more = detail === undefined ? '' : `: ${detail}`;
  switch (because) {
    case 'diverged':
      return {
        code: 'ref-diverged',
        reason: isTag(ref)
          ? 'the tag was moved at one of the sides; FORCE: true replaces it'
          : 'the destination has commits that the source has not; FORCE: true replaces them',
      };
    case 'default-branch':
      return {
        code: 'default-branch-kept',
        reason: 'the default branch of the destination is not deleted; make another one the default first',
      };
    case 'not-pruned':
      return { reason: 'only at the destination; PRUNE: true deletes it' };
    case 'unsendable':
      return { code: 'limit-exceeded', reason: `CodeCommit does not take it${more}` };
    case 'unwritable':
      return { code: 'ref-declined', reason: `git can't push it${more}` };
    case 'backup-failed':
      return { code: 'backup-failed', reason: `left as it is, as its backup came to nothing${more}` };
  }
}
