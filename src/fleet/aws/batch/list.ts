import { matchesWildcards } from '../../../plan/glob';
import type { Log } from '../../../system/context';
import type { RepositoryState } from '../../state/repositoryState';
import type { Catalogue, SourceProblem } from '../catalogue/catalogue';
import type { RefreshedStore } from '../catalogue/refresh';
import type { Clock } from '../resources/clock';
import { type ListWish, type Message, type Place, toDigest, toGroup } from '../resources/message';
import type { Queue } from '../resources/sqsQueue';
import type { Metrics, Standing } from './metrics';
import { isLasting } from './verdict';

export interface ListParts {
  readonly catalogue: Pick<Catalogue, 'mirrors' | 'refresh'>;
  readonly store: RefreshedStore;
  readonly queue: Queue;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'standing'>;
}

/**
 * Lists the sources, puts what is due or asked for into the queue, and says how each mirror stands. Events are delivered
 * by "best effort": what they left out is found here. Throws MirrorError where a source could not be listed for a reason
 * that may pass by itself; one that a person must remove counts as blocked.
 */
export async function listSources(wish: ListWish, parts: ListParts): Promise<void> {
  const { catalogue, store, clock, metrics } = parts;
  const problems = await catalogue.refresh(wish.isWhole);
  for (const name of catalogue.mirrors) {
    const known = await store.readRepositories(name);
    await send(known, name, wish, parts);
    const own = problems.filter(({ mirror }) => mirror === name);
    const standing = toStanding(known, clock.now());
    const isBlocked = own.some(({ error }) => isLasting(error.code));
    metrics.standing(name, { ...standing, blocked: standing.blocked + (isBlocked ? 1 : 0) });
  }
  for (const problem of problems) tell(problem, parts.log);
  const passing = problems.find(({ error }) => !isLasting(error.code));
  if (passing !== undefined) throw passing.error;
}

function tell({ mirror, error: { code, message, remedy } }: SourceProblem, log: Log): void {
  log.failure(`${mirror}: ${message} ${remedy} [${code}]`);
}

async function send(
  known: readonly RepositoryState[],
  mirror: string,
  { asked }: ListWish,
  parts: ListParts,
): Promise<void> {
  const now = parts.clock.now();
  const isAsked = ({ path }: RepositoryState) =>
    asked !== undefined && (matchesWildcards(asked, path) || asked === mirror);
  const messages = known.flatMap((state): Message[] => {
    if (isAsked(state)) return [toMessage(state, 'asked', [String(now)])];
    // The same for as long as nothing has looked: a second listing makes no second message.
    if (isDue(state, now)) return [toMessage(state, 'due', toMoment(state))];
    return [];
  });
  await parts.queue.send(messages);
  if (messages.length > 0) parts.log.info(`${mirror}: ${messages.length} put into the queue.`);
}

function isDue({ isPaused, dueAt = 0 }: RepositoryState, now: number): boolean {
  return !isPaused && dueAt <= now;
}

function toMoment({ dueAt, lookedAt, hint, path }: RepositoryState): readonly string[] {
  return [String(dueAt), String(lookedAt), hint ?? '', path];
}

function toMessage(state: RepositoryState, reason: 'due' | 'asked', moment: readonly string[]): Message {
  const { mirror, identity, path } = state;
  const place: Place = { mirror, identity, path };
  const id = toDigest([reason, toGroup(place), ...moment]);
  return { version: 1, place, reason, id, continued: 0 };
}

/** How a mirror stands, by what is known. What is gone, empty, frozen or paused waits for nothing. */
function toStanding(known: readonly RepositoryState[], now: number): Standing {
  const meant = known.filter(({ state, isPaused }) => !isPaused && !/^(gone|empty|frozen)$/.test(state));
  const ages = meant.map(({ verifiedAt, seenAt = now }) => Math.max(0, now - (verifiedAt ?? seenAt)));
  const count = (state: RepositoryState['state']) => meant.filter((each) => each.state === state).length;
  return {
    secondsSinceVerified: ages.reduce((most, age) => Math.max(most, age), 0) / 1000,
    repositories: meant.length,
    failing: count('failing'),
    blocked: count('blocked'),
  };
}
