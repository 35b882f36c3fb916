import type { IamKey } from '../../aws/sshKeys';
import { toKeySecrets } from '../../pipe/secrets';
import type { PrivateKey } from '../../ssh/privateKey';
import { planVariable } from '../bitbucket/plan';
import { keysFull } from '../errors';
import { toVariableNames } from '../names';
import { prove } from '../steps/prove';
import type { BitbucketSituation, Hands, Situation } from '../steps/situation';
import { type Made, nothingMade, type Plan, type Step } from '../steps/step';
import { deactivateKey, deleteKey, uploadKey } from './identity';
import { writeKeyFile } from './keyFile';
import type { Ownership } from './plan';

/** The keys of the user, and which one the pipeline has. */
interface Keys {
  readonly all: readonly IamKey[];
  /** The value of the pipeline's variable; IAM may not have this key. */
  readonly usedId: string | undefined;
  readonly ownership: Ownership;
}

/**
 * If the pipeline's key is active in IAM, it is kept. Otherwise a key is created, uploaded and verified, and only then
 * given to the pipeline, so the pipeline never has a key that IAM does not know. The old key is deactivated last.
 */
export function planKey(situation: Situation, hands: Hands, ownership: Ownership): Plan {
  const { keys, bitbucket } = situation;
  const variables = bitbucket?.variables ?? { value: [] };
  const missing = [keys, variables].flatMap((seen) => ('missing' in seen ? [seen.missing] : []));
  if ('missing' in keys || 'missing' in variables)
    return {
      steps: [{ title: 'IAM: SSH public key', state: 'unseen', missing: missing.join(', ') }],
      made: nothingMade,
    };
  const names = toVariableNames(hands.request);
  const usedId = variables.value.find(({ key }) => key === names.id)?.value;
  const hasKey = variables.value.some(({ key, secured }) => key === names.key && secured);
  const known: Keys = { all: keys.value, usedId, ownership };
  const current = findUsed(known, situation, hasKey);
  if (current === undefined || hands.request.replaceKey) return planNewKey(situation, hands, known);
  const note =
    bitbucket === undefined
      ? 'its private half is not on this machine; --replace-key makes a new one'
      : 'the variables on Bitbucket have it';
  const step: Step = { title: `IAM: SSH public key ${current.id}`, state: 'exists', note };
  const retirement = bitbucket === undefined ? [] : planRetirement(known, hands, current.id);
  return { steps: [step, ...retirement], made: { ...nothingMade, keyId: current.id } };
}

/**
 * The pipeline's key, if an earlier run has finished: it has then deactivated every other key of our user. Without a
 * token, this can't be seen, so any active key of the user counts.
 */
function findUsed({ all, usedId, ownership }: Keys, { bitbucket, keyFile }: Situation, hasKey: boolean) {
  const active = all.filter((key) => key.active);
  if (bitbucket === undefined) return keyFile === undefined ? active[0] : undefined;
  const used = hasKey ? active.find((key) => key.id === usedId) : undefined;
  const isPast = ({ uploaded }: IamKey) =>
    ownership === 'adopted' && used !== undefined && uploaded < used.uploaded;
  return active.every((key) => key === used || isPast(key)) ? used : undefined;
}

function planNewKey(situation: Situation, hands: Hands, known: Keys): Plan {
  const { bitbucket, keyFile } = situation;
  // A run without a token stores its key in a file; a later run with a token gives this key to the pipeline.
  const stored = hands.request.replaceKey && bitbucket !== undefined ? undefined : keyFile;
  const match = known.all.find(({ active, body }) => active && body === stored?.publicKey);
  const surplus = match === undefined ? findSurplus(known, hands) : undefined;
  const rest = { ...known, all: known.all.filter((key) => key !== surplus) };
  const steps = [
    ...(surplus === undefined ? [] : [toDeletion(surplus, hands)]),
    planPrivateKey(situation, hands, stored),
    planUpload(hands, match),
    planProof(hands),
    ...planVariables(bitbucket, hands),
    ...(bitbucket === undefined ? [] : planRetirement(rest, hands, match?.id)),
  ];
  return { steps, made: { key: stored, keyId: match?.id } };
}

