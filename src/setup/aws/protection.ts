import { callAws, callAwsUnless } from '../../aws/call';
import { ourPath } from '../../aws/keyOwner';
import {
  isSamePolicy,
  type PolicyDocument,
  parsePolicy,
  toPartition,
  toRepositoryArn,
} from '../../aws/policy';
import { tagKey, toMirrorTag, toProtectionName } from '../names';
import type { SetupRequest } from '../request';
import type { Hands, Situation } from '../steps/situation';
import { decide, type Step } from '../steps/step';
import type { Aws, Seen } from './aws';
import { toDifference, toIdentityArn } from './identityPlan';

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
 * Denies these actions to everybody whom it is attached to but the mirror's user or role. CodeCommit has no policies
 * of resources, so it works only where it is attached. `aws:PrincipalArn` of a role's session is the ARN of the role
 * (IAM user guide, "AWS global condition context keys").
 */
export function toProtection(
  place: Pick<SetupRequest, 'region' | 'name'>,
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

/** A managed policy as it is. */
export interface Protection {
  readonly document: unknown;
  readonly version: string;
  /** How many users, groups and roles it is attached to. */
  readonly attached: number;
}

export function toProtectionArn(request: SetupRequest, account: string): string {
  return `arn:${toPartition(request.region)}:iam::${account}:policy${ourPath}${toProtectionName(request)}`;
}

export async function readProtection(
  { iam, signal: abortSignal }: Aws,
  PolicyArn: string,
): Promise<Protection | undefined> {
  const answer = await callAwsUnless('NoSuchEntity', 'iam:GetPolicy', () =>
    iam.getPolicy({ PolicyArn }, { abortSignal }),
  );
  if (answer?.Policy === undefined) return undefined;
  const { DefaultVersionId: version = '', AttachmentCount: attached = 0 } = answer.Policy;
  const content = await callAws('iam:GetPolicyVersion', () =>
    iam.getPolicyVersion({ PolicyArn, VersionId: version }, { abortSignal }),
  );
  return { document: parsePolicy(content.PolicyVersion?.Document ?? ''), version, attached };
}

/** The document that fits this mirror. */
export function toProtectionOf(situation: Situation, request: SetupRequest): PolicyDocument {
  return toProtection(request, situation.account, toIdentityArn(situation, request));
}

export function planProtection(
  seen: Seen<Protection | undefined>,
  situation: Situation,
  { request, aws }: Hands,
): Step {
  const name = toProtectionName(request);
  const wanted = toProtectionOf(situation, request);
  const arn = toProtectionArn(request, situation.account);
  return decide(`IAM policy ${name}`, seen, (present) => {
    if (present === undefined) {
      const note = 'denies others to push, where you attach it';
      return { state: 'create', note, run: () => createProtection(aws, request, wanted) };
    }
    if (isSamePolicy(present.document, wanted)) return { state: 'exists', note: toAttached(present) };
    const note = toDifference(present.document, wanted);
    return { state: 'change', note, run: () => replaceProtection(aws, { arn, present, wanted }) };
  });
}

function toAttached({ attached }: Protection): string {
  if (attached === 0) return 'attached to nobody: it denies nothing yet';
  return `attached ${attached === 1 ? 'once' : `${attached} times`}`;
}

async function createProtection(
  { iam, signal: abortSignal }: Aws,
  request: SetupRequest,
  document: PolicyDocument,
) {
  const input = {
    PolicyName: toProtectionName(request),
    Path: ourPath,
    Description: `Denies pushes to ${request.name} in ${request.region} to all but its mirror`,
    PolicyDocument: JSON.stringify(document),
    Tags: [{ Key: tagKey, Value: toMirrorTag(request) }],
  };
  await callAwsUnless('EntityAlreadyExists', 'iam:CreatePolicy', () =>
    iam.createPolicy(input, { abortSignal }),
  );
}

/** IAM keeps five versions of a policy: the one that is replaced goes, so there is always room. */
async function replaceProtection(
  { iam, signal: abortSignal }: Aws,
  { arn: PolicyArn, present, wanted }: { arn: string; present: Protection; wanted: PolicyDocument },
) {
  const PolicyDocument = JSON.stringify(wanted);
  await callAws('iam:CreatePolicyVersion', () =>
    iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true }, { abortSignal }),
  );
  await callAwsUnless('NoSuchEntity', 'iam:DeletePolicyVersion', () =>
    iam.deletePolicyVersion({ PolicyArn, VersionId: present.version }, { abortSignal }),
  );
}

/** Removes ours unless it is attached: who attached it detaches it. */
export async function planProtectionRemoval({ request, aws }: Hands, account: string): Promise<Step[]> {
  const arn = toProtectionArn(request, account);
  const present = await readProtection(aws, arn);
  if (present === undefined) return [];
  const title = `IAM policy ${toProtectionName(request)}`;
  if (present.attached > 0) {
    const note = `${toAttached(present)}: detach it (aws iam list-entities-for-policy --policy-arn ${arn}), then run --remove again`;
    return [{ title, state: 'by-hand', note }];
  }
  return [{ title, state: 'remove', run: () => deleteProtection(aws, arn) }];
}

/** Versions that an interrupted change left go first: IAM deletes no policy that has any (IAM API, DeletePolicy). */
async function deleteProtection({ iam, signal: abortSignal }: Aws, PolicyArn: string) {
  const listed = await callAws('iam:ListPolicyVersions', () =>
    iam.listPolicyVersions({ PolicyArn }, { abortSignal }),
  );
  for (const { VersionId, IsDefaultVersion } of listed.Versions ?? [])
    if (!IsDefaultVersion)
      await callAwsUnless('NoSuchEntity', 'iam:DeletePolicyVersion', () =>
        iam.deletePolicyVersion({ PolicyArn, VersionId }, { abortSignal }),
      );
  await callAwsUnless('NoSuchEntity', 'iam:DeletePolicy', () =>
    iam.deletePolicy({ PolicyArn }, { abortSignal }),
  );
}
