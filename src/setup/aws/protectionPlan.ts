import { isSamePolicy, type PolicyDocument } from '../../aws/policy';
import { toProtectionName } from '../names';
import type { SetupRequest } from '../request';
import type { Hands, Situation } from '../steps/situation';
import { decide, type Step } from '../steps/step';
import type { Seen } from './aws';
import { toDifference, toIdentityArn } from './identityPlan';
import {
  createProtection,
  deleteProtection,
  type Protection,
  readProtection,
  replaceProtection,
  toProtection,
  toProtectionArn,
} from './protection';

/** The policy for this mirror. */
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

/** Removes our policy, unless it is attached: whoever attached it must detach it. */
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
