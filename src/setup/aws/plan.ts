import type { RepositoryTrigger } from '@aws-sdk/client-codecommit';
import { ourPath } from '../../aws/keyOwner';
import { isSamePolicy, type PolicyDocument, toGitPolicy, toPartition } from '../../aws/policy';
import { foreign, tokenNeeded, tooManyTriggers } from '../errors';
import { toAdoptedTag, toMirrorTag, toPolicyName, toProtectionName, toTriggerName } from '../names';
import type { SetupRequest } from '../request';
import type { Hands, IdentitySituation, Situation } from '../steps/situation';
import { decide, type Step } from '../steps/step';
import { putTrust } from './identity';
import { addAudience, addTrust, createProvider, toAudience, toProviderArn, toTrust } from './oidc';
import {
  createProtection,
  deleteProtection,
  type Protection,
  readProtection,
  replaceProtection,
  toProtection,
  toProtectionArn,
} from './protection';
import { ensureRepository, isSameTrigger, putTriggers, readTriggers, toTrigger } from './repository';

export function planRepository({ repository }: Situation, { request, aws }: Hands): Step {
  const { name, region, workspace, repository: from } = request;
  return decide(`CodeCommit repository ${name} in ${region}`, repository, (exists) =>
    exists
      ? { state: 'exists' }
      : { state: 'create', run: () => ensureRepository(aws, name, `${workspace}/${from}`) },
  );
}

/** `ours`: setup created it, or will. `adopted`: it existed before, and only what setup adds to it is ours. */
export type Ownership = 'ours' | 'adopted';

/** Determines from the tag who owns a user or role. Throws MirrorError `setup-foreign`. */
export function toOwnership({ present, store }: IdentitySituation, request: SetupRequest): Ownership {
  const identity = 'value' in present ? present.value : undefined;
  if (identity === undefined || identity.tag === toMirrorTag(request)) return 'ours';
  if (identity.tag === toAdoptedTag(request)) return 'adopted';
  if (identity.tag === undefined && request.adopt) return 'adopted';
  throw foreign(`IAM ${store.kind} ${request.user}`, identity.tag);
}

/** The ARN of the user or role, which may not exist yet. */
export function toIdentityArn({ identity, account }: Situation, { region, user }: SetupRequest): string {
  const present = 'value' in identity.present ? identity.present.value : undefined;
  return present?.arn ?? `arn:${toPartition(region)}:iam::${account}:${identity.store.kind}${ourPath}${user}`;
}

/** `trust` is for a role. */
export function planIdentity(
  { identity: { present, store } }: Situation,
  ownership: Ownership,
  { request }: Hands,
  trust?: PolicyDocument,
): Step {
  return decide(`IAM ${store.kind} ${request.user}`, present, (identity) => {
    const tag = ownership === 'adopted' ? toAdoptedTag(request) : toMirrorTag(request);
    if (identity === undefined) return { state: 'create', run: () => store.create(tag, trust) };
    if (identity.tag === tag) return { state: 'exists' };
    const note = `tag codecommit-mirror: none → ${tag}`;
    return { state: 'change', note, run: () => store.setTag(tag) };
  });
}

/** Only a role has AWS credentials in the step: the key of a user is for git alone. */
function toGrant(oidc: boolean): string {
  return `codecommit:GitPull${oidc ? ', GitPush and UpdateDefaultBranch' : ' and GitPush'} on this repository only`;
}

export function planPolicy({ identity, account }: Situation, { request }: Hands): Step {
  const name = toPolicyName(request);
  const document = toGitPolicy(request, account, { defaultBranch: request.oidc });
  const run = () => identity.store.putPolicy(name, document);
  return decide(`IAM policy ${name}`, identity.policy, (present) => {
    if (present === undefined) return { state: 'create', note: toGrant(request.oidc), run };
    if (isSamePolicy(present.document, document)) return { state: 'exists' };
    return { state: 'change', note: toDifference(present.document, document), run };
  });
}

/** `old → new`, both as JSON in one line. */
function toDifference(old: unknown, next: unknown): string {
  return `${JSON.stringify(old)} → ${JSON.stringify(next)}`;
}

