import { type BatchLimits, codeCommitLimits } from './batches';
import { codeCommitFileLimits, codeCommitNameLimits, type FileLimits, type NameLimits } from './limits';

/** What a kind of git server takes. */
export interface Profile {
  readonly batch: BatchLimits;
  /** Undefined where nothing is known. */
  readonly files: FileLimits | undefined;
  /** Of branches; undefined where only git's own rules are known. */
  readonly names?: NameLimits;
}

export const codeCommit: Profile = {
  batch: codeCommitLimits,
  files: codeCommitFileLimits,
  names: codeCommitNameLimits,
};

/** https://docs.github.com/en/repositories/working-with-files/managing-large-files/about-large-files-on-github */
export const gitHub: Profile = {
  batch: codeCommitLimits,
  files: { server: 'GitHub', bytes: 100 * 2 ** 20, pathBytes: 4_096, directories: 1_000 },
};

/** A server of which nothing is known. */
export const generic: Profile = { batch: codeCommitLimits, files: undefined };
