import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RefPush } from '../plan/plan';

/** What a push calls the destination, so that git looks for the values that leases expect where we have put them. */
export const remoteName = 'destination';

const seen = 'refs/seen/';
const wanted = 'refs/wanted/';
export const seenRefspec = `+refs/*:${seen}*`;

/**
 * Gives the options and refspecs of a `git push` in which each update is held to the value that was seen
 * (`--force-with-lease`): git passes by a ref that has another one, and the server one that has another than git saw.
 * A lease lets git overwrite the value that it names, whatever it is: the plan has decided that it may.
 *
 * A refspec or a lease by name costs git a comparison with every ref of the destination: with thousands of each,
 * minutes. So creations and fast-forwards go by one pattern, from refs of the scratch repository in `directory` that
 * are written here, and their leases by its tracking refs, where none expects none. All other updates go by name.
 */
export async function ensureRefspecs(updates: readonly RefPush[], directory: string) {
  // What git noted here after a push before this one is not what was seen at the last look.
  await rm(join(directory, seen), { recursive: true, force: true });
  const named = updates.filter(({ action }) => action === 'force' || action === 'delete');
  const lines = updates.flatMap(({ action, ref, old, new: tip }) => {
    if (action === 'force' || action === 'delete') return [];
    const expected = old === undefined ? [] : [`${old} ${ref.replace('refs/', seen)}\n`];
    return [`${tip} ${ref.replace('refs/', wanted)}\n`, ...expected];
  });
  await writeFile(join(directory, 'packed-refs'), lines.join(''));
  return {
    leases: ['--force-with-lease', ...named.map(({ ref, old }) => `--force-with-lease=${ref}:${old}`)],
    refspecs: [
      ...(lines.length > 0 ? [`${wanted}*:refs/*`] : []),
      ...named.map(({ ref, new: tip }) => `${tip ?? ''}:${ref}`),
    ],
  };
}
