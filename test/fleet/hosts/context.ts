import { MirrorError } from '../../../src/errors';
import { createLimiters } from '../../../src/fleet/hosts/api/limiter';
import type { HostContext } from '../../../src/fleet/hosts/api/settings';
import type { Host } from '../../../src/fleet/hosts/host';
import type { HostRepository } from '../../../src/fleet/hosts/repository';

export interface TestContext extends HostContext {
  /** Milliseconds that were waited for, in their order. No real time passes. */
  readonly waits: number[];
}

/** What a fleet hands down, with a clock that jumps; no wait ends before `until`. */
export function createContext(more: Partial<HostContext> = {}, until?: () => Promise<unknown>): TestContext {
  const waits: number[] = [];
  let now = Date.now();
  return {
    env: {},
    signal: new AbortController().signal,
    limiters: createLimiters(),
    clock: {
      now: () => now,
      async wait(milliseconds, signal) {
        signal.throwIfAborted();
        waits.push(milliseconds);
        const end = now + milliseconds;
        await until?.();
        now = Math.max(now, end);
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      },
    },
    waits,
    ...more,
  };
}

export async function listAll(host: Host, newestFirst = false): Promise<HostRepository[]> {
  const all: HostRepository[] = [];
  for await (const page of host.list({ newestFirst })) all.push(...page);
  return all;
}

/** The error of a call that fails. Throws where it does not, or fails with another kind of error. */
export async function failureOf(work: Promise<unknown>): Promise<MirrorError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof MirrorError) return outcome.error;
  throw new Error(`no MirrorError: ${JSON.stringify(outcome)} ${'error' in outcome ? outcome.error : ''}`);
}
