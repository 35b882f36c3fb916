import { type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { callAws, readPages } from './call';

/**
 * The actions that AWS would refuse to this user or role on this resource. IAM evaluates inline and attached policies,
 * those of groups, and permission boundaries, and this needs only one permission.
 */
export async function readRefused(
  { iam, signal }: { readonly iam: IAMClient; readonly signal: AbortSignal },
  { principal, actions, resource }: { principal: string; actions: readonly string[]; resource: string },
): Promise<readonly string[]> {
  const input = {
    PolicySourceArn: principal,
    ActionNames: [...actions],
    ResourceArns: [resource],
    // Without it, IAM evaluates a condition on the principal as never fulfilled.
    ContextEntries: [
      {
        ContextKeyName: 'aws:PrincipalArn',
        ContextKeyType: 'string' as const,
        ContextKeyValues: [principal],
      },
    ],
  };
  const pages = await readPages((page) =>
    callAws('iam:SimulatePrincipalPolicy', () =>
      iam.send(new SimulatePrincipalPolicyCommand({ ...input, ...page }), { abortSignal: signal }),
    ),
  );
  const results = pages.flatMap(({ EvaluationResults = [] }) => EvaluationResults);
  const allowed = results.flatMap(({ EvalActionName, EvalDecision }) =>
    EvalDecision === 'allowed' && EvalActionName !== undefined ? [EvalActionName] : [],
  );
  return actions.filter((action) => !allowed.includes(action));
}
