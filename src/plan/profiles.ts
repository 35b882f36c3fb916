import { type BatchLimits, codeCommitLimits } from './batches';
import { codeCommitFileLimits, codeCommitNameLimits, type FileLimits, type NameLimits } from './limits';

/** The limits of a kind of git server. */
export interface Profile {
  readonly batch: BatchLimits;
  /** Undefined if unknown. */
  readonly files: FileLimits | undefined;
  /** For names of branches. Undefined if only git's own rules are known. */
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

/** A server with unknown limits. */
export const generic: Profile = { batch: codeCommitLimits, files: undefined };
