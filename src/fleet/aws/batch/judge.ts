import { MirrorError } from '../../../errors';
import type { Job } from '../../../mirror/job';
import type { Outcome } from '../../../report/outcome';
import type { Log } from '../../../system/context';
import { toMirrorError } from '../../../system/errors';
import type { RepositoryState } from '../../state/repositoryState';
import type { Catalogue, Opening } from '../catalogue/catalogue';
import { type Clock, endAt } from '../resources/clock';
import type { Builds } from '../resources/codeBuilds';
import { type Place, toPlaceName } from '../resources/message';
import { isRefusal, judgeFailure, judgeOutcome, type Verdict } from './verdict';

export interface JudgeParts {
  readonly catalogue: Pick<Catalogue, 'open' | 'isGone'>;
  /** Undefined where nothing is there for large repositories. */
  readonly builds: Builds | undefined;
  /** The most bytes that a repository may have to be mirrored here, by what its host says. */
  readonly bytesAtMost: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs the core. Throws MirrorError. */
  mirror(job: Job, place: Place, signal: AbortSignal): Promise<Outcome>;
}

/** The time that a batch has. */
export interface Window {
  readonly begin: number;
  /** When git is stopped: what follows (answers, state, clearing away) has the rest. */
  readonly stop: number;
}

/** An opening, or why there is none. */
type Opened = Opening | { readonly kind: 'failed'; readonly error: MirrorError };

export interface Judged {
  /** Undefined for what is not listed yet. */
  readonly verdict: Verdict | undefined;
  readonly opened: Opened;
}

/** Opens a place, runs what is to be run there, and says what came of it. */
export async function judge(
  place: Place,
  known: RepositoryState | undefined,
  window: Window,
  parts: JudgeParts,
): Promise<Judged> {
  const opened = await openPlace(place, { known, fresh: false }, parts);
  const verdict = await runOpened(place, opened, window, parts);
  if (verdict === undefined || !('problem' in verdict)) return { verdict, opened };
  const isMissing = /^(source-not-found|fleet-source-changed)$/.test(verdict.problem.code);
  if (isMissing && (await parts.catalogue.isGone(place))) return { verdict: { kind: 'gone' }, opened };
  if (!isRefusal(verdict)) return { verdict, opened };
  // The secret may have been replaced since it was read: it is read once more.
  const again = await openPlace(place, { known, fresh: true }, parts);
  if (again.kind === 'job') {
    if (opened.kind === 'job' && again.logins === opened.logins) return { verdict, opened };
    parts.log.info(`${toPlaceName(place)}: the secret was replaced; trying again with the new one.`);
  }
  return { verdict: await runOpened(place, again, window, parts), opened: again };
}

async function openPlace(
  place: Place,
  how: Parameters<Catalogue['open']>[1],
  { catalogue }: JudgeParts,
): Promise<Opened> {
  try {
    return await catalogue.open(place, how);
  } catch (error) {
    return { kind: 'failed', error: toMirrorError(error) };
  }
}

async function runOpened(
  place: Place,
  opened: Opened,
  { stop }: Window,
  parts: JudgeParts,
): Promise<Verdict | undefined> {
  if (opened.kind === 'unlisted') return undefined;
  if (opened.kind === 'failed') {
    const verdict = judgeFailure(opened.error);
    // A host that took all the time says nothing of the size.
    return verdict.kind === 'too-large' ? { ...verdict, kind: 'failed' } : verdict;
  }
  if (opened.kind === 'blocked') return { kind: 'blocked', problem: opened.problem };
  if (opened.kind !== 'job') return { kind: opened.kind };
  const isLarge = (await parts.builds?.find(place))?.isLarge === true;
  if (isLarge || (opened.bytes ?? 0) > parts.bytesAtMost)
    return { kind: 'too-large', problem: tooLarge(opened.bytes) };
  using ending = endAt(parts.clock, stop, timeOver());
  try {
    return judgeOutcome(await parts.mirror(opened.job, place, ending.signal));
  } catch (error) {
    return judgeFailure(toMirrorError(error));
  }
}

export const tooLarge = (bytes: number | undefined) => ({
  code: 'fleet-too-large',
  message: `The repository is too large for a function of Lambda${bytes === undefined ? '' : `: ${bytes} bytes`}.`,
  remedy:
    'Set the parameter LargeRepositories of the stack to true, so that CodeBuild mirrors it, or give the function more disk and memory.',
});

/** `unfinished` or `too-large` by what had been done until then. */
const timeOver = () =>
  new MirrorError('time-limit', {
    message: 'The time of the function is over. Every ref of the destination is at its old or its new value.',
    remedy: 'Nothing: the mirror goes on by itself.',
  });
