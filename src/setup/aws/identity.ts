import { waitUntilUserExists } from '@aws-sdk/client-iam';
import { callAws, callAwsUnless } from '../../aws/call';
import { ourPath } from '../../aws/keyOwner';
import { type PolicyDocument, parsePolicy } from '../../aws/policy';
import { tagKey } from '../names';
import type { Aws } from './aws';

/** An existing IAM user or role. */
export interface Identity {
  readonly arn: string;
  /** The value of our tag: the mirror that owns it. */
  readonly tag: string | undefined;
  /** For a role: its trust policy. */
  readonly trust: unknown;
}

/** The operations of setup on the user or role of a mirror. Every change can be repeated. */
export interface IdentityStore {
  readonly kind: 'user' | 'role';
  read(): Promise<Identity | undefined>;
  /** Created together with its tag, so that it always has an owner. Waits until IAM has it. */
  create(tag: string, trust?: PolicyDocument): Promise<void>;
  setTag(tag: string): Promise<void>;
  deleteTag(): Promise<void>;
  readPolicy(name: string): Promise<{ readonly document: unknown } | undefined>;
  putPolicy(name: string, document: PolicyDocument): Promise<void>;
  deletePolicy(name: string): Promise<void>;
  delete(): Promise<void>;
}

type Tags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[];

const toTag = (tags: Tags | undefined) => tags?.find(({ Key }) => Key === tagKey)?.Value;
const toTags = (Value: string) => [{ Key: tagKey, Value }];
const gone = 'NoSuchEntity';

export function openUser({ iam, signal: abortSignal }: Aws, UserName: string): IdentityStore {
  const options = { abortSignal };
  return {
    kind: 'user',
    async read() {
      const answer = await callAwsUnless(gone, 'iam:GetUser', () => iam.getUser({ UserName }, options));
      const user = answer?.User;
      return user && { arn: user.Arn ?? '', tag: toTag(user.Tags), trust: undefined };
    },
    async create(tag) {
      await callAws('iam:CreateUser', () =>
        iam.createUser({ UserName, Path: ourPath, Tags: toTags(tag) }, options),
      );
      await callAws('iam:GetUser', () =>
        waitUntilUserExists({ client: iam, maxWaitTime: 60, abortSignal }, { UserName }),
      );
    },
    async setTag(tag) {
      await callAws('iam:TagUser', () => iam.tagUser({ UserName, Tags: toTags(tag) }, options));
    },
    async deleteTag() {
      await callAwsUnless(gone, 'iam:UntagUser', () =>
        iam.untagUser({ UserName, TagKeys: [tagKey] }, options),
      );
    },
    async readPolicy(PolicyName) {
      const answer = await callAwsUnless(gone, 'iam:GetUserPolicy', () =>
        iam.getUserPolicy({ UserName, PolicyName }, options),
      );
      return answer && { document: parsePolicy(answer.PolicyDocument ?? '') };
    },
    async putPolicy(PolicyName, document) {
      const PolicyDocument = JSON.stringify(document);
      await callAws('iam:PutUserPolicy', () =>
        iam.putUserPolicy({ UserName, PolicyName, PolicyDocument }, options),
      );
    },
    async deletePolicy(PolicyName) {
      await callAwsUnless(gone, 'iam:DeleteUserPolicy', () =>
        iam.deleteUserPolicy({ UserName, PolicyName }, options),
      );
    },
    async delete() {
      await callAwsUnless(gone, 'iam:DeleteUser', () => iam.deleteUser({ UserName }, options));
    },
  };
}

export function openRole({ iam, signal: abortSignal }: Aws, RoleName: string): IdentityStore {
  const options = { abortSignal };
  return {
    kind: 'role',
    async read() {
      const answer = await callAwsUnless(gone, 'iam:GetRole', () => iam.getRole({ RoleName }, options));
      const role = answer?.Role;
      if (role === undefined) return undefined;
      const trust = parsePolicy(role.AssumeRolePolicyDocument ?? '');
      return { arn: role.Arn ?? '', tag: toTag(role.Tags), trust };
    },
    async create(tag, trust) {
      const AssumeRolePolicyDocument = JSON.stringify(trust);
      await callAws('iam:CreateRole', () =>
        iam.createRole({ RoleName, Path: ourPath, Tags: toTags(tag), AssumeRolePolicyDocument }, options),
      );
    },
    async setTag(tag) {
      await callAws('iam:TagRole', () => iam.tagRole({ RoleName, Tags: toTags(tag) }, options));
    },
    async deleteTag() {
      await callAwsUnless(gone, 'iam:UntagRole', () =>
        iam.untagRole({ RoleName, TagKeys: [tagKey] }, options),
      );
    },
    async readPolicy(PolicyName) {
      const answer = await callAwsUnless(gone, 'iam:GetRolePolicy', () =>
        iam.getRolePolicy({ RoleName, PolicyName }, options),
      );
      return answer && { document: parsePolicy(answer.PolicyDocument ?? '') };
    },
    async putPolicy(PolicyName, document) {
      const PolicyDocument = JSON.stringify(document);
      await callAws('iam:PutRolePolicy', () =>
        iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument }, options),
      );
    },
    async deletePolicy(PolicyName) {
      await callAwsUnless(gone, 'iam:DeleteRolePolicy', () =>
        iam.deleteRolePolicy({ RoleName, PolicyName }, options),
      );
    },
    async delete() {
      await callAwsUnless(gone, 'iam:DeleteRole', () => iam.deleteRole({ RoleName }, options));
    },
  };
}

/** Replaces the trust policy of a role. */
export async function putTrust({ iam, signal: abortSignal }: Aws, RoleName: string, trust: PolicyDocument) {
  const PolicyDocument = JSON.stringify(trust);
  await callAws('iam:UpdateAssumeRolePolicy', () =>
    iam.updateAssumeRolePolicy({ RoleName, PolicyDocument }, { abortSignal }),
  );
}

/** Uploads a public key to a user and returns its ID. */
export async function uploadKey({ iam, signal: abortSignal }: Aws, UserName: string, publicKey: string) {
  const answer = await callAws('iam:UploadSSHPublicKey', () =>
    iam.uploadSSHPublicKey({ UserName, SSHPublicKeyBody: publicKey }, { abortSignal }),
  );
  return answer.SSHPublicKey?.SSHPublicKeyId ?? '';
}

export async function setKeyStatus(
  { iam, signal: abortSignal }: Aws,
  { user, id }: { user: string; id: string },
  Status: 'Active' | 'Inactive',
) {
  await callAws('iam:UpdateSSHPublicKey', () =>
    iam.updateSSHPublicKey({ UserName: user, SSHPublicKeyId: id, Status }, { abortSignal }),
  );
}

export async function deleteKey(
  { iam, signal: abortSignal }: Aws,
  { user, id }: { user: string; id: string },
) {
  await callAwsUnless(gone, 'iam:DeleteSSHPublicKey', () =>
    iam.deleteSSHPublicKey({ UserName: user, SSHPublicKeyId: id }, { abortSignal }),
  );
}
