import type { Log } from '../../system/context';
import { toMirrorError } from '../../system/errors';
import type { Made, Plan, Step, StepState } from './step';

const past: Readonly<Partial<Record<StepState, string>>> = {
  create: 'created',
  change: 'changed',
  remove: 'removed',
  verify: 'verified',
};

/** Runs the steps one after the other. Throws the MirrorError of the first that fails. */
export async function applyPlan(plan: Plan, signal: AbortSignal, log: Log): Promise<Made> {
  let { made } = plan;
  for (const { title, state, run } of plan.steps) {
    if (run === undefined) continue;
    signal.throwIfAborted();
    made = { ...made, ...(await run(made)) };
    log.success(`${title}: ${past[state]}`);
  }
  return made;
}

/** Runs every step, even if others fail. Returns a line for each failure. */
export async function applyAll(steps: readonly Step[], signal: AbortSignal, log: Log): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, state, run } of steps) {
    if (run === undefined) continue;
    signal.throwIfAborted();
    try {
      await run({ key: undefined, keyId: undefined });
      log.success(`${title}: ${past[state]}`);
    } catch (error) {
      signal.throwIfAborted();
      failed.push(`${title}: ${toMirrorError(error).message}`);
    }
  }
  return failed;
}
