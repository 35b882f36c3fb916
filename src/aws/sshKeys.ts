import {
  GetSSHPublicKeyCommand,
  type IAMClient,
  paginateListSSHPublicKeys,
  type SSHPublicKeyMetadata,
} from '@aws-sdk/client-iam';
import { collectPages, ifThere } from './client';

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

/** Every key of the user, in the order of IAM's list. Empty if the user does not exist. */
export async function readKeys(client: IAMClient, user: string): Promise<readonly IamKey[]> {
  const pages = await ifThere(collectPages(paginateListSSHPublicKeys({ client }, { UserName: user })));
  const listed = pages?.flatMap(({ SSHPublicKeys = [] }) => SSHPublicKeys) ?? [];
  return await Promise.all(listed.map((key) => readKey(client, user, key)));
}

async function readKey(client: IAMClient, UserName: string, listed: SSHPublicKeyMetadata): Promise<IamKey> {
  const { SSHPublicKeyId } = listed;
  const command = new GetSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Encoding: 'SSH' });
  const { SSHPublicKeyBody = '', Fingerprint = '' } = (await client.send(command)).SSHPublicKey ?? {};
  return {
    id: SSHPublicKeyId ?? '',
    active: listed.Status === 'Active',
    uploaded: listed.UploadDate?.toISOString() ?? '',
    body: SSHPublicKeyBody.trim().split(/\s+/).slice(0, 2).join(' '),
    fingerprint: Fingerprint,
  };
}
