/** A file of the history that is about to be sent. */
export interface FileEntry {
  readonly oid: string;
  readonly bytes: number;
  readonly path: string;
  /** The length of the path as git stores it. */
  readonly pathBytes: number;
}

/** Limits for one file and its path. */
export interface FileLimits {
  /** The name of the server, for messages. */
  readonly server: string;
  readonly bytes: number;
  readonly pathBytes: number;
  readonly directories: number;
}

/** https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html: "Individual file size" and "File paths". */
export const codeCommitFileLimits: FileLimits = {
  server: 'CodeCommit',
  bytes: 2 * 2 ** 30,
  pathBytes: 4_096,
  directories: 20,
};

/** Why a file exceeds the limits, as a phrase that follows its path. Undefined if it does not. */
export function parseExcess({ bytes, path, pathBytes }: FileEntry, limits: FileLimits): string | undefined {
  if (bytes > limits.bytes)
    return `has ${bytes} bytes, more than ${limits.server} accepts in one file (${limits.bytes})`;
  if (pathBytes > limits.pathBytes)
    return `has a path of ${pathBytes} bytes, more than ${limits.server} accepts (${limits.pathBytes})`;
  const directories = path.split('/').length - 1;
  if (directories > limits.directories)
    return `is ${directories} directories deep, more than ${limits.server} accepts (${limits.directories})`;
  return undefined;
}

/** Limits for the name of a branch, beyond git's own rules. */
export interface NameLimits {
  readonly server: string;
  readonly characters: number;
}

/** https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html: "Branch names". */
export const codeCommitNameLimits: NameLimits = { server: 'CodeCommit', characters: 256 };

/** Why the server declines the name of a new branch. Undefined if it does not, and for tags. */
export function parseNameExcess(ref: string, limits: NameLimits): string | undefined {
  const [, branch] = /^refs\/heads\/(.+)$/s.exec(ref) ?? [];
  if (branch === undefined) return undefined;
  const { length } = [...branch];
  if (length > limits.characters)
    return `its name has ${length} characters, more than ${limits.server} accepts (${limits.characters})`;
  return /^[0-9a-f]{40}$/i.test(branch) ? 'its name has the form of an object ID' : undefined;
}
