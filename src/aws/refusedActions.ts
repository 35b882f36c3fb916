import { type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { callAws } from './call';

/**
 * The actions that AWS would refuse to this user or role on this resource. IAM evaluates inline and attached policies,
 * those of groups, and permission boundaries, and this needs only one permission.
 */
export async function readRefused(
  { iam, signal }: { readonly iam: IAMClient; readonly signal: AbortSignal },
  { principal, actions, resource }: { principal: string; actions: readonly string[]; resource: string },
): Promise<readonly string[]> {
  const allowed = new Set<string>();
  let Marker: string | undefined;
  do {
    const page = Marker === undefined ? {} : { Marker };
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
      ...page,
    };
    const answer = await callAws('iam:SimulatePrincipalPolicy', () =>
      iam.send(new SimulatePrincipalPolicyCommand(input), { abortSignal: signal }),
    );
    for (const { EvalActionName = '', EvalDecision } of answer.EvaluationResults ?? [])
      if (EvalDecision === 'allowed') allowed.add(EvalActionName);
    Marker = answer.IsTruncated ? answer.Marker : undefined;
  } while (Marker !== undefined);
  return actions.filter((action) => !allowed.has(action));
}
