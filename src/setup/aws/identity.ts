import { setTimeout as wait } from 'node:timers/promises';
import { ifThere } from '../../aws/client';
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

const secondsAtMost = 60;

export function openUser({ iam }: Aws, UserName: string): IdentityStore {
  return {
    kind: 'user',
    async read() {
      const user = (await ifThere(iam.getUser({ UserName })))?.User;
      return user && { arn: user.Arn ?? '', tag: toTag(user.Tags), trust: undefined };
    },
    async create(tag) {
      await iam.createUser({ UserName, Path: ourPath, Tags: toTags(tag) });
      for (let second = 0; second < secondsAtMost && (await this.read()) === undefined; second++)
        await wait(1_000);
    },
    async setTag(tag) {
      await iam.tagUser({ UserName, Tags: toTags(tag) });
    },
    async deleteTag() {
      await ifThere(iam.untagUser({ UserName, TagKeys: [tagKey] }));
    },
    async readPolicy(PolicyName) {
      const answer = await ifThere(iam.getUserPolicy({ UserName, PolicyName }));
      return answer && { document: parsePolicy(answer.PolicyDocument ?? '') };
    },
    async putPolicy(PolicyName, document) {
      await iam.putUserPolicy({ UserName, PolicyName, PolicyDocument: JSON.stringify(document) });
    },
    async deletePolicy(PolicyName) {
      await ifThere(iam.deleteUserPolicy({ UserName, PolicyName }));
    },
    async delete() {
      await ifThere(iam.deleteUser({ UserName }));
    },
  };
}

export function openRole({ iam }: Aws, RoleName: string): IdentityStore {
  return {
    kind: 'role',
    async read() {
      const role = (await ifThere(iam.getRole({ RoleName })))?.Role;
      const trust = parsePolicy(role?.AssumeRolePolicyDocument ?? '');
      return role && { arn: role.Arn ?? '', tag: toTag(role.Tags), trust };
    },
    async create(tag, trust) {
      const AssumeRolePolicyDocument = JSON.stringify(trust);
      await iam.createRole({ RoleName, Path: ourPath, Tags: toTags(tag), AssumeRolePolicyDocument });
    },
    async setTag(tag) {
      await iam.tagRole({ RoleName, Tags: toTags(tag) });
    },
    async deleteTag() {
      await ifThere(iam.untagRole({ RoleName, TagKeys: [tagKey] }));
    },
    async readPolicy(PolicyName) {
      const answer = await ifThere(iam.getRolePolicy({ RoleName, PolicyName }));
      return answer && { document: parsePolicy(answer.PolicyDocument ?? '') };
    },
    async putPolicy(PolicyName, document) {
      await iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: JSON.stringify(document) });
    },
    async deletePolicy(PolicyName) {
      await ifThere(iam.deleteRolePolicy({ RoleName, PolicyName }));
    },
    async delete() {
      await ifThere(iam.deleteRole({ RoleName }));
    },
  };
}

/** Replaces the trust policy of a role. */
export async function putTrust({ iam }: Aws, RoleName: string, trust: PolicyDocument): Promise<void> {
  await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: JSON.stringify(trust) });
}

/** Uploads a public key to a user and returns its ID. */
export async function uploadKey({ iam }: Aws, UserName: string, SSHPublicKeyBody: string): Promise<string> {
  const { SSHPublicKey } = await iam.uploadSSHPublicKey({ UserName, SSHPublicKeyBody });
  return SSHPublicKey?.SSHPublicKeyId ?? '';
}

export async function deactivateKey({ iam }: Aws, UserName: string, SSHPublicKeyId: string): Promise<void> {
  await iam.updateSSHPublicKey({ UserName, SSHPublicKeyId, Status: 'Inactive' });
}

export async function deleteKey({ iam }: Aws, UserName: string, SSHPublicKeyId: string): Promise<void> {
  await ifThere(iam.deleteSSHPublicKey({ UserName, SSHPublicKeyId }));
}
