import type { CodeCommit } from '@aws-sdk/client-codecommit';
import type { IAM } from '@aws-sdk/client-iam';
import type { STS } from '@aws-sdk/client-sts';
import { PermissionMissing } from '../../errors';

/** AWS's own clients: credentials from the SDK's chain, with the SDK's retries when AWS throttles. */
export interface Aws {
  readonly iam: IAM;
  readonly codecommit: CodeCommit;
  readonly sts: STS;
  readonly signal: AbortSignal;
}

/** A value, or the permission that was missing to read it. The value `undefined`: it does not exist. */
export type Seen<T> = { readonly value: T } | { readonly missing: string };

/** Returns the result of `read`, or the permission that it lacks. */
export async function look<T>(read: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof PermissionMissing) return { missing: error.permission };
    throw error;
  }
}
