import { MirrorError } from '../../../errors';

/** `call` is the permission that the call needs, such as `sqs:SendMessage`; `cause` is AWS's error. */
export const awsCallFailed = (call: string, cause: unknown) =>
  new MirrorError(
    'fleet-aws-failed',
    {
      message: `AWS did not do ${call}: ${toErrorName(cause)}`,
      remedy: `Try again. If AWS says AccessDenied, check that the role of this program may call ${call} on that resource.`,
    },
    { cause },
  );

/** The names of AWS's errors, such as AccessDeniedException: what it writes besides may repeat what it was given. */
function toErrorName(cause: unknown): string {
  return cause instanceof Error ? cause.name : 'an unknown error';
}

/** Does a call to AWS. Throws MirrorError `fleet-aws-failed` for every error of AWS's client. */
export async function callAws<T>(call: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw error instanceof MirrorError ? error : awsCallFailed(call, error);
  }
}

/** Whether AWS answered with this error. */
export function isAwsError(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
