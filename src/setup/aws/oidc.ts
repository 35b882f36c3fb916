import { ifThere, unlessThere } from '../../aws/client';
import { type PolicyDocument, toPartition } from '../../aws/policy';
import type { RepositoryIds } from '../bitbucket/bitbucket';
import type { SetupRequest } from '../request';
import type { Aws } from './aws';

/** Bitbucket's issuer of tokens, one for each workspace. */
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

/** Identifies our statement in a trust policy, so that it can be removed from a shared one. */
const statementId = 'CodecommitMirror';

/**
 * Trusts tokens with this workspace's default audience that were issued to steps of this repository. The subject of a
 * token starts with the repository's ID, with or without braces.
 */
export function toTrust(request: SetupRequest, account: string, ids: RepositoryIds): PolicyDocument {
  const issuer = toIssuer(request);
  const id = withoutBraces(ids.repository);
  const Condition = {
    StringEquals: { [`${issuer}:aud`]: toAudience(ids) },
    StringLike: { [`${issuer}:sub`]: [`{${id}}:*`, `${id}:*`] },
  };
  const Principal = { Federated: toProviderArn(request, account) };
  const Action = 'sts:AssumeRoleWithWebIdentity';
  const Statement = [{ Sid: statementId, Effect: 'Allow', Principal, Action, Condition }];
  return { Version: '2012-10-17', Statement };
}

/** A role's own trust policy with our statement added, or replaced. */
export function addTrust(present: unknown, ours: PolicyDocument): PolicyDocument {
  return { ...toRecord(present), Statement: [...withoutTrust(present), ...toStatements(ours)] };
}

/** A trust policy without our statement. Undefined if it has none. */
export function removeTrust(present: unknown): PolicyDocument | undefined {
  const rest = withoutTrust(present);
  return rest.length === toStatements(present).length ? undefined : { ...toRecord(present), Statement: rest };
}

function withoutTrust(document: unknown): unknown[] {
  return toStatements(document).filter((each) => toRecord(each)['Sid'] !== statementId);
}

/** A policy may have a single statement without a list. */
function toStatements(document: unknown): unknown[] {
  return [toRecord(document)['Statement'] ?? []].flat();
}

function toRecord(value: unknown): PolicyDocument {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export async function readProvider({ iam }: Aws, OpenIDConnectProviderArn: string) {
  const answer = await ifThere(iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn }));
  return answer && { audiences: answer.ClientIDList ?? [] };
}

/** Without thumbprints: AWS verifies the issuer's certificate with its own list of authorities. */
export async function createProvider({ iam }: Aws, request: SetupRequest, ids: RepositoryIds): Promise<void> {
  const input = { Url: `https://${toIssuer(request)}`, ClientIDList: [toAudience(ids)] };
  await unlessThere(iam.createOpenIDConnectProvider(input));
}

export async function addAudience({ iam }: Aws, arn: string, ids: RepositoryIds): Promise<void> {
  const input = { OpenIDConnectProviderArn: arn, ClientID: toAudience(ids) };
  await iam.addClientIDToOpenIDConnectProvider(input);
}
