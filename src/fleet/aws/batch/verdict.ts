import type { ErrorCode, MirrorError } from '../../../errors';
import type { Outcome } from '../../../report/outcome';

/** What a run came to, for the queue and the state. */
export type Verdict =
  /** Both sides were seen equal. */
  | { readonly kind: 'equal'; readonly outcome: Outcome }
  /** The source has no refs · was deleted · is archived, or no longer to be mirrored. */
  | { readonly kind: 'empty' | 'gone' | 'frozen' }
  /** A person must decide: trying again by itself would change nothing. */
  | { readonly kind: 'blocked'; readonly problem: Problem; readonly outcome?: Outcome | undefined }
  /** It may work the next time. */
  | { readonly kind: 'failed'; readonly problem: Problem; readonly outcome?: Outcome | undefined }
  /** The time of the function was over, and something had been sent: another run goes on. */
  | { readonly kind: 'unfinished'; readonly outcome: Outcome }
  /** The repository does not fit into a function. */
  | { readonly kind: 'too-large'; readonly problem: Problem };

/** Why a mirror is not equal, in full sentences and without secrets. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A secret that was replaced shows itself by one of these. */
export function isRefusal(verdict: Verdict): boolean {
  return 'problem' in verdict && refusals.some((code) => code === verdict.problem.code);
}

const refusals: readonly ErrorCode[] = [
  'source-unauthorised',
  'credentials-refused',
  'permission-denied',
  'fleet-token-refused',
  'fleet-not-permitted',
];

/** Failures that stay until somebody does something. */
const lasting: readonly ErrorCode[] = [
  ...refusals,
  'variables-invalid',
  'destination-not-found',
  'source-not-found',
  'certificate-refused',
  'host-key-unknown',
  'host-key-contradicted',
  'key-mangled',
  'key-passphrase',
  'key-public',
  'key-not-rsa',
  'key-too-short',
  'role-refused',
  'object-format',
  'not-git',
  'nothing-selected',
  'prune-limit',
  'ref-diverged',
  'ref-declined',
  'default-branch-kept',
  'limit-exceeded',
  'lfs-found',
  'git-too-old',
  'ssh-unusable',
  'fleet-aws-settings',
  'fleet-owner-not-found',
  'fleet-listing-shrunken',
  'fleet-name-taken',
  'fleet-name-refused',
  'fleet-quota',
  'fleet-not-private',
  // What is to be done about these two is for the next plan to say.
  'fleet-destination-changed',
  'fleet-source-changed',
];

/** Whether trying again by itself would change nothing. */
export function isLasting(code: ErrorCode): boolean {
  return lasting.includes(code);
}

/** The verdict of a run that gave an outcome. */
export function judgeOutcome(outcome: Outcome): Verdict {
  const { failure, counts, refs } = outcome;
  if (failure !== undefined) return judgeFailure(failure, outcome);
  if (counts.failed === 0) return { kind: 'equal', outcome };
  const bad = refs.filter(({ code }) => code !== undefined);
  const staysBad = bad.every(({ code }) => code !== undefined && isLasting(code));
  const [first] = bad;
  const problem: Problem = {
    code: first?.code ?? 'not-equal',
    message: `${counts.failed} refs are not what they should be, ${first?.ref} among them: ${first?.reason ?? first?.status}`,
    remedy: 'Read the log of the run, which names every ref.',
  };
  return { kind: staysBad ? 'blocked' : 'failed', problem, outcome };
}

/** The verdict of a run that failed; `outcome` is what it had done until then. */
export function judgeFailure(failure: MirrorError, outcome?: Outcome): Verdict {
  const problem = toProblem(failure);
  const { code } = failure;
  if (code === 'source-empty') return { kind: 'empty' };
  if (code === 'disk-full' || code === 'out-of-memory') return { kind: 'too-large', problem };
  if (code === 'time-limit') {
    const isAhead = outcome !== undefined && (outcome.bytes > 0 || outcome.counts.changed > 0);
    return isAhead ? { kind: 'unfinished', outcome } : { kind: 'too-large', problem };
  }
  return { kind: isLasting(code) ? 'blocked' : 'failed', problem, outcome };
}

function toProblem({ code, message, remedy }: MirrorError): Problem {
  return { code, message, remedy };
}
