import type { PrivateKey } from '../../ssh/privateKey';
import type { Seen } from '../aws/aws';

/** What the steps hand on to the next ones. */
export interface Made {
  /** The private key, when it is at hand. */
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
  /** Of a change: `old → new`. */
  readonly note?: string;
  /** The permission that is missing, of something that can't be read. */
  readonly missing?: string;
  /** Carries it out, and may be done twice; gives what it made. Without it there is nothing to do. */
  readonly run?: (made: Made) => Promise<Partial<Made> | undefined> | Promise<void>;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** What exists already. */
  readonly made: Made;
}

/** A step of something that could be read; otherwise it says which permission is missing. */
export function decide<T>(title: string, seen: Seen<T>, judge: (value: T) => Omit<Step, 'title'>): Step {
  if ('missing' in seen) return { title, state: 'unseen', missing: seen.missing };
  return { title, ...judge(seen.value) };
}
