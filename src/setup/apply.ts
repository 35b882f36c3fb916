import type { Log } from '../report/log';
import type { PrivateKey } from '../settings/privateKey';
import { toKeySecrets } from '../settings/secrets';
import type { BitbucketRepository } from './bitbucket';
import { ensureRepository } from './codecommit';
import {
  deleteKey,
  deleteUser,
  deleteUserPolicy,
  ensureKey,
  ensureKeyActive,
  ensureUser,
  ensureUserPolicy,
} from './iam';
import { deleteKeyFile, writeKeyFile } from './keyFile';
import { createKeyPair, type PublicKey, toMarkedLine, toPublicKey } from './keyPair';
import { writePipelinesFile } from './pipelinesFile';
import { toPolicyName } from './policy';
import type { SetupRequest } from './request';
import {
  deleteRole,
  deleteRolePolicy,
  ensureAudience,
  ensureProvider,
  ensureRole,
  ensureRolePolicy,
  ensureTrust,
} from './role';
import type { Services, Situation } from './situation';
import type { Action, Plan, Step } from './step';

/** What the steps hand on to the next ones. */
export interface Made {
  /** The private key, when it is at hand. */
  readonly key: PrivateKey | undefined;
  readonly keyId: string | undefined;
}

interface Hands {
  readonly request: SetupRequest;
  readonly situation: Situation;
  readonly services: Services;
  readonly conceal: (secrets: readonly string[]) => void;
}

/** Carries the steps out, one after the other; each may be done twice. Throws MirrorError from the first that fails. */
export async function applyPlan(plan: Plan, hands: Hands, log: Log): Promise<Made> {
  let made: Made = plan;
  for (const step of plan.steps) {
    if (step.action === undefined) continue;
    hands.services.aws.signal.throwIfAborted();
    made = { ...made, ...(await apply(step.action, made, hands)) };
    log.success(`${step.title}: ${toPast(step)}`);
  }
  return made;
}

function toPast({ state }: Step): string {
  if (state === 'remove') return 'removed';
  return state === 'change' ? 'changed' : 'made';
}

async function apply(action: Action, made: Made, hands: Hands): Promise<Partial<Made> | undefined> {
  switch (action.do) {
    case 'store-key':
      return await storeKey(action, hands);
    case 'upload-key':
      return { keyId: await uploadKey(action.publicKey, made, hands) };
    case 'put-variable':
      await toBitbucket(hands).ensureVariable(action.key, action.value ?? made.keyId ?? '');
      return undefined;
    case 'write-pipelines-file':
      await writePipelinesFile(hands.request.pipelinesFile, action.text);
      return undefined;
    case 'delete-key-file':
      await deleteKeyFile(hands.request.keyFile);
      return undefined;
    default:
      await (applyAtBitbucket(action, hands) ?? applyAtAws(action, hands) ?? applyToRole(action, hands));
      return undefined;
  }
}

/** Undefined for an action that is not Bitbucket's. */
function applyAtBitbucket(action: Action, hands: Hands): Promise<void> | undefined {
  switch (action.do) {
    case 'enable-pipelines':
      return toBitbucket(hands).ensureEnabled();
    case 'put-known-host':
      return toBitbucket(hands).ensureKnownHost(action.entry);
    case 'delete-variable':
      return toBitbucket(hands).deleteVariable(action.uuid);
    case 'delete-known-host':
      return toBitbucket(hands).deleteKnownHost(action.uuid);
    case 'delete-key-pair':
      return toBitbucket(hands).deleteKeyPair();
    default:
      return undefined;
  }
}

/** Undefined for an action that is not about the repository, the user or its key. */
function applyAtAws(action: Action, { request, services: { aws } }: Hands): Promise<void> | undefined {
  const { user, name, workspace, repository } = request;
  switch (action.do) {
    case 'create-repository':
      return ensureRepository(aws, name, `${workspace}/${repository}`);
    case 'create-user':
      return ensureUser(aws, user);
    case 'put-user-policy':
      return ensureUserPolicy(aws, user, toPolicyName(request), action.document);
    case 'activate-key':
      return ensureKeyActive(aws, user, action.id);
    case 'delete-key':
      return deleteKey(aws, user, action.id);
    case 'delete-user-policy':
      return deleteUserPolicy(aws, user, toPolicyName(request));
    case 'delete-user':
      return deleteUser(aws, user);
    default:
      return undefined;
  }
}

/** Undefined for an action that is not about the role. */
function applyToRole(action: Action, { request, situation, services: { aws } }: Hands) {
  const ids = situation.bitbucket?.ids ?? { repository: '', workspace: '' };
  switch (action.do) {
    case 'create-provider':
      return ensureProvider(aws, request, ids);
    case 'add-audience':
      return ensureAudience(aws, action.arn, ids);
    case 'create-role':
      return ensureRole(aws, request.user, action.trust);
    case 'put-trust':
      return ensureTrust(aws, request.user, action.trust);
    case 'put-role-policy':
      return ensureRolePolicy(aws, request.user, toPolicyName(request), action.document);
    case 'delete-role-policy':
      return deleteRolePolicy(aws, request.user, toPolicyName(request));
    case 'delete-role':
      return deleteRole(aws, request.user);
    default:
      return undefined;
  }
}

async function storeKey(
  action: Extract<Action, { do: 'store-key' }>,
  hands: Hands,
): Promise<Pick<Made, 'key'>> {
  const key = action.key ?? (await createKeyPair());
  hands.conceal(toKeySecrets(key.pem));
  if (action.in === 'file') await writeKeyFile(hands.request.keyFile, key.pem);
  else await toBitbucket(hands).ensureKeyPair({ privateKey: key.pem, publicKey: toMarkedLine(key) });
  return { key };
}

async function uploadKey(given: PublicKey | undefined, { key }: Made, hands: Hands): Promise<string> {
  const publicKey = given ?? (key && toPublicKey(key));
  if (publicKey === undefined) throw new Error('an upload was planned without a key');
  return await ensureKey(hands.services.aws, hands.request.user, publicKey.line, publicKey.fingerprint);
}

/** The plan has steps at Bitbucket only where there is a token for it. */
function toBitbucket({ services: { bitbucket } }: Hands): BitbucketRepository {
  if (bitbucket === undefined) throw new Error('a step at Bitbucket was planned without a token');
  return bitbucket;
}
