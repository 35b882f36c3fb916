import type { MirrorError } from '../errors';
import { SettingsError } from '../faults';
import { isTag, toShortName } from '../plan/refs';
import type { Log } from '../system/context';
import { toLfsText } from './lfs';
import type { Counts, LfsOutcome, Outcome, RefOutcome } from './outcome';
import { type Result, toResultExitCode } from './result';
import { toSize } from './size';

/** The maximum number of logged refs; the report has all of them. */
const linesAtMost = 200;

/** The maximum number of names in one line. */
const namesAtMost = 20;

/**
 * Logs the outcome of a run: one line for each ref that changed or should have, the counts, and the verdict in the last
 * line.
 */
export function logOutcome(outcome: Outcome, seconds: number, log: Log): void {
  logDifferences(outcome.refs, log);
  if (outcome.lfs !== undefined && outcome.failure === undefined) logLfs(outcome.lfs, log);
  if (outcome.failure !== undefined) logError(outcome.failure, log);
  logVerdict(outcome, seconds, log);
}

/**
 * Logs one line for each ref that differs, and one for all refs that the policy keeps. A removed value is always
 * logged.
 */
export function logDifferences(refs: readonly RefOutcome[], log: Log): void {
  const kept = refs.filter(isLeftAlone);
  const different = refs.filter(
    (ref) => !isLeftAlone(ref) && (ref.status !== 'equal' || ref.lost !== undefined),
  );
  const lines = logAlike(different, log);
  const shown = new Set([...lines.filter(({ lost }) => lost === undefined).slice(0, linesAtMost)]);
  const logged = lines.filter((ref) => shown.has(ref) || ref.lost !== undefined);
  for (const ref of logged) {
    if (ref.code === undefined) log.info(toLine(ref));
    else log.failure(`${toLine(ref)} [${ref.code}]`);
  }
  if (lines.length > logged.length)
    log.info(`… and ${lines.length - logged.length} more refs. Set REPORT_FILE to list all of them.`);
  if (kept.length === 0) return;
  const names = kept.slice(0, namesAtMost).map(({ ref }) => toShortName(ref));
  const more = kept.length > namesAtMost ? ', …' : '';
  log.info(`Only at the destination, kept (PRUNE is false): ${names.join(', ')}${more}`);
}

/** Logs refs that were not mirrored for the same reason in one line, if there are many. Returns the others. */
function logAlike(refs: readonly RefOutcome[], log: Log): readonly RefOutcome[] {
  const groups = new Map<string, RefOutcome[]>();
  for (const ref of refs) {
    if (ref.code === undefined || ref.lost !== undefined) continue;
    const key = JSON.stringify([ref.status, ref.code, ref.reason]);
    groups.set(key, [...(groups.get(key) ?? []), ref]);
  }
  const alike = [...groups.values()].filter((group) => group.length > namesAtMost);
  for (const group of alike) {
    const { status, code, reason } = group[0] ?? {};
    const names = group.slice(0, namesAtMost).map(({ ref }) => toShortName(ref));
    log.failure(`${group.length} refs ${status} (${reason}): ${names.join(', ')}, … [${code}]`);
  }
  const logged = new Set(alike.flat());
  return refs.filter((ref) => !logged.has(ref));
}

function logLfs(lfs: LfsOutcome, log: Log): void {
  if (lfs.objects === 0) log.info('The repository uses Git LFS, but no file to push is stored in it.');
  else if (lfs.sent) log.info(`The destination has ${toLfsText(lfs)}.`);
  else
    log.warn(
      `Not at the destination: ${toLfsText(lfs)}. A git push carries only the pointers to these files. LFS: push sends them if the destination accepts them.`,
    );
}

/** Logs how a run with several destinations ended, after the verdict of each. */
export function logSummary(results: readonly Result[], seconds: number, log: Log): void {
  const failed = results.filter((result) => toResultExitCode(result) !== 0).map(({ name }) => name);
  const cost = `(${seconds.toFixed(1)} s)`;
  if (failed.length === 0)
    log.success(`${results.length} of ${results.length} destinations succeeded ${cost}.`);
  else
    log.failure(`${failed.length} of ${results.length} destinations failed: ${failed.join(', ')} ${cost}.`);
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

/** Equal refs are not the whole repository if files are in Git LFS. */
function toOmission(lfs: LfsOutcome | undefined): string {
  return lfs === undefined || lfs.sent || lfs.objects === 0
    ? ''
    : `, without ${toCount(lfs.objects, 'Git LFS object', 'Git LFS objects')}`;
}

function toBadVerdict(outcome: Outcome): string {
  const failed = outcome.refs.filter(({ code }) => code !== undefined);
  const more = failed.length > 10 ? ` and ${failed.length - 10} more` : '';
  const first = failed.slice(0, 10).map(({ ref }) => toShortName(ref));
  const names = first.length === 0 ? 'the run failed' : first.join(', ') + more;
  if (outcome.verdict === 'planned') return `Dry run: nothing was pushed; a run would not mirror ${names}`;
  return `Not mirrored: ${names}; ${toChanges(outcome.counts)}`;
}

function isLeftAlone(ref: RefOutcome): boolean {
  return ref.status === 'kept' && ref.code === undefined;
}

function toLine({ ref, old, new: wanted, status, lost = [], reason }: RefOutcome): string {
  const values = `${toShortOid(old)} → ${toShortOid(wanted)}`;
  const kind = isTag(ref) ? 'tag' : 'branch';
  // In full, so that the value can be restored.
  const was = lost.length === 0 ? '' : `, was ${lost.join(', then ')}`;
  return `${kind} ${toShortName(ref)}: ${values} ${status}${was}${reason === undefined ? '' : ` (${reason})`}`;
}

function toShortOid(oid: string | undefined): string {
  return oid === undefined ? '(none)' : oid.slice(0, 8);
}

function toCount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `1 new, 2 fast-forward` */
export function toChanges({ statuses }: Counts): string {
  const changes = (['new', 'fast-forward', 'forced', 'deleted'] as const).filter(
    (status) => statuses[status] > 0,
  );
  const parts = changes.map((status) => `${statuses[status]} ${status}`);
  return parts.length === 0 ? 'nothing changed' : parts.join(', ');
}

/** Logs a failure: what happened, what to do, and the code for docs/troubleshooting.md. */
export function logError(error: MirrorError, log: Log): void {
  const faults = error instanceof SettingsError ? error.faults : [error];
  for (const fault of faults) log.failure(`${fault.message}\n  ${fault.remedy} [${fault.code}]`);
}
