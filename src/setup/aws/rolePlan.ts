import { isSamePolicy } from '../../aws/policy';
import { tokenNeeded } from '../errors';
import type { Hands, Situation } from '../steps/situation';
import { decide, type Step } from '../steps/step';
import { putTrust } from './identity';
import { type Ownership, planIdentity, planPolicy, toDifference } from './identityPlan';
import { addAudience, addTrust, createProvider, toAudience, toProviderArn, toTrust } from './oidc';

/** Plans identity provider, role, trust and policy instead of user and key. Throws MirrorError without a token. */
export function planRole(situation: Situation, hands: Hands, ownership: Ownership): Step[] {
  if (situation.bitbucket === undefined) throw tokenNeeded();
  const { ids } = situation.bitbucket;
  const { request, aws } = hands;
  const { identity, account, provider } = situation;
  const trust = toTrust(request, account, ids);
  const arn = toProviderArn(request, account);
  return [
    decide(`IAM identity provider of the workspace ${request.workspace}`, provider, (known) => {
      if (known === undefined) return { state: 'create', run: () => createProvider(aws, request, ids) };
      if (known.audiences.includes(toAudience(ids))) return { state: 'exists' };
      const note = `its audiences: + ${toAudience(ids)}`;
      return { state: 'change', note, run: () => addAudience(aws, arn, ids) };
    }),
    planIdentity(identity, ownership, hands, trust),
    ...planTrust(situation, hands, { trust, ownership }),
    planPolicy(situation, hands),
  ];
}

/** For an existing role. An adopted one keeps its trust policy and gets a statement. */
function planTrust(
  { identity }: Situation,
  { request, aws }: Hands,
  { trust, ownership }: { trust: ReturnType<typeof toTrust>; ownership: Ownership },
): Step[] {
  const present = 'value' in identity.present ? identity.present.value : undefined;
  if (present === undefined) return [];
  const wanted = ownership === 'ours' ? trust : addTrust(present.trust, trust);
  const title = `Trust policy of ${request.user}`;
  if (isSamePolicy(present.trust, wanted)) return [{ title, state: 'exists' }];
  const note = toDifference(present.trust, wanted);
  return [{ title, state: 'change', note, run: () => putTrust(aws, request.user, wanted) }];
}
