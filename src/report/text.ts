import type { MirrorError } from '../errors';
import { isTag, toShortName } from '../plan/refs';
import { type LfsOutcome, toLfsText } from '../push/lfs';
import { type Counts, type Outcome, type RefOutcome, toAllRefs } from '../push/outcome';
import type { Sequence } from '../sequence';
import { SettingsError } from '../settings/faults';
import type { Log } from './log';
import { toSize } from './size';

/** A listing of this many lines is read; of more, the rest stands in the report. */
const linesAtMost = 200;

/** So many names stand in one line. */
const namesAtMost = 20;

/** Tells a run's outcome: one line a ref that changed or should have, counts, and the verdict as the last line. */
export function logOutcome(outcome: Outcome, seconds: number, log: Log): void {
  logDifferences(toAllRefs(outcome), log);
  if (outcome.lfs !== undefined && outcome.failure === undefined) logLfs(outcome.lfs, log);
  if (outcome.failure !== undefined)
    log.failure(`${outcome.failure.message} ${outcome.failure.remedy} [${outcome.failure.code}]`);
  logVerdict(outcome, seconds, log);
}

/** Tells one line a ref that is not the same on both sides; those that are kept by the policy in one line. */
export function logDifferences(refs: Sequence<RefOutcome>, log: Log): void {
  let lines = 0;
  const left: string[] = [];
  for (const ref of refs.filter(({ status }) => status !== 'equal')) {
    if (isLeftAlone(ref)) {
      if (left.length <= namesAtMost) left.push(toShortName(ref.ref));
    } else if (++lines <= linesAtMost) {
      if (ref.code === undefined) log.info(toLine(ref));
      else log.failure(`${toLine(ref)} [${ref.code}]`);
    }
  }
  if (lines > linesAtMost) log.info(`… and ${lines - linesAtMost} more; REPORT_FILE has them all.`);
  if (left.length === 0) return;
  const names = left.slice(0, namesAtMost).join(', ') + (left.length > namesAtMost ? ', …' : '');
  log.info(`Only at the destination, kept (PRUNE is false): ${names}`);
}

function logLfs(lfs: LfsOutcome, log: Log): void {
  if (lfs.objects === 0)
    log.info('Git LFS is set up in the repository; no file of what was to be sent is kept in it.');
  else if (lfs.sent) log.info(`The destination has ${toLfsText(lfs)}.`);
  else
    log.warn(
      `Not at the destination: ${toLfsText(lfs)}. A git push carries only the pointers to these files. LFS: push sends them where the destination takes them.`,
    );
}

function logVerdict(outcome: Outcome, seconds: number, log: Log): void {
  const cost = `${seconds.toFixed(1)} s${outcome.bytes > 0 ? `, ${toSize(outcome.bytes)} sent` : ''}`;
  if (outcome.counts.failed > 0 || outcome.failure !== undefined)
    log.failure(`${toBadVerdict(outcome)} (${cost}).`);
  else log.success(`${toGoodVerdict(outcome)} (${cost}).`);
}

function toGoodVerdict(outcome: Outcome): string {
  const { branches, tags } = outcome.counts;
  const equal = `${toCount(branches, 'branch', 'branches')} and ${toCount(tags, 'tag', 'tags')} are`;
  const scope = outcome.fallback
    ? "to this run's own commit; the source was not asked"
    : 'at source and destination';
  const without = toOmission(outcome.lfs);
  switch (outcome.verdict) {
    case 'planned':
      return `Dry run: nothing was pushed; a run would make these changes: ${toChanges(outcome.counts)}`;
    case 'gone':
      return 'Nothing to do: the source no longer has the ref of this run, and nothing was changed';
    case 'already-equal':
      return `Nothing to do: ${equal} equal ${scope}${without}`;
    default:
      return `Mirrored: ${equal} equal ${scope}${without}; ${toChanges(outcome.counts)}`;
  }
}

/** Refs that are equal are not all of a repository whose files are kept elsewhere. */
function toOmission(lfs: LfsOutcome | undefined): string {
  return lfs === undefined || lfs.sent || lfs.objects === 0
    ? ''
    : `, without ${toCount(lfs.objects, 'object', 'objects')} of Git LFS`;
}

function toBadVerdict(outcome: Outcome): string {
  const failed = toAllRefs(outcome).filter(({ code }) => code !== undefined);
  const more = outcome.counts.failed > 10 ? ` and ${outcome.counts.failed - 10} more` : '';
  const names =
    failed
      .map(({ ref }) => toShortName(ref))
      .take(10)
      .join(', ') + more;
  if (outcome.verdict === 'planned') return `Dry run: nothing was pushed; a run would not mirror ${names}`;
  return `Not mirrored: ${names}; ${toChanges(outcome.counts)}`;
}

function isLeftAlone(ref: RefOutcome): boolean {
  return ref.status === 'kept' && ref.code === undefined;
}

function toLine({ ref, old, new: wanted, status, reason }: RefOutcome): string {
  const values = `${toShortOid(old)} → ${toShortOid(wanted)}`;
  const kind = isTag(ref) ? 'tag' : 'branch';
  // A value that is about to be lost stands in full, so that it can be brought back.
  const lost = (status === 'forced' || status === 'deleted') && old !== undefined ? `, was ${old}` : '';
  return `${kind} ${toShortName(ref)}: ${values} ${status}${lost}${reason === undefined ? '' : ` (${reason})`}`;
}

function toShortOid(oid: string | undefined): string {
  return oid === undefined ? '(none)' : oid.slice(0, 8);
}

function toCount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function toChanges({ statuses }: Counts): string {
  const changes = (['new', 'fast-forward', 'forced', 'deleted'] as const).filter(
    (status) => statuses[status] > 0,
  );
  const parts = changes.map((status) => `${statuses[status]} ${status}`);
  return parts.length === 0 ? 'nothing changed' : parts.join(', ');
}

/** Tells a failure: what happened, what to do, and the code that docs/troubleshooting.md explains. */
export function logError(error: MirrorError, log: Log): void {
  const faults = error instanceof SettingsError ? error.faults : [error];
  for (const fault of faults) log.failure(`${fault.message}\n  ${fault.remedy} [${fault.code}]`);
}
