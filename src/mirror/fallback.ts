import { join } from 'node:path';
import type { RefListing } from '../git/listing';
import { type Clone, readPackedRefs } from '../objects/clone';
import type { Scratch } from '../objects/scratch';
import { readRegularFile } from '../system/regularFile';

/**
 * If the source can't be reached: the commit that this run was started for, as the clone has it. Undefined if the clone
 * does not have it. `commit` may be abbreviated. A tag is read from the clone by name, so that an annotated tag stays
 * annotated.
 */
export async function readFallback(
  { ref, commit }: { ref: string; commit: string },
  clone: Clone,
  scratch: Scratch,
): Promise<RefListing | undefined> {
  const ofRun = await readCommit(commit, scratch);
  if (ofRun === undefined) return undefined;
  if (ref.startsWith('refs/heads/')) return { refs: new Map([[ref, ofRun]]), head: undefined };
  const tag = await readLocalRef(ref, clone);
  const isOfRun = tag !== undefined && (await readCommit(tag, scratch)) === ofRun;
  return isOfRun ? { refs: new Map([[ref, tag]]), head: undefined } : undefined;
}

async function readCommit(oid: string, scratch: Scratch): Promise<string | undefined> {
  const result = await scratch.git.run(['rev-parse', '--verify', '--end-of-options', `${oid}^{commit}`]);
  return result.exitCode === 0 ? result.stdout.trim() : undefined;
}

/** Reads a ref of the clone as a file, because git is not started in a repository that we don't trust. */
async function readLocalRef(ref: string, clone: Clone): Promise<string | undefined> {
  const loose = (await readRegularFile(join(clone.commonDirectory, ref))) ?? '';
  if (/^[0-9a-f]{40}\n$/.test(loose)) return loose.trim();
  const line =
    (await readPackedRefs(clone)).split('\n').find((candidate) => candidate.slice(41) === ref) ?? '';
  return /^[0-9a-f]{40}(?= )/.exec(line)?.[0];
}
