import type { CodeCommit } from '@aws-sdk/client-codecommit';
import type { MirrorError } from '../../errors';
import type { HostContext } from './api/settings';

export interface CodeCommitSettings {
  readonly region: string;
  /** ARN of a role to assume. Default: the credentials of the environment or the profile themselves. */
  readonly role?: string | undefined;
  /** What the trust policy of the role asks for. */
  readonly externalId?: string | undefined;
}

export interface Place {
  readonly client: CodeCommit;
  /** For messages. */
  readonly name: string;
  readonly authority: string;
  readonly region: string;
  readonly context: HostContext;
  /** The credentials were refused: until when the same error is thrown without a request. */
  refusal?: { readonly error: MirrorError; readonly until: number };
}
