import { type ErrorCode, type Facts, MirrorError } from '../errors';
import { SettingsError } from '../faults';
import type { Outcome, RefOutcome } from './outcome';

/** What users of a program can do about an error, in the terms of that program. */
export interface Remedies {
  /** Replaces the neutral remedy of the error. */
  readonly errors: Readonly<Partial<Record<ErrorCode, (facts: Facts) => string>>>;
  /** An addition to the reason why a ref was not changed. */
  readonly toHint: (ref: RefOutcome) => string | undefined;
}

/** The error with the program's own remedy. Faults of the configuration already have one. */
export function withRemedy(error: MirrorError, remedies: Remedies | undefined): MirrorError {
  const remedy = remedies?.errors[error.code]?.(error.facts);
  if (remedy === undefined || error instanceof SettingsError) return error;
  const { code, message, exitCode, cause, facts } = error;
  return new MirrorError(code, { message, remedy }, { exitCode, cause, facts });
}

export function withHints(refs: readonly RefOutcome[], { toHint }: Remedies): readonly RefOutcome[] {
  return refs.map((ref) => {
    const hint = ref.reason === undefined ? undefined : toHint(ref);
    return hint === undefined ? ref : { ...ref, reason: `${ref.reason}; ${hint}` };
  });
}

/** The outcome, in the terms of the program. */
export function withRemedies(outcome: Outcome, remedies: Remedies | undefined): Outcome {
  if (remedies === undefined) return outcome;
  const { refs, failure } = outcome;
  return {
    ...outcome,
    refs: withHints(refs, remedies),
    ...(failure && { failure: withRemedy(failure, remedies) }),
  };
}
