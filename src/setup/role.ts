import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { type Aws, callAws, callAwsUnless, look, type Seen, toPartition } from './aws';
import type { RepositoryIds } from './bitbucket';
import { readAccount } from './codecommit';
import { ourPath } from './iam';
import { type PolicyDocument, parsePolicy, toPolicyName } from './policy';
import type { SetupRequest } from './request';

/** An IAM role that the steps of the repository may take on, without keys. */
export interface RoleSituation {
  readonly kind: 'role';
  readonly provider: Seen<{ readonly audiences: readonly string[] } | undefined>;
  readonly role: Seen<{ readonly path: string; readonly arn: string; readonly trust: unknown } | undefined>;
  readonly policy: Seen<{ readonly document: unknown } | undefined>;
}

/** Bitbucket's issuer of tokens, one a workspace. */
function toIssuer({ workspace }: Pick<SetupRequest, 'workspace'>): string {
  return `api.bitbucket.org/2.0/workspaces/${workspace}/pipelines-config/identity/oidc`;
}

export function toAudience({ workspace }: RepositoryIds): string {
  return `ari:cloud:bitbucket::workspace/${withoutBraces(workspace)}`;
}

function withoutBraces(uuid: string): string {
  return uuid.replace(/^\{|\}$/g, '');
}

export function toProviderArn(request: SetupRequest, account: string): string {
  return `arn:${toPartition(request.region)}:iam::${account}:oidc-provider/${toIssuer(request)}`;
}

export function toRoleArn({ region, user }: SetupRequest, account: string): string {
  return `arn:${toPartition(region)}:iam::${account}:role${ourPath}${user}`;
}

/**
 * Trusts the tokens of this workspace's audience that were given to steps of this repository. A token's subject
 * begins with the repository's id, with or without braces.
 */
export function toTrust(request: SetupRequest, account: string, ids: RepositoryIds): PolicyDocument {
  const issuer = toIssuer(request);
  const id = withoutBraces(ids.repository);
  const Condition = {
    StringEquals: { [`${issuer}:aud`]: toAudience(ids) },
    StringLike: { [`${issuer}:sub`]: [`{${id}}:*`, `${id}:*`] },
  };
  const Principal = { Federated: toProviderArn(request, account) };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRoleWithWebIdentity', Condition }];
  return { Version: '2012-10-17', Statement };
}

export async function readRoleSituation(request: SetupRequest, aws: Aws): Promise<RoleSituation> {
  const [provider, role, policy] = await Promise.all([
    look(async () => readProvider(aws, toProviderArn(request, await readAccount(aws)))),
    look(() => readRole(aws, request.user)),
    look(() => readRolePolicy(aws, request.user, toPolicyName(request))),
  ]);
  return { kind: 'role', provider, role, policy };
}

async function readProvider({ iam, signal }: Aws, OpenIDConnectProviderArn: string) {
  const answer = await callAwsUnless(['NoSuchEntity'], 'iam:GetOpenIDConnectProvider', () =>
    iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }), { abortSignal: signal }),
  );
  return answer && { audiences: answer.ClientIDList ?? [] };
}

async function readRole({ iam, signal }: Aws, RoleName: string) {
  const answer = await callAwsUnless(['NoSuchEntity'], 'iam:GetRole', () =>
    iam.send(new GetRoleCommand({ RoleName }), { abortSignal: signal }),
  );
  const role = answer?.Role;
  if (role === undefined) return undefined;
  const trust = parsePolicy(role.AssumeRolePolicyDocument ?? '');
  return { path: role.Path ?? '/', arn: role.Arn ?? '', trust };
}

async function readRolePolicy({ iam, signal }: Aws, RoleName: string, PolicyName: string) {
  const answer = await callAwsUnless(['NoSuchEntity'], 'iam:GetRolePolicy', () =>
    iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }), { abortSignal: signal }),
  );
  return answer && { document: parsePolicy(answer.PolicyDocument ?? '') };
}

export async function ensureProvider({ iam, signal }: Aws, request: SetupRequest, ids: RepositoryIds) {
  const input = { Url: `https://${toIssuer(request)}`, ClientIDList: [toAudience(ids)] };
  await callAwsUnless(['EntityAlreadyExists'], 'iam:CreateOpenIDConnectProvider', () =>
    iam.send(new CreateOpenIDConnectProviderCommand(input), { abortSignal: signal }),
  );
}

export async function ensureAudience({ iam, signal }: Aws, arn: string, ids: RepositoryIds) {
  const input = { OpenIDConnectProviderArn: arn, ClientID: toAudience(ids) };
  await callAws('iam:AddClientIDToOpenIDConnectProvider', () =>
    iam.send(new AddClientIDToOpenIDConnectProviderCommand(input), { abortSignal: signal }),
  );
}

export async function ensureRole({ iam, signal }: Aws, RoleName: string, trust: PolicyDocument) {
  const input = { RoleName, Path: ourPath, AssumeRolePolicyDocument: JSON.stringify(trust) };
  await callAwsUnless(['EntityAlreadyExists'], 'iam:CreateRole', () =>
    iam.send(new CreateRoleCommand(input), { abortSignal: signal }),
  );
}

export async function ensureTrust({ iam, signal }: Aws, RoleName: string, trust: PolicyDocument) {
  const input = { RoleName, PolicyDocument: JSON.stringify(trust) };
  await callAws('iam:UpdateAssumeRolePolicy', () =>
    iam.send(new UpdateAssumeRolePolicyCommand(input), { abortSignal: signal }),
  );
}

export async function ensureRolePolicy(
  { iam, signal }: Aws,
  RoleName: string,
  PolicyName: string,
  document: PolicyDocument,
) {
  const input = { RoleName, PolicyName, PolicyDocument: JSON.stringify(document) };
  await callAws('iam:PutRolePolicy', () =>
    iam.send(new PutRolePolicyCommand(input), { abortSignal: signal }),
  );
}

export async function deleteRolePolicy({ iam, signal }: Aws, RoleName: string, PolicyName: string) {
  await callAwsUnless(['NoSuchEntity'], 'iam:DeleteRolePolicy', () =>
    iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }), { abortSignal: signal }),
  );
}

export async function deleteRole({ iam, signal }: Aws, RoleName: string) {
  await callAwsUnless(['NoSuchEntity'], 'iam:DeleteRole', () =>
    iam.send(new DeleteRoleCommand({ RoleName }), { abortSignal: signal }),
  );
}
