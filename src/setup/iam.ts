import {
  CreateUserCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetSSHPublicKeyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListSSHPublicKeysCommand,
  PutUserPolicyCommand,
  type SSHPublicKeyMetadata,
  UpdateSSHPublicKeyCommand,
  UploadSSHPublicKeyCommand,
  waitUntilUserExists,
} from '@aws-sdk/client-iam';
import { type Aws, callAws, callAwsUnless } from './aws';
import { awsFailed, type ListedKey } from './errors';
import { type PolicyDocument, parsePolicy } from './policy';

/** An SSH public key of a user. */
export interface IamKey extends ListedKey {
  /** MD5 of the wire format, as lower-case hexadecimal pairs with colons. */
  readonly fingerprint: string;
}

/** What setup makes at IAM has this path: `--remove` takes away nothing else. */
export const ourPath = '/codecommit-mirror/';

export async function readUser({ iam, signal }: Aws, UserName: string) {
  const answer = await callAwsUnless(['NoSuchEntity'], 'iam:GetUser', () =>
    iam.send(new GetUserCommand({ UserName }), { abortSignal: signal }),
  );
  return answer && { path: answer.User?.Path ?? '/' };
}

/** Gives the document; undefined where there is no such policy. */
export async function readUserPolicy({ iam, signal }: Aws, UserName: string, PolicyName: string) {
  const answer = await callAwsUnless(['NoSuchEntity'], 'iam:GetUserPolicy', () =>
    iam.send(new GetUserPolicyCommand({ UserName, PolicyName }), { abortSignal: signal }),
  );
  return answer && { document: parsePolicy(answer.PolicyDocument ?? '') };
}

/** Every key of the user, in the order of IAM's list; none where there is no such user. */
export async function readKeys(aws: Pick<Aws, 'iam' | 'signal'>, user: string): Promise<readonly IamKey[]> {
  const listed: SSHPublicKeyMetadata[] = [];
  let Marker: string | undefined;
  do {
    const page = { UserName: user, ...(Marker !== undefined && { Marker }) };
    const answer = await callAwsUnless(['NoSuchEntity'], 'iam:ListSSHPublicKeys', () =>
      aws.iam.send(new ListSSHPublicKeysCommand(page), { abortSignal: aws.signal }),
    );
    listed.push(...(answer?.SSHPublicKeys ?? []));
    Marker = answer?.IsTruncated ? answer.Marker : undefined;
  } while (Marker !== undefined);
  return await Promise.all(listed.map((key) => readKey(aws, user, key)));
}

async function readKey(
  { iam, signal }: Pick<Aws, 'iam' | 'signal'>,
  UserName: string,
  listed: SSHPublicKeyMetadata,
): Promise<IamKey> {
  const { SSHPublicKeyId } = listed;
  const answer = await callAws('iam:GetSSHPublicKey', () =>
    iam.send(new GetSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Encoding: 'SSH' }), {
      abortSignal: signal,
    }),
  );
  return {
    id: SSHPublicKeyId ?? '',
    active: listed.Status === 'Active',
    uploaded: listed.UploadDate?.toISOString() ?? '',
    fingerprint: answer.SSHPublicKey?.Fingerprint ?? '',
  };
}

/** Makes the user, and waits until IAM knows it everywhere. */
export async function ensureUser({ iam, signal }: Aws, UserName: string): Promise<void> {
  await callAwsUnless(['EntityAlreadyExists'], 'iam:CreateUser', () =>
    iam.send(new CreateUserCommand({ UserName, Path: ourPath }), { abortSignal: signal }),
  );
  await callAws('iam:GetUser', () =>
    waitUntilUserExists({ client: iam, maxWaitTime: 60, abortSignal: signal }, { UserName }),
  );
}

export async function ensureUserPolicy(
  { iam, signal }: Aws,
  UserName: string,
  PolicyName: string,
  document: PolicyDocument,
): Promise<void> {
  const PolicyDocument = JSON.stringify(document);
  await callAws('iam:PutUserPolicy', () =>
    iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }), { abortSignal: signal }),
  );
}

/** Uploads a public key and gives its id; where IAM has it already, the id that it has. */
export async function ensureKey(aws: Aws, user: string, publicKey: string, fingerprint: string) {
  const answer = await callAwsUnless(['DuplicateSSHPublicKey'], 'iam:UploadSSHPublicKey', () =>
    aws.iam.send(new UploadSSHPublicKeyCommand({ UserName: user, SSHPublicKeyBody: publicKey }), {
      abortSignal: aws.signal,
    }),
  );
  const id = answer?.SSHPublicKey?.SSHPublicKeyId;
  if (id !== undefined) return id;
  const known = (await readKeys(aws, user)).find((key) => key.fingerprint === fingerprint);
  if (known !== undefined) return known.id;
  throw awsFailed('iam:UploadSSHPublicKey', 'DuplicateSSHPublicKey', fingerprint);
}

export async function ensureKeyActive({ iam, signal }: Aws, UserName: string, SSHPublicKeyId: string) {
  await callAws('iam:UpdateSSHPublicKey', () =>
    iam.send(new UpdateSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Status: 'Active' }), {
      abortSignal: signal,
    }),
  );
}

export async function deleteKey({ iam, signal }: Aws, UserName: string, SSHPublicKeyId: string) {
  await callAwsUnless(['NoSuchEntity'], 'iam:DeleteSSHPublicKey', () =>
    iam.send(new DeleteSSHPublicKeyCommand({ UserName, SSHPublicKeyId }), { abortSignal: signal }),
  );
}

export async function deleteUserPolicy({ iam, signal }: Aws, UserName: string, PolicyName: string) {
  await callAwsUnless(['NoSuchEntity'], 'iam:DeleteUserPolicy', () =>
    iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }), { abortSignal: signal }),
  );
}

export async function deleteUser({ iam, signal }: Aws, UserName: string) {
  await callAwsUnless(['NoSuchEntity'], 'iam:DeleteUser', () =>
    iam.send(new DeleteUserCommand({ UserName }), { abortSignal: signal }),
  );
}