function planPrivateKey({ bitbucket }: Situation, hands: Hands, stored: PrivateKey | undefined): Step {
  const { request, context } = hands;
  const { keyFile } = request;
  if (stored !== undefined) return { title: `Private key in ${keyFile}`, state: 'exists' };
  const run = async () => {
    const key = await context.createKey();
    context.log.conceal(toKeySecrets(key.pem));
    if (bitbucket === undefined) await writeKeyFile(keyFile, key.pem);
    return { key };
  };
  const place = bitbucket === undefined ? ` in ${keyFile}` : '';
  return { title: `Private key${place}`, state: 'create', note: 'RSA, 4096 bits', run };
}

function planUpload({ request, aws }: Hands, match: IamKey | undefined): Step {
  if (match !== undefined) return { title: `IAM: SSH public key ${match.id}`, state: 'exists' };
  const run = async ({ key }: Made) => ({ keyId: await uploadKey(aws, request.user, need(key).publicKey) });
  return { title: `IAM: SSH public key of ${request.user}`, state: 'create', run };
}

function planProof({ request, context }: Hands): Step {
  const run = async ({ key, keyId }: Made) => {
    const variables = {
      CODECOMMIT_URL: request.url,
      CODECOMMIT_ENDPOINT: request.endpoint,
      SSH_KEY_ID: need(keyId),
      SSH_KEY: need(key).pem,
      KNOWN_HOSTS: request.knownHosts.join('\n'),
    };
    const count = await prove(variables, context);
    context.log.info(`CodeCommit accepts ${keyId}, to read and to push; the repository has ${count} refs.`);
  };
  return { title: 'Connection to CodeCommit with this key', state: 'verify', run };
}

/** The private key first: with the ID alone, the pipeline would refer to a key that it does not have. */
function planVariables(situation: BitbucketSituation | undefined, { request, bitbucket }: Hands): Step[] {
  const names = toVariableNames(request);
  if (situation === undefined || bitbucket === undefined)
    return [names.key, names.id].map((key) => ({ title: `Bitbucket: variable ${key}`, state: 'by-hand' }));
  const toKey = ({ key }: Made) => Buffer.from(need(key).pem).toString('base64');
  const toId = ({ keyId }: Made) => need(keyId);
  const variables = [
    { key: names.key, secured: true, note: 'the private key, secured', toValue: toKey },
    { key: names.id, secured: false, note: 'the id that IAM gives', toValue: toId },
  ];
  return variables.map((variable) => planVariable(situation, bitbucket, variable));
}

/** IAM allows five keys per user (IAM and STS quotas). */
const keysAtMost = 5;

/** The key to delete for a new one, if the user has the maximum. Throws MirrorError for an adopted user. */
function findSurplus({ all, usedId, ownership }: Keys, { request }: Hands): IamKey | undefined {
  if (all.length < keysAtMost) return undefined;
  if (ownership === 'adopted') throw keysFull(request.user, all);
  const [oldest] = all
    .filter(({ id }) => id !== usedId)
    .sort((a, b) => Number(a.active) - Number(b.active) || a.uploaded.localeCompare(b.uploaded));
  return oldest;
}

/**
 * Keys of the user that the pipeline no longer has. Active ones are deactivated, because a run may be using one, and
 * deleted by the next set-up. For an adopted user, only the pipeline's previous key is ours.
 */
function planRetirement({ all, usedId, ownership }: Keys, hands: Hands, keep: string | undefined): Step[] {
  const { request, aws } = hands;
  const isOurs = ({ id }: IamKey) => ownership === 'ours' || id === usedId;
  return all
    .filter((key) => key.id !== keep && isOurs(key))
    .map((key) => {
      const { id } = key;
      if (!key.active) return toDeletion(key, hands);
      return {
        title: `IAM: SSH public key ${id}`,
        state: 'change',
        note: 'active → inactive: the pipeline does not have it',
        run: () => deactivateKey(aws, request.user, id),
      };
    });
}

function toDeletion({ id, active }: IamKey, { request: { user }, aws }: Hands): Step {
  return {
    title: `IAM: SSH public key ${id}`,
    state: 'remove',
    note: `${active ? 'active' : 'inactive'}; the pipeline does not have it`,
    run: () => deleteKey(aws, user, id),
  };
}

/** The value was created by an earlier step. */
function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step was planned without what it needs');
  return value;
}
