/** One repository as its host describes it. */
export interface HostRepository {
  /** `<authority>#<id>`, such as `github.com#123456`: it stays when the repository is renamed, and is never given twice. */
  readonly identity: string;
  /** Its organisation, user, workspace, project, or group with subgroups (`group/subgroup`); empty on CodeCommit. */
  readonly owner: string;
  /** The last part of its URL. */
  readonly name: string;
  /** As git needs it, without a login: https:// where the host has it. */
  readonly url: string;
  readonly description: string;
  readonly isPrivate: boolean;
  readonly isArchived: boolean;
  readonly isFork: boolean;
  /** GitLab deletes after some days. Until then the repository is there under another name; it is about to be gone. */
  readonly isBeingDeleted: boolean;
  /** When the host says that it changed last: a hint, never the truth. Undefined where the host does not say. */
  readonly changedAt: Date | undefined;
  /** Bytes as the host says, undefined where it does not. */
  readonly bytes: number | undefined;
}
