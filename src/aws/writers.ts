import {
  type IAMClient,
  paginateListRoles,
  paginateSimulatePrincipalPolicy,
  type Role,
} from '@aws-sdk/client-iam';
import { collectPages } from './client';
import { readUsers } from './keyOwner';

/**
 * The actions that AWS would refuse to this user or role on this resource. IAM evaluates inline and attached policies,
 * those of groups, and permission boundaries, and this needs only one permission.
 */
export async function readRefused(
  client: IAMClient,
  { principal, actions, resource }: { principal: string; actions: readonly string[]; resource: string },
): Promise<readonly string[]> {
  // Without the principal, IAM evaluates a condition on it as never fulfilled.
  const [ContextKeyName, ContextKeyValues] = ['aws:PrincipalArn', [principal]];
  const pages = await collectPages(
    paginateSimulatePrincipalPolicy(
      { client },
      {
        PolicySourceArn: principal,
        ActionNames: [...actions],
        ResourceArns: [resource],
        ContextEntries: [{ ContextKeyName, ContextKeyType: 'string', ContextKeyValues }],
      },
    ),
  );
  const results = pages.flatMap(({ EvaluationResults = [] }) => EvaluationResults);
  const allowed = results.filter(({ EvalDecision }) => EvalDecision === 'allowed');
  return actions.filter((action) => !allowed.some(({ EvalActionName }) => EvalActionName === action));
}

/** Users and roles that may push to a repository, according to IAM. */
export interface Writers {
  /** ARNs. */
  readonly writers: readonly string[];
  /** The number of users and roles checked, and their total: an account may have thousands. */
  readonly asked: number;
  readonly total: number;
}

/** Each needs one request, and IAM throttles more than a few per second. */
const askedAtMost = 200;
const atOnce = 4;

/**
 * Asks IAM whether each user and role except `mirror` may push to the repository, according to all policies and
 * boundaries that apply. Not included: the root user, conditions of service control policies, and session policies.
 * Users come first, then roles of IAM Identity Center. Throws MirrorError, including PermissionMissing.
 */
export async function findWriters(
  client: IAMClient,
  { mirror, repository }: { readonly mirror: string; readonly repository: string },
): Promise<Writers> {
  const [users, roles] = await Promise.all([readUsers(client), readRoles(client)]);
  const others = [...users.map(({ arn }) => arn), ...roles].filter((arn) => arn !== mirror);
  const asked = others.slice(0, askedAtMost);
  const writers = new Set<string>();
  const queue = asked.values();
  const work = async () => {
    for (const principal of queue) {
      const question = { principal, actions: ['codecommit:GitPush'], resource: repository };
      if ((await readRefused(client, question)).length === 0) writers.add(principal);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { writers: asked.filter((arn) => writers.has(arn)), asked: asked.length, total: others.length };
}

/** ARNs, without the roles of AWS services, which nobody else can assume. */
async function readRoles(client: IAMClient): Promise<readonly string[]> {
  const pages = await collectPages(paginateListRoles({ client }, {}));
  const roles = pages.flatMap(({ Roles = [] }) => Roles);
  const open = roles.filter(({ Path }) => !Path?.startsWith('/aws-service-role/'));
  const isOfPeople = ({ Path }: Role) => Path?.startsWith('/aws-reserved/sso.amazonaws.com/') === true;
  return [...open.filter(isOfPeople), ...open.filter((role) => !isOfPeople(role))].map(({ Arn = '' }) => Arn);
}
