import type { RepositoryState } from '../../state/repositoryState';
import type { FleetStore, StateChange } from '../../state/store';
import { updateRepository } from '../../state/update';
import {
  type ListMessage,
  type Message,
  type Place,
  toDigest,
  toGroup,
  toPlaceName,
} from '../resources/message';
import type { Queue } from '../resources/sqsQueue';
import { type Judged, type JudgeParts, judge, tooLarge, type Window } from './judge';
import type { Metrics } from './metrics';
import { toNextState, toRunRecord } from './nextState';
import type { Verdict } from './verdict';

export interface MirrorParts extends JudgeParts {
  readonly store: Pick<FleetStore, 'readRepository' | 'write' | 'update'>;
  readonly queue: Queue;
  /** Places that are mirrored at the same time. */
  readonly atOnce: number;
  readonly metrics: Pick<Metrics, 'run'>;
  /** Leaves nothing of this or of an earlier, killed invocation on the disk. */
  clean(): Promise<void>;
}

interface Sent {
  readonly message: Message;
  readonly sentAt: number;
}

/**
 * `done` the messages have served their purpose · `failed` they must come back · `later` there was not enough time to
 * begin.
 */
export type PlaceEnd = 'done' | 'failed' | 'later';

/** Looks at one place, mirrors what is to be mirrored there, and keeps what came of it. Throws what stands in the way of that. */
export async function mirrorPlace(
  sent: readonly Sent[],
  window: Window,
  parts: MirrorParts,
): Promise<PlaceEnd> {
  const { message } = sent[sent.length - 1] as Sent;
  const { place } = message;
  const known = await parts.store.readRepository(place.mirror, place.identity);
  const idle = await findIdle(sent, known, parts);
  if (idle !== undefined) {
    parts.log.skip(`${toPlaceName(place)}: ${idle}`);
    return 'done';
  }
  const begin = parts.clock.now();
  if (!hasTime(begin, window)) return 'later';
  const { verdict, opened } = await judge(place, known, window, parts);
  if (verdict === undefined) {
    await parts.queue.send([toListMessage(place, begin)]);
    parts.log.info(`${toPlaceName(place)}: not listed yet; the sources are listed now.`);
    return 'done';
  }
  if (verdict.kind === 'frozen' && known === undefined) {
    parts.log.skip(`${toPlaceName(place)}: not among what is mirrored.`);
    return 'done';
  }
  const hasHalf = window.stop - begin > (window.stop - window.begin) / 2;
  // With little time left, nothing can be said of its size.
  if (verdict.kind === 'too-large' && verdict.problem.code === 'time-limit' && !hasHalf) return 'later';
  parts.metrics.run(place, verdict, parts.clock.now() - begin);
  return await conclude({ message, known, begin, verdict, opened }, parts);
}

/** One listing a minute is enough for what was not listed. */
function toListMessage(place: Place, now: number): ListMessage {
  const id = toDigest(['unlisted', toGroup(place), String(Math.floor(now / 60_000))]);
  return { version: 1, list: { isWhole: true }, id };
}

/** A run begins while three quarters of the time are left for it or, at the latest, a quarter. */
function hasTime(now: number, { begin, stop }: Window): boolean {
  return stop - now >= (stop - begin) / 4;
}

/** The clocks of the queue and of this machine may differ by so many milliseconds. */
const clockDifference = 5_000;

/** Why there is nothing to do, as a clause; undefined when there is. */
async function findIdle(
  sent: readonly Sent[],
  known: RepositoryState | undefined,
  { builds }: MirrorParts,
): Promise<string | undefined> {
  if (known?.isPaused) return 'paused';
  const newest = Math.max(...sent.map(({ sentAt }) => sentAt));
  // A run that began after the newest message was sent has seen what the message is about.
  const isSeen = known?.state === 'equal' && (known.lookedAt ?? 0) > newest + clockDifference;
  if (isSeen) return 'a later look has found both sides equal';
  const place = sent[0]?.message.place;
  if (builds === undefined || place === undefined || !(await builds.find(place))?.isRunning) return undefined;
  await builds.mark(place);
  // It may have ended meanwhile, and then it has not seen the mark.
  return (await builds.find(place))?.isRunning
    ? 'a build is mirroring it, and asks for another look at its end'
    : undefined;
}

interface Conclusion {
  readonly message: Message;
  readonly known: RepositoryState | undefined;
  readonly begin: number;
  readonly verdict: Verdict;
  readonly opened: Judged['opened'];
}

/** So often a run is continued in a function before a build takes over. */
const continuationsAtMost = 20;

async function conclude(conclusion: Conclusion, parts: MirrorParts): Promise<PlaceEnd> {
  const { message, verdict } = conclusion;
  const { place, continued } = message;
  const isEndless = verdict.kind === 'unfinished' && continued >= continuationsAtMost;
  if (verdict.kind === 'unfinished' && !isEndless) {
    const id = toDigest([message.id, 'continued', String(parts.clock.now())]);
    await parts.queue.send([
      { ...message, event: undefined, reason: 'continued', id, continued: continued + 1 },
    ]);
    parts.log.info(`${toPlaceName(place)}: the time is over; another run goes on.`);
  }
  if (verdict.kind === 'too-large' || isEndless) return await handOver(conclusion, parts);
  await keep(conclusion, verdict, parts);
  return verdict.kind === 'failed' ? 'failed' : 'done';
}

/** Gives the place to a build; where there are none, a person must decide. */
async function handOver(conclusion: Conclusion, parts: MirrorParts): Promise<PlaceEnd> {
  const { place } = conclusion.message;
  const { verdict } = conclusion;
  const problem = verdict.kind === 'too-large' ? verdict.problem : tooLarge(undefined);
  if (parts.builds === undefined) {
    parts.log.failure(`${toPlaceName(place)}: ${problem.message}`);
    await keep(conclusion, { kind: 'blocked', problem }, parts);
    return 'done';
  }
  const build = await parts.builds.start(place);
  parts.log.warn(`${toPlaceName(place)}: too large for a function; CodeBuild mirrors it (${build}).`);
  const message = `${problem.message} CodeBuild mirrors it: build ${build}.`;
  await keep(conclusion, { kind: 'too-large', problem: { ...problem, message } }, parts);
  return 'done';
}

async function keep(conclusion: Conclusion, verdict: Verdict, parts: MirrorParts): Promise<void> {
  const { message, known, begin, opened } = conclusion;
  const { mirror, identity } = message.place;
  const ended = { place: message.place, begin, end: parts.clock.now(), reason: message.reason };
  const found = opened.kind === 'job' ? opened.found : undefined;
  const run = toRunRecord(verdict, ended);
  // That nothing was to be done on most days is in the state; as a run of its own it would cost more than the look.
  const isQuiet = run.outcome === 'equal' && run.trigger === 'due';
  await updateRepository(parts.store, { mirror, identity }, (present) => {
    const next = toNextState(present, verdict, ended, found);
    // A listing has told of something since this run began: that is still to be looked at.
    const isHinted = present !== undefined && known !== undefined && present.hint !== known.hint;
    const state = isHinted ? { ...next, dueAt: 0 } : next;
    const changes: StateChange[] = [{ kind: 'repository', state }];
    if (!isQuiet) changes.push({ kind: 'runs', mirror, identity, runs: [run] });
    return changes;
  });
}
