import type { RefListing } from '../../git/listing';
import type { RefPush } from '../../plan/plan';
import type { RefMap } from '../../plan/refs';
import { type PushAnswer, type PushSession, staleReason } from './pushSession';

/** The pushes to one server. */
interface Pusher {
  refsToPush(signal?: AbortSignal): Promise<RefMap>;
  /** These updates will probably be pushed next. */
  prepare(updates: readonly RefPush[]): void;
  push(updates: readonly RefPush[], onStderr: (text: string) => void): Promise<PushAnswer>;
  /** What the server lists after a push, if the session of the push can ask; undefined where it can't. */
  refsAfterwards(signal: AbortSignal): Promise<RefListing | undefined>;
  /** Nothing more will be pushed. */
  end(): void;
}

/** The longest, in milliseconds, that a server may wait between its listing and our push: some hang up. */
const waitAtMost = 30_000;
/** Pushes through the session that has listed last, or through another one where that is spent. `open` opens one. */
export function createPusher(open: (signal?: AbortSignal) => Promise<PushSession>): Pusher {
  let waiting: { readonly session: PushSession; readonly since: number } | undefined;
  let spent: PushSession | undefined;
  async function refsToPush(signal?: AbortSignal): Promise<RefMap> {
    waiting?.session.end();
    const session = await open(signal);
    waiting = { session, since: performance.now() };
    return session.refs;
  }
  async function takeSession(updates: readonly RefPush[]): Promise<PushSession> {
    const [taken, since] = [waiting?.session, waiting?.since ?? 0];
    waiting = undefined;
    // What is taken away is compared with what the server has now, even if that should not compare it itself.
    const isFresh = performance.now() - since < waitAtMost && !updates.some(({ action }) => isLoss(action));
    if (taken?.isOpen() && isFresh) return taken;
    taken?.end();
    return await open();
  }
  async function push(updates: readonly RefPush[], onStderr: (text: string) => void): Promise<PushAnswer> {
    spent?.end();
    const session = await takeSession(updates);
    spent = session;
    const isHeld = ({ ref, old }: RefPush) => session.refs.get(ref) === old;
    const stale = updates
      .filter((update) => !isHeld(update))
      .map(({ ref }) => ({ ref, done: false, reason: staleReason }));
    if (stale.length === updates.length) {
      session.end();
      return { answers: stale, isWhole: true, stderr: '', bytes: 0 };
    }
    const answer = await session.push(updates.filter(isHeld), onStderr);
    return { ...answer, answers: [...stale, ...answer.answers] };
  }
  /** What the last push has left in place of an answer is no reason not to ask in the usual way. */
  async function refsAfterwards(signal: AbortSignal): Promise<RefListing | undefined> {
    const session = spent;
    spent = undefined;
    if (!session?.isOpen()) return undefined;
    try {
      return await session.refsAfterwards?.(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined;
    } finally {
      session.end();
    }
  }
  function end(): void {
    waiting?.session.end();
    spent?.end();
  }
  return { refsToPush, prepare: (updates) => waiting?.session.prepare?.(updates), push, refsAfterwards, end };
}

function isLoss(action: RefPush['action']): boolean {
  return action === 'force' || action === 'delete';
}
