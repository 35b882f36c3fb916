import { MirrorError } from '../errors';
import { awsFailed } from './failures';

/** `call` is the required permission. Throws MirrorError for every error of AWS, and of a proxy. */
export async function callAws<T>(call: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof MirrorError) throw error;
    throw awsFailed(call, error);
  }
}

/** Like `callAws`, but returns undefined if AWS reports this error (without the suffix `Exception`). */
export async function callAwsUnless<T>(
  name: string,
  call: string,
  send: () => Promise<T>,
): Promise<T | undefined> {
  return await callAws(call, async () => {
    try {
      return await send();
    } catch (error) {
      if (error instanceof Error && error.name.replace(/Exception$/, '') === name) return undefined;
      throw error;
    }
  });
}
