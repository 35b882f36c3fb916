import type { PrivateKey } from '../../ssh/privateKey';
import type { Seen } from '../aws/aws';

/** Values that steps pass to later steps. */
export interface Made {
  /** The private key, if it is available. */
  readonly key: PrivateKey | undefined;
  readonly keyId: string | undefined;
}

export type StepState = 'exists' | 'create' | 'change' | 'verify' | 'unseen' | 'by-hand' | 'remove' | 'kept';

/** One line of the plan. */
export interface Step {
  readonly title: string;
  readonly state: StepState;
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
