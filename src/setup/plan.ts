import { planBitbucket } from './bitbucketPlan';
import { keysFull, keyUnfit, tokenNeeded } from './errors';
import type { IamKey } from './iam';
import { type PublicKey, parsePublicKey, toPublicKey } from './keyPair';
import { planPipelinesFile } from './pipelinesFile';
import { isSamePolicy, toGitPolicy, toPolicyName } from './policy';
import type { SetupRequest } from './request';
import { planRole } from './rolePlan';
import type { BitbucketSituation, Situation, UserSituation } from './situation';
import { type Action, decide, type Plan, type Step } from './step';

/** Says what is to be done, from what was seen. Throws MirrorError where setup can't go on without the user. */
export function planSetup(situation: Situation, request: SetupRequest): Plan {
  const { identity, account } = situation;
  if (identity.kind === 'role') {
    if (situation.bitbucket === undefined) throw tokenNeeded();
    const steps = planRole(identity, situation.bitbucket, request, account);
    return {
      steps: [planRepository(situation, request), ...steps, planFile(situation, request)],
      key: undefined,
      keyId: undefined,
    };
  }
  const key = planKey(identity, situation.bitbucket, request);
  const steps = [
    planRepository(situation, request),
    decide(`IAM user ${request.user}`, identity.user, (user) =>
      user ? { state: 'exists' } : { state: 'make', action: { do: 'create-user' } },
    ),
    planPolicy(identity, request, account),
    ...key.steps,
    ...planBitbucket(identity, situation.bitbucket, request, key.keyId),
    planFile(situation, request),
  ];
  return { ...key, steps };
}

export function planRepository({ repository }: Situation, { name, region }: SetupRequest): Step {
  return decide(`CodeCommit repository ${name} in ${region}`, repository, (exists) =>
    exists ? { state: 'exists' } : { state: 'make', action: { do: 'create-repository' } },
  );
}

function planPolicy({ policy }: UserSituation, request: SetupRequest, account: string): Step {
  const document = toGitPolicy(request, account);
  const action: Action = { do: 'put-user-policy', document };
  const note = 'codecommit:GitPull and GitPush on this repository alone';
  return decide(`IAM policy ${toPolicyName(request)}`, policy, (present) => {
    if (present === undefined) return { state: 'make', note, action };
    return isSamePolicy(present.document, document)
      ? { state: 'exists' }
      : { state: 'change', note: `to ${note}`, action };
  });
}

/** The key of Pipelines is used where it is fit; a key file that is there comes next; else a key is made. */
function planKey(
  identity: UserSituation,
  bitbucket: BitbucketSituation | undefined,
  request: SetupRequest,
): Plan {
  const { keys, keyFile } = identity;
  const title = bitbucket ? 'Bitbucket: SSH key of Pipelines' : `Private key in ${request.keyFile}`;
  const publicKey = bitbucket?.publicKey ?? { value: undefined };
  const unseen = [publicKey, keys].flatMap((seen) => ('missing' in seen ? [seen.missing] : []));
  const [missing] = unseen;
  if ('missing' in publicKey || 'missing' in keys || missing !== undefined)
    return {
      steps: [
        { title, state: 'unseen', missing: unseen.join(', ') },
        { title: 'IAM: SSH public key', state: 'unseen', missing: unseen.join(', ') },
      ],
      key: keyFile,
      keyId: undefined,
    };
  const known = keys.value;
  const present = publicKey.value === undefined ? undefined : parseUsable(publicKey.value, known, request);
  if (present !== undefined)
    return { ...planUpload(present, known, request, [{ title, state: 'exists' }]), key: undefined };
  const isThere = bitbucket === undefined && keyFile !== undefined;
  const state = publicKey.value === undefined ? 'make' : 'change';
  const note = keyFile === undefined ? 'RSA, 4096 bits' : `with the key in ${request.keyFile}`;
  const action: Action = { do: 'store-key', in: bitbucket ? 'pipelines' : 'file', key: keyFile };
  const first: Step = isThere ? { title, state: 'exists' } : { title, state, note, action };
  const stored = keyFile && toPublicKey(keyFile);
  return { ...planUpload(stored, known, request, [first]), key: keyFile };
}

/** The key of Pipelines; undefined where it is to be replaced: asked for, and IAM does not have it in use. */
function parseUsable(text: string, known: readonly IamKey[], request: SetupRequest): PublicKey | undefined {
  const key = parsePublicKey(text);
  if (typeof key === 'string') {
    if (request.replaceKey) return undefined;
    throw keyUnfit(key);
  }
  const isInUse = known.some(({ active, fingerprint }) => active && fingerprint === key.fingerprint);
  return isInUse || !request.replaceKey ? key : undefined;
}

/** IAM allows five keys a user (IAM and STS quotas). */
const keysAtMost = 5;

function planUpload(
  publicKey: PublicKey | undefined,
  known: readonly IamKey[],
  { user }: SetupRequest,
  before: readonly Step[],
): Omit<Plan, 'key'> {
  const match = known.find(({ fingerprint }) => fingerprint === publicKey?.fingerprint);
  const title = `IAM: SSH public key${match ? ` ${match.id}` : ` at ${user}`}`;
  if (match?.active) return { steps: [...before, { title, state: 'exists' }], keyId: match.id };
  if (match !== undefined) {
    const action: Action = { do: 'activate-key', id: match.id };
    const note = 'it is inactive, and will be active';
    return { steps: [...before, { title, state: 'change', note, action }], keyId: match.id };
  }
  if (known.length >= keysAtMost) throw keysFull(user, known);
  const step: Step = { title, state: 'make', action: { do: 'upload-key', publicKey } };
  const note = `beside ${known.map(({ id }) => id).join(', ')}`;
  return { steps: [...before, known.length === 0 ? step : { ...step, note }], keyId: undefined };
}

export function planFile({ pipelinesFile }: Situation, request: SetupRequest): Step {
  const title = 'Step in bitbucket-pipelines.yml';
  const { text, added } = planPipelinesFile(pipelinesFile, request);
  if (text === undefined) return { title, state: 'exists' };
  if (!request.write) return { title, state: 'by-hand', note: 'or --write' };
  const state = pipelinesFile === undefined ? 'make' : 'change';
  return { title, state, note: `in ${added.join(', ')}`, action: { do: 'write-pipelines-file', text } };
}
