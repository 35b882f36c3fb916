import { AwsError } from '../../../src/sandbox/hosts/awsError';
import type { AwsState, ManagedPolicy } from './state';
import type { XmlValue } from './xml';

type Call = (state: AwsState, parameters: URLSearchParams) => XmlValue;

/** Of IAM's API what concerns managed policies, and the list of roles. */
export const policyCalls: Readonly<Record<string, Call>> = {
  GetPolicy(state, parameters) {
    const { arn, policy } = policyOf(state, parameters);
    return {
      Policy: {
        PolicyName: policy.name,
        Arn: arn,
        Path: policy.path,
        DefaultVersionId: policy.default,
        AttachmentCount: String(policy.attachedTo.length),
      },
    };
  },
  GetPolicyVersion(state, parameters) {
    const { policy } = policyOf(state, parameters);
    const version = need(parameters, 'VersionId');
    if (!policy.versions.has(version)) throw missing(version);
    const Document = encodeURIComponent(JSON.stringify(policy.versions.get(version)));
    return { PolicyVersion: { Document, VersionId: version, IsDefaultVersion: policy.default === version } };
  },
  ListPolicyVersions(state, parameters) {
    const { policy } = policyOf(state, parameters);
    const Versions = [...policy.versions.keys()].map((VersionId) => ({
      VersionId,
      IsDefaultVersion: policy.default === VersionId,
    }));
    return { Versions, IsTruncated: false };
  },
  CreatePolicy(state, parameters) {
    const [name, path] = [need(parameters, 'PolicyName'), parameters.get('Path') ?? '/'];
    const arn = `${state.iamArn}:policy${path}${name}`;
    if (state.policies.has(arn)) throw new AwsError(409, 'EntityAlreadyExists', `${name} already exists.`);
    const versions = new Map([['v1', JSON.parse(need(parameters, 'PolicyDocument'))]]);
    const tag = parameters.get('Tags.member.1.Value') ?? undefined;
    state.policies.set(arn, { name, path, tag, versions, default: 'v1', attachedTo: [] });
    return { Policy: { PolicyName: name, Arn: arn } };
  },
  CreatePolicyVersion(state, parameters) {
    const { policy } = policyOf(state, parameters);
    if (policy.versions.size >= 5) throw new AwsError(409, 'LimitExceeded', 'at most 5 versions');
    const next = Math.max(...[...policy.versions.keys()].map((version) => Number(version.slice(1)))) + 1;
    policy.versions.set(`v${next}`, JSON.parse(need(parameters, 'PolicyDocument')));
    if (parameters.get('SetAsDefault') === 'true') policy.default = `v${next}`;
    return { PolicyVersion: { VersionId: `v${next}` } };
  },
  DeletePolicyVersion(state, parameters) {
    const { policy } = policyOf(state, parameters);
    const version = need(parameters, 'VersionId');
    if (policy.default === version) throw new AwsError(409, 'DeleteConflict', 'the default version');
    policy.versions.delete(version);
    return undefined;
  },
  DeletePolicy(state, parameters) {
    const { arn, policy } = policyOf(state, parameters);
    if (policy.attachedTo.length > 0 || policy.versions.size > 1)
      throw new AwsError(409, 'DeleteConflict', 'Cannot delete a policy attached to entities.');
    state.policies.delete(arn);
    return undefined;
  },
  ListRoles(state, parameters) {
    const start = Number(parameters.get('Marker') ?? '0');
    const more = state.roles.size > start + state.pageSize;
    const Roles = [...state.roles].slice(start, start + state.pageSize).map(([RoleName, { path }]) => ({
      Path: path,
      RoleName,
      RoleId: 'AROAEXAMPLEEXAMPLE12',
      Arn: `${state.iamArn}:role${path}${RoleName}`,
      CreateDate: '2026-01-01T00:00:00Z',
    }));
    return { Roles, IsTruncated: more, Marker: more ? String(start + state.pageSize) : undefined };
  },
};

/**
 * Whether an attached policy denies the action to this principal: the one condition that our policy has. As in IAM, a
 * negated condition holds where its key is not given.
 */
export function isDenied(
  state: AwsState,
  { arn, action, resource, given }: { arn: string; action: string; resource: string; given: URLSearchParams },
): boolean {
  const [key, value] = [
    given.get('ContextEntries.member.1.ContextKeyName'),
    given.get('ContextEntries.member.1.ContextKeyValues.member.1'),
  ];
  const attached = [...state.policies.values()].filter(({ attachedTo }) => attachedTo.includes(arn));
  return attached.some((policy) => {
    const [statement] = Object(policy.versions.get(policy.default)).Statement;
    const except = statement.Condition.ArnNotEquals['aws:PrincipalArn'];
    const isExcepted = key === 'aws:PrincipalArn' && value === except;
    return statement.Action.includes(action) && statement.Resource === resource && !isExcepted;
  });
}

function policyOf(state: AwsState, parameters: URLSearchParams): { arn: string; policy: ManagedPolicy } {
  const arn = need(parameters, 'PolicyArn');
  const policy = state.policies.get(arn);
  if (policy === undefined) throw missing(arn);
  return { arn, policy };
}

function need(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name);
  if (value === null || value === '') throw new AwsError(400, 'ValidationError', `${name} must not be null`);
  return value;
}

function missing(what: string): AwsError {
  return new AwsError(404, 'NoSuchEntity', `Policy ${what} was not found.`);
}
