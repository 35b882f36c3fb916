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

/** A page of a list of IAM. */
interface Page {
  readonly IsTruncated?: boolean | undefined;
  readonly Marker?: string | undefined;
}

/** Reads every page of a list of IAM. `read` returns undefined if the list does not exist. */
export async function readPages<T extends Page>(
  read: (page: { Marker?: string }) => Promise<T | undefined>,
): Promise<readonly T[]> {
  const pages: T[] = [];
  let marker: string | undefined;
  do {
    const page = await read(marker === undefined ? {} : { Marker: marker });
    if (page !== undefined) pages.push(page);
    marker = page?.IsTruncated ? page.Marker : undefined;
  } while (marker !== undefined);
  return pages;
}
