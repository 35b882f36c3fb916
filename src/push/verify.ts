import type { MirrorError } from '../errors';
import { type Backup, isReplacement, type Plan, type RefUpdate } from '../plan/plan';
import { isTag, type RefMap, toShortName } from '../plan/refs';
import type { RefAnswer } from '../remote/pushing/pushSession';
import type { RefOutcome } from '../report/outcome';

/** An answer to a push, and what else the server and git said of that push. */
export interface RefResult extends RefAnswer {
  readonly words?: string;
}

/** What is known about the pushes of a plan. */
export interface Pushed {
  /** Refs whose update was sent. */
  readonly sent: Pick<ReadonlySet<string>, 'has'>;
  /** The answer of git or the server, by ref. */
  readonly answers: Pick<ReadonlyMap<string, RefResult>, 'get'>;
  /** The destination after the pushes. Undefined if it could not be listed. */
  readonly after?: RefMap | undefined;
  /** Why the pushes ended early. */
  readonly failure?: MirrorError | undefined;
}

const nothing: Pushed = { sent: new Set(), answers: new Map() };

/**
 * The result of each ref of a plan. The server's answer is only a reason: an update counts as done only if the listing
 * shows its value.
 */
export function judgeOutcomes(plan: Plan, pushed: Pushed): RefOutcome[] {
  const twins = findTwins(plan, pushed);
  return toAll(plan).map((update) => judge(update, pushed, twins.get(update.ref)));
}

/**
 * Refs that a server did not update because of another ref, although it lists both: a file system that ignores case
 * keeps one file for `main` and `Main`. Maps each to the name of the other ref, from either side.
 */
function findTwins(plan: Plan, { answers, after }: Pushed): RefMap {
  const all = toAll(plan).map(({ ref }) => ref);
  const folded = new Map<string, string>();
  for (const ref of all) {
    const { reason, words = '' } = answers.get(ref) ?? {};
    if (reason === lockedReason && /already exists|but expected/.test(words))
      folded.set(ref.toLowerCase(), ref);
  }
  if (folded.size === 0) return new Map();
  const twins = new Map<string, string>();
  for (const other of [...(after?.keys() ?? []), ...all]) {
    const ref = folded.get(other.toLowerCase());
    if (ref !== undefined && ref !== other && !twins.has(ref)) twins.set(ref, other);
  }
  return twins;
}

/** The plan as if it had been carried out: the result of a dry run. */
export function toPlannedOutcomes(plan: Plan): RefOutcome[] {
  const after = new Map(
    toAll(plan).flatMap((update): [string, string][] => {
      const value = update.action === 'keep' ? update.old : update.new;
      return value === undefined ? [] : [[update.ref, value]];
    }),
  );
  return judgeOutcomes(plan, { ...nothing, after });
}

function toAll({ updates, backups }: Plan): (RefUpdate | Backup)[] {
  return [...backups, ...updates];
}

const doneStatus = {
  create: 'new',
  'fast-forward': 'fast-forward',
  force: 'forced',
  delete: 'deleted',
  backup: 'new',
} as const;

function judge(
  update: RefUpdate | Backup,
  { sent, answers, after, failure }: Pushed,
  twin: string | undefined,
): RefOutcome {
  const { action, ref, old, new: wanted } = update;
  const values = { ref, old, new: wanted };
  if (action === 'keep') return { ...values, status: 'kept', ...toKeptReason(update) };
  const answer = answers.get(ref);
  const isSent = sent.has(ref) && answer?.done !== false;
  if (after === undefined && isSent) return { ...values, ...toUnverified(update, failure) };
  const now = after === undefined ? old : after.get(ref);
  if (action === 'none' && now === old) return { ...values, status: 'equal' };
  if (action === 'none') return { ...values, status: 'refused', ...toContest(now) };
  if (now === wanted) return { ...values, status: doneStatus[action], ...toLoss(update), ...toNote(update) };
  const refused = { ...values, status: 'refused' } as const;
  // The push may have succeeded before another writer changed the ref.
  if (now !== old) return { ...refused, ...toContest(now), ...(isSent && toLoss(update)) };
  if (twin !== undefined)
    return { ...refused, code: 'ref-declined', reason: `${toDeclined(answer)}; ${toTwinReason(twin)}` };
  return { ...refused, ...toRefusal(answer, sent.has(ref), failure) };
}

function toTwinReason(twin: string): string {
  return `${twin} differs only in case, and this server stores only one of them: rename or delete one at the source`;
}

function toUnverified(
  update: Exclude<RefUpdate, { action: 'keep' }> | Backup,
  failure: MirrorError | undefined,
) {
  return {
    status: 'unverified',
    code: failure?.code ?? 'not-equal',
    reason: 'sent; the destination could not be read afterwards',
    ...toLoss(update),
  } as const;
}

/** Why the destination still has its old value. */
function toRefusal(answer: RefResult | undefined, isSent: boolean, failure: MirrorError | undefined) {
  if (answer?.done === true)
    return { code: 'not-equal', reason: 'the server reported success, but the ref is unchanged' } as const;
  if (answer === undefined && failure !== undefined)
    return {
      code: failure.code,
      reason: isSent ? 'sent, but not carried out' : 'not attempted: the run ended earlier',
    };
  return {
    code: 'ref-declined',
    reason: toDeclined(answer),
    ...(answer?.reason === lockedReason && { contested: true as const }),
  } as const;
}

function toDeclined(answer: RefResult | undefined): string {
  if (answer === undefined) return 'declined: the server gave no answer';
  return `declined: ${answer.reason}${answer.words === undefined ? '' : `: ${answer.words}`}`;
}

/**
 * The message of receive-pack if another git process, such as that of an interrupted push, holds the lock of the ref.
 */
const lockedReason = 'failed to update ref';

function toLoss(update: RefUpdate | Backup): Pick<RefOutcome, 'lost'> {
  return update.action !== 'backup' && isReplacement(update) ? { lost: [update.old] } : {};
}

function toNote(update: RefUpdate | Backup): Pick<RefOutcome, 'backup' | 'reason'> {
  if (update.action !== 'backup') return {};
  return { backup: true, reason: `keeps the old value of ${toShortName(update.of)}` };
}

function toContest(now: string | undefined) {
  const reason = `somebody else ${now === undefined ? 'deleted it' : `set it to ${now}`} during the push; a mirror has one writer`;
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
          ? 'the tag was moved on one side'
          : 'the destination has commits that the source does not have',
      };
    case 'default-branch':
      return {
        code: 'default-branch-kept',
        reason: 'the default branch of the destination is not deleted; make another branch the default first',
      };
    case 'not-pruned':
      return { reason: 'only at the destination' };
    case 'unsendable':
      return { code: 'limit-exceeded', reason: `the destination does not accept it${more}` };
    case 'unwritable':
      return { code: 'ref-declined', reason: `git can't push it${more}` };
    case 'backup-failed':
      return { code: 'backup-failed', reason: `not replaced, because its backup failed${more}` };
  }
}
