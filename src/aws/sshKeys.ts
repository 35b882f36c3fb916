import {
  GetSSHPublicKeyCommand,
  type IAMClient,
  ListSSHPublicKeysCommand,
  type SSHPublicKeyMetadata,
} from '@aws-sdk/client-iam';
import { callAws, callAwsUnless, readPages } from './call';

/** A key in IAM's list. */
export interface ListedKey {
  readonly id: string;
  readonly active: boolean;
  /** ISO 8601. */
  readonly uploaded: string;
}

/** An SSH public key of a user. */
export interface IamKey extends ListedKey {
  /** `<type> <base64>` */
  readonly body: string;
  /** MD5 of the wire format, as lower-case hexadecimal pairs with colons. */
  readonly fingerprint: string;
}

/** The pipe also loads this module, so it imports only these two calls of the SDK. */
interface Client {
  readonly iam: IAMClient;
  readonly signal: AbortSignal;
}

/** Every key of the user, in the order of IAM's list. Empty if the user does not exist. */
export async function readKeys(aws: Client, user: string): Promise<readonly IamKey[]> {
  const pages = await readPages((page) =>
    callAwsUnless('NoSuchEntity', 'iam:ListSSHPublicKeys', () =>
      aws.iam.send(new ListSSHPublicKeysCommand({ UserName: user, ...page }), { abortSignal: aws.signal }),
    ),
  );
  const listed = pages.flatMap(({ SSHPublicKeys = [] }) => SSHPublicKeys);
  return await Promise.all(listed.map((key) => readKey(aws, user, key)));
}

async function readKey({ iam, signal }: Client, UserName: string, listed: SSHPublicKeyMetadata) {
  const { SSHPublicKeyId } = listed;
  const answer = await callAws('iam:GetSSHPublicKey', () =>
    iam.send(new GetSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Encoding: 'SSH' }), {
      abortSignal: signal,
    }),
  );
  const { SSHPublicKeyBody = '', Fingerprint = '' } = answer.SSHPublicKey ?? {};
  return {
    id: SSHPublicKeyId ?? '',
    active: listed.Status === 'Active',
    uploaded: listed.UploadDate?.toISOString() ?? '',
    body: SSHPublicKeyBody.trim().split(/\s+/).slice(0, 2).join(' '),
    fingerprint: Fingerprint,
  };
}
