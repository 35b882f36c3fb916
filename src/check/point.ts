import { MirrorError } from '../errors';
import { remedies } from '../pipe/remedies';
import { withRemedy } from '../report/remedies';

/** One thing that a mirror needs. `unseen`: it could not be checked, for the given reason. */
export interface Point {
  readonly name: PointName;
  readonly state: 'ok' | 'failed' | 'unseen';
  readonly reason: string;
  /** What to do. */
  readonly fix?: string;
}

/** Points that depend on the variables only. */
export const settingsPoints = ['variables', 'key', 'host key'] as const;

/** What needs both sides, in the order of a check. */
export const laterPoints = [
  'git',
  'connection',
  'right to read',
  'right to push',
  'source',
  'differences',
  'Git LFS',
  'size limits',
] as const;

/** What IAM is asked. */
export const iamPoints = ['key at IAM', 'policy', 'other writers'] as const;

export type PointName = (typeof settingsPoints | typeof laterPoints | typeof iamPoints)[number];

export function toOk(name: PointName, reason: string): Point {
  return { name, state: 'ok', reason };
}

export function toFailed(name: PointName, failure: { message: string; remedy: string }): Point {
  const { message, remedy } = failure instanceof MirrorError ? withRemedy(failure, remedies) : failure;
  return { name, state: 'failed', reason: message, fix: remedy };
}

export function toUnseen(name: PointName, reason: string, fix?: string): Point {
  return { name, state: 'unseen', reason, ...(fix !== undefined && { fix }) };
}

/** Points that depend on a failed one. */
export function toUnreached(names: readonly PointName[]): Point[] {
  return names.map((name) => toUnseen(name, 'not reached'));
}

/** A value, or the error if it could not be read. */
export type Attempted<T> = { readonly value: T } | { readonly failure: MirrorError };

/** Returns the result of `read`, or its MirrorError as a value. Throws if the run was stopped, and any other error. */
export async function attempt<T>(read: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof MirrorError && error.code !== 'stopped' && error.code !== 'time-limit')
      return { failure: error };
    throw error;
  }
}
