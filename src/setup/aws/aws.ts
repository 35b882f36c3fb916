import { CodeCommit } from '@aws-sdk/client-codecommit';
import { IAM, type IAMClientConfig } from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import { explainErrors } from '../../aws/client';
import { PermissionMissing } from '../../errors';

/** AWS's own clients: credentials from the SDK's chain, with the SDK's retries when AWS throttles. */
export interface Aws {
  readonly iam: IAM;
  readonly codecommit: CodeCommit;
  readonly sts: STS;
}

type Options = Pick<IAMClientConfig, 'region' | 'requestHandler' | 'profile' | 'endpoint' | 'credentials'>;

/** Every call of the clients throws MirrorError. */
export function openAws(options: Options): Aws {
  return {
    iam: explainErrors(new IAM(options)),
    codecommit: explainErrors(new CodeCommit(options)),
    sts: explainErrors(new STS(options)),
  };
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
