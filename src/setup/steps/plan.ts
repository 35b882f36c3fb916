import { ensureRepository } from '../aws/codecommit';
import { planIdentity, planPolicy, toOwnership } from '../aws/identityPlan';
import { planKey } from '../aws/keyPlan';
import { planProtection } from '../aws/protectionPlan';
import { planRole } from '../aws/rolePlan';
import { planTrigger } from '../aws/triggerPlan';
import { planEnabled, planSchedule } from '../bitbucket/plan';
import { planFile } from '../pipelines/plan';
import type { Hands, Situation } from './situation';
import { decide, type Plan, type Step } from './step';

/** Plans the changes. Throws MirrorError if setup can't continue without the user. */
export function planSetup(situation: Situation, hands: Hands): Plan {
  const { request } = hands;
  const { bitbucket, identity } = situation;
  const ownership = toOwnership(identity, request);
  const access = request.oidc
    ? { steps: planRole(situation, hands, ownership), made: { key: undefined, keyId: undefined } }
    : planKey(situation, hands, ownership);
  const user = request.oidc ? [] : [planIdentity(identity, ownership, hands), planPolicy(situation, hands)];
  const steps = [
    planRepository(situation, hands),
    ...user,
    ...access.steps,
    ...(request.protect ? [planProtection(situation.protection, situation, hands)] : []),
    ...(request.trigger === undefined ? [] : [planTrigger(situation.triggers, hands)]),
    planEnabled(bitbucket, hands),
    ...(request.nightly ? [planSchedule(bitbucket, hands)] : []),
    ...planFile(situation, hands),
  ];
  return { steps, made: access.made };
}

function planRepository({ repository }: Situation, { request, aws }: Hands): Step {
  const { name, region, workspace, repository: from } = request;
  return decide(`CodeCommit repository ${name} in ${region}`, repository, (exists) =>
    exists
      ? { state: 'exists' }
      : { state: 'create', run: () => ensureRepository(aws, name, `${workspace}/${from}`) },
  );
}