/** Plans identity provider, role, trust and policy instead of user and key. Throws MirrorError without a token. */
export function planRole(situation: Situation, hands: Hands, ownership: Ownership): Step[] {
  if (situation.bitbucket === undefined) throw tokenNeeded();
  const { ids } = situation.bitbucket;
  const { request, aws } = hands;
  const { account, provider } = situation;
  const trust = toTrust(request, account, ids);
  return [
    decide(`IAM identity provider of the workspace ${request.workspace}`, provider, (known) => {
      if (known === undefined) return { state: 'create', run: () => createProvider(aws, request, ids) };
      if (known.audiences.includes(toAudience(ids))) return { state: 'exists' };
      const note = `its audiences: + ${toAudience(ids)}`;
      return { state: 'change', note, run: () => addAudience(aws, toProviderArn(request, account), ids) };
    }),
    planIdentity(situation, ownership, hands, trust),
    ...planTrust(situation, hands, { trust, ownership }),
    planPolicy(situation, hands),
  ];
}

/** For an existing role. An adopted one keeps its trust policy and gets a statement. */
function planTrust(
  { identity }: Situation,
  { request, aws }: Hands,
  { trust, ownership }: { trust: PolicyDocument; ownership: Ownership },
): Step[] {
  const present = 'value' in identity.present ? identity.present.value : undefined;
  if (present === undefined) return [];
  const wanted = ownership === 'ours' ? trust : addTrust(present.trust, trust);
  const title = `Trust policy of ${request.user}`;
  if (isSamePolicy(present.trust, wanted)) return [{ title, state: 'exists' }];
  const note = toDifference(present.trust, wanted);
  return [{ title, state: 'change', note, run: () => putTrust(aws, request.user, wanted) }];
}

/** The policy of --protect for this mirror. */
export function toProtectionOf(situation: Situation, request: SetupRequest): PolicyDocument {
  return toProtection(request, situation.account, toIdentityArn(situation, request));
}

export function planProtection(situation: Situation, { request, aws }: Hands): Step {
  const wanted = toProtectionOf(situation, request);
  const arn = toProtectionArn(request, situation.account);
  return decide(`IAM policy ${toProtectionName(request)}`, situation.protection, (present) => {
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
  if (present.attached === 0) return [{ title, state: 'remove', run: () => deleteProtection(aws, arn) }];
  const note = `${toAttached(present)}: detach it (aws iam list-entities-for-policy --policy-arn ${arn}), then run --remove again`;
  return [{ title, state: 'by-hand', note }];
}

/** CodeCommit allows ten triggers per repository (CodeCommit user guide, Quotas). */
const triggersAtMost = 10;

/** Throws MirrorError `setup-limit` if the repository has no room for ours. */
export function planTrigger({ triggers }: Situation, { request, aws }: Hands, arn: string): Step {
  const wanted = toTrigger(request, arn);
  return decide(`CodeCommit trigger ${wanted.name}`, triggers, (present) => {
    const ours = findOurs(present, request);
    const run = () => putTriggers(aws, request, wanted);
    if (ours !== undefined && isSameTrigger(ours, wanted)) return { state: 'exists' };
    if (ours !== undefined) return { state: 'change', note: `${ours.destinationArn} → ${arn}`, run };
    if (present.length < triggersAtMost) return { state: 'create', note: `every push → ${arn}`, run };
    const names = present.map(({ name }) => name ?? '');
    throw tooManyTriggers(request.name, names);
  });
}

/** Removes our trigger, if there is one. */
export async function planTriggerRemoval({ request, aws }: Hands): Promise<Step[]> {
  const ours = findOurs(await readTriggers(aws, request.name), request);
  if (ours === undefined) return [];
  const run = () => putTriggers(aws, request, undefined);
  const title = `CodeCommit trigger ${ours.name}`;
  return [{ title, state: 'remove', note: ours.destinationArn ?? '', run }];
}

function findOurs(triggers: readonly RepositoryTrigger[], request: SetupRequest) {
  return triggers.find(({ name }) => name === toTriggerName(request));
}
