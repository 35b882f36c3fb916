import { ifThere, unlessThere } from '../../aws/client';
import { ourPath } from '../../aws/keyOwner';
import { type PolicyDocument, parsePolicy, toPartition, toRepositoryArn } from '../../aws/policy';
import { type Mirror, tagKey, toMirrorTag, toProtectionName } from '../names';
import type { Aws } from './aws';

/**
 * Each action that changes a branch or tag: by git, in the console, and through the API (CodeCommit user guide,
 * "CodeCommit permissions reference").
 */
const writeActions: readonly string[] = [
  'GitPush',
  'CreateBranch',
  'DeleteBranch',
  'CreateCommit',
  'PutFile',
  'DeleteFile',
  'MergeBranchesByFastForward',
  'MergeBranchesBySquash',
  'MergeBranchesByThreeWay',
  'MergePullRequestByFastForward',
  'MergePullRequestBySquash',
  'MergePullRequestByThreeWay',
].map((action) => `codecommit:${action}`);

/**
 * Denies these actions to everybody it is attached to, except the mirror's user or role. CodeCommit has no resource
 * policies, so it only works where it is attached. For a session of a role, `aws:PrincipalArn` is the ARN of the role
 * (IAM user guide, "AWS global condition context keys").
 */
export function toProtection(
  place: Pick<Mirror, 'region' | 'name'>,
  account: string,
  principal: string,
): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyTheMirrorPushes',
        Effect: 'Deny',
        Action: writeActions,
        Resource: toRepositoryArn(place, account),
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': principal } },
      },
    ],
  };
}

/** An existing managed policy. */
export interface Protection {
  readonly document: unknown;
  readonly version: string;
  /** The number of users, groups and roles it is attached to. */
  readonly attached: number;
}

export function toProtectionArn(mirror: Mirror, account: string): string {
  return `arn:${toPartition(mirror.region)}:iam::${account}:policy${ourPath}${toProtectionName(mirror)}`;
}

export async function readProtection({ iam }: Aws, PolicyArn: string): Promise<Protection | undefined> {
  const policy = (await ifThere(iam.getPolicy({ PolicyArn })))?.Policy;
  if (policy === undefined) return undefined;
  const { DefaultVersionId: version = '', AttachmentCount: attached = 0 } = policy;
  const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId: version });
  return { document: parsePolicy(PolicyVersion?.Document ?? ''), version, attached };
}

export async function createProtection(
  { iam }: Aws,
  mirror: Mirror,
  document: PolicyDocument,
): Promise<void> {
  const input = {
    PolicyName: toProtectionName(mirror),
    Path: ourPath,
    Description: `Denies pushes to ${mirror.name} in ${mirror.region} to all but its mirror`,
    PolicyDocument: JSON.stringify(document),
    Tags: [{ Key: tagKey, Value: toMirrorTag(mirror) }],
  };
  await unlessThere(iam.createPolicy(input));
}

/** IAM keeps at most five versions of a policy, so the replaced one is deleted. */
export async function replaceProtection(
  { iam }: Aws,
  { arn: PolicyArn, present, wanted }: { arn: string; present: Protection; wanted: PolicyDocument },
): Promise<void> {
  const PolicyDocument = JSON.stringify(wanted);
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true });
  await ifThere(iam.deletePolicyVersion({ PolicyArn, VersionId: present.version }));
}

/** Deletes versions left by an interrupted change first: IAM requires that (IAM API, DeletePolicy). */
export async function deleteProtection({ iam }: Aws, PolicyArn: string): Promise<void> {
  const { Versions = [] } = await iam.listPolicyVersions({ PolicyArn });
  for (const { VersionId, IsDefaultVersion } of Versions)
    if (!IsDefaultVersion) await ifThere(iam.deletePolicyVersion({ PolicyArn, VersionId }));
  await ifThere(iam.deletePolicy({ PolicyArn }));
}
