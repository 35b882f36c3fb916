import type { CodeCommitClient } from '@aws-sdk/client-codecommit';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { STSClient } from '@aws-sdk/client-sts';
import { awsFailed, PermissionMissing } from './errors';

/** AWS's own clients: credentials by the SDK's chain, tries again by itself when it is throttled. */
export interface Aws {
  readonly iam: IAMClient;
  readonly codecommit: CodeCommitClient;
  readonly sts: STSClient;
  readonly signal: AbortSignal;
}

/** What was looked at; or the permission that was missing. `undefined` as the value: it is not there. */
export type Seen<T> = { readonly value: T } | { readonly missing: string };

/** Gives what `read` gives, or the permission that it lacks. */
export async function look<T>(read: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof PermissionMissing) return { missing: error.permission };
    throw error;
  }
}

/** `call` is the permission that it needs. Throws MirrorError for every error of AWS. */
export async function callAws<T>(call: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (isAbort(error) || !(error instanceof Error)) throw error;
    throw awsFailed(call, toName(error), error.message);
  }
}

/** As `callAws`; undefined where AWS answers with one of these errors (without the ending `Exception`). */
export async function callAwsUnless<T>(
  names: readonly string[],
  call: string,
  send: () => Promise<T>,
): Promise<T | undefined> {
  return await callAws(call, async () => {
    try {
      return await send();
    } catch (error) {
      if (error instanceof Error && names.includes(toName(error))) return undefined;
      throw error;
    }
  });
}

/** Errors of the network have their name in `code`. */
function toName(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const name = /^E[A-Z_]+$/.test(code ?? '') ? (code ?? '') : error.name;
  return name.replace(/Exception$/, '');
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The partition that a region is in (AWS General Reference, "Amazon Resource Names"). */
export function toPartition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
