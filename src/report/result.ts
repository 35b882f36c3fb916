import type { MirrorError } from '../errors';
import { type Outcome, toExitCode, type Verdict } from './outcome';

/** How the mirror to one destination ended. */
export interface Result {
  /** Its name, distinct among the destinations of the run. */
  readonly name: string;
  /** The URL, without secrets; undefined if it is not known. */
  readonly destination: string | undefined;
  /** Undefined if the mirror failed before it had a plan: `error` says why. */
  readonly outcome?: Outcome | undefined;
  readonly error?: MirrorError | undefined;
  /** By stage, and `total`. */
  readonly seconds: Readonly<Record<string, number>>;
}

/** 0 only if every ref complies with the policy, or in a dry run would. */
export function toResultExitCode({ outcome, error }: Pick<Result, 'outcome' | 'error'>): number {
  return outcome === undefined ? (error?.exitCode ?? 1) : toExitCode(outcome);
}

/** The exit code of the run: 0 if that of every destination is; that of a signal if one stopped the run. */
export function toCommonExitCode(results: readonly Result[]): number {
  return Math.max(...results.map(toResultExitCode));
}

/** Worst first; `not-mirrored` is also the verdict if only some destinations failed before there was a plan. */
const verdicts: readonly Verdict[] = ['not-mirrored', 'planned', 'mirrored', 'gone', 'already-equal'];

export function toCommonVerdict(results: readonly Result[]): Verdict | 'failed' {
  const found = results.map(({ outcome }) => outcome?.verdict);
  if (found.every((verdict) => verdict === undefined)) return 'failed';
  const worst = verdicts.find((verdict) => found.includes(verdict)) ?? 'not-mirrored';
  return found.includes(undefined) ? 'not-mirrored' : worst;
}
