import type { PrivateKey } from '../../ssh/privateKey';
import type { Log } from '../../system/context';
import { toMirrorError } from '../../system/errors';
import type { Seen } from '../aws/aws';

/** Values that steps pass to later steps. */
export interface Made {
  /** The private key, if it is available. */
  readonly key: PrivateKey | undefined;
  readonly keyId: string | undefined;
}

export const nothingMade: Made = { key: undefined, keyId: undefined };

/** The states of a step, as the plan shows them. */
export const states = {
  exists: 'exists',
  create: 'create',
  change: 'change',
  verify: 'verify',
  unseen: 'no permission',
  'by-hand': 'by hand',
  remove: 'remove',
  kept: 'keep',
} as const;

/** One line of the plan. */
export interface Step {
  readonly title: string;
  readonly state: keyof typeof states;
  /** `file`: about the step in bitbucket-pipelines.yml. */
  readonly kind?: 'file';
  /** For a change: `old → new`. */
  readonly note?: string;
  /** The missing permission, if something can't be read. */
  readonly missing?: string;
  /** Runs the step; can be repeated. Returns what it created. Undefined if there is nothing to do. */
  readonly run?: (made: Made) => Promise<Partial<Made> | undefined> | Promise<void>;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Values that already exist. */
  readonly made: Made;
}

/** Decides a step from a value; without the permission to read it, the step names that permission. */
export function decide<T>(title: string, seen: Seen<T>, judge: (value: T) => Omit<Step, 'title'>): Step {
  if ('missing' in seen) return { title, state: 'unseen', missing: seen.missing };
  return { title, ...judge(seen.value) };
}

const past: Readonly<Partial<Record<Step['state'], string>>> = {
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
  for (const step of steps) {
    try {
      await applyPlan({ steps: [step], made: nothingMade }, signal, log);
    } catch (error) {
      signal.throwIfAborted();
      failed.push(`${step.title}: ${toMirrorError(error).message}`);
    }
  }
  return failed;
}
