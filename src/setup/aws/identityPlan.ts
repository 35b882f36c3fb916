import { ourPath } from '../../aws/keyOwner';
import { isSamePolicy, type PolicyDocument, toGitPolicy, toPartition } from '../../aws/policy';
import { foreign } from '../errors';
import { toAdoptedTag, toMirrorTag, toPolicyName } from '../names';
import type { SetupRequest } from '../request';
import type { Hands, IdentitySituation, Situation } from '../steps/situation';
import { decide, type Step } from '../steps/step';

/** `ours`: setup created it, or will. `adopted`: it existed before, and only what setup adds to it is ours. */
export type Ownership = 'ours' | 'adopted';

/** Determines from the tag who owns a user or role. Throws MirrorError `setup-foreign`. */
export function toOwnership({ present, store }: IdentitySituation, request: SetupRequest): Ownership {
  const identity = 'value' in present ? present.value : undefined;
  if (identity === undefined || identity.tag === toMirrorTag(request)) return 'ours';
  if (identity.tag === toAdoptedTag(request)) return 'adopted';
  const isFree = identity.tag === undefined;
  if (isFree && request.adopt) return 'adopted';
  throw foreign(`IAM ${store.kind} ${request.user}`, identity.tag);
}

/** The ARN of the user or role, which may not exist yet. */
export function toIdentityArn({ identity, account }: Situation, { region, user }: SetupRequest): string {
  const present = 'value' in identity.present ? identity.present.value : undefined;
  return present?.arn ?? `arn:${toPartition(region)}:iam::${account}:${identity.store.kind}${ourPath}${user}`;
}

/** `trust` is for a role. */
export function planIdentity(
  { present, store }: IdentitySituation,
  ownership: Ownership,
  { request }: Pick<Hands, 'request'>,
  trust?: PolicyDocument,
): Step {
  return decide(`IAM ${store.kind} ${request.user}`, present, (identity) => {
    const tag = ownership === 'adopted' ? toAdoptedTag(request) : toMirrorTag(request);
    if (identity === undefined) return { state: 'create', run: () => store.create(tag, trust) };
    if (identity.tag === tag) return { state: 'exists' };
    return {
      state: 'change',
      note: `tag codecommit-mirror: none → ${tag}`,
      run: () => store.setTag(tag),
    };
  });
}

/** Only a role has AWS credentials in the step: the key of a user is for git alone. */
function toGrant(oidc: boolean): string {
  return `codecommit:GitPull${oidc ? ', GitPush and UpdateDefaultBranch' : ' and GitPush'} on this repository only`;
}

export function planPolicy({ identity, account }: Situation, { request }: Pick<Hands, 'request'>): Step {
  const name = toPolicyName(request);
  const document = toGitPolicy(request, account, { defaultBranch: request.oidc });
  const run = () => identity.store.putPolicy(name, document);
  return decide(`IAM policy ${name}`, identity.policy, (present) => {
    if (present === undefined) return { state: 'create', note: toGrant(request.oidc), run };
    return isSamePolicy(present.document, document)
      ? { state: 'exists' }
      : { state: 'change', note: toDifference(present.document, document), run };
  });
}

/** `old → new`, both as JSON in one line. */
export function toDifference(old: unknown, next: unknown): string {
  return `${JSON.stringify(old)} → ${JSON.stringify(next)}`;
}
