import { planAddress, planEnabled, planVariable } from './bitbucketPlan';
import { isSamePolicy, toGitPolicy, toPolicyName } from './policy';
import type { SetupRequest } from './request';
import { type RoleSituation, toAudience, toProviderArn, toRoleArn, toTrust } from './role';
import type { BitbucketSituation } from './situation';
import { type Action, decide, type Step } from './step';

/** The variable of the repository on Bitbucket that the step uses. */
export const roleVariable = 'CODECOMMIT_ROLE_ARN';

/** Identity provider, role, trust and permission in place of user, key and known host. */
export function planRole(
  situation: RoleSituation,
  bitbucket: BitbucketSituation,
  request: SetupRequest,
  account: string,
): Step[] {
  const { role, policy, provider } = situation;
  const present = 'missing' in role ? undefined : role.value;
  const trust = toTrust(request, account, bitbucket.ids);
  const document = toGitPolicy(request, account);
  const policyAction: Action = { do: 'put-role-policy', document };
  const arn = toProviderArn(request, account);
  return [
    decide(`IAM identity provider of the workspace ${request.workspace}`, provider, (known) => {
      if (known === undefined) return { state: 'make', action: { do: 'create-provider' } };
      return known.audiences.includes(toAudience(bitbucket.ids))
        ? { state: 'exists' }
        : { state: 'change', note: 'its audience is added', action: { do: 'add-audience', arn } };
    }),
    decide(`IAM role ${request.user}`, role, (known) => {
      const note = `trusts the steps of ${request.workspace}/${request.repository} alone`;
      if (known === undefined) return { state: 'make', note, action: { do: 'create-role', trust } };
      if (isSamePolicy(known.trust, trust)) return { state: 'exists' };
      return {
        state: 'change',
        note: `its trust policy is replaced: it ${note}`,
        action: { do: 'put-trust', trust },
      };
    }),
    decide(`IAM policy ${toPolicyName(request)}`, policy, (known) => {
      const note = 'codecommit:GitPull and GitPush on this repository alone';
      if (known === undefined) return { state: 'make', note, action: policyAction };
      if (isSamePolicy(known.document, document)) return { state: 'exists' };
      return { state: 'change', note: `to ${note}`, action: policyAction };
    }),
    planEnabled(bitbucket),
    planVariable(bitbucket, roleVariable, present?.arn ?? toRoleArn(request, account)),
    ...planAddress(bitbucket, request),
  ];
}
