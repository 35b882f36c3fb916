import { type BitbucketVariable, findKnownHost } from './bitbucket';
import { endpointVariable, keyIdVariable, urlVariable } from './bitbucketPlan';
import { type IamKey, ourPath } from './iam';
import { type PublicKey, parsePublicKey, toPublicKey } from './keyPair';
import { planPipelinesFileRemoval } from './pipelinesFile';
import { toPolicyName } from './policy';
import type { SetupRequest } from './request';
import { type RoleSituation, toRoleArn } from './role';
import { roleVariable } from './rolePlan';
import type { BitbucketSituation, Situation, UserSituation } from './situation';
import { type Action, decide, type Plan, type Step } from './step';

const kept = 'not told apart from what you made yourself';

/**
 * Undoes what setup made, and tells what stays: the repository, what was there before, and what can't be told apart
 * from it. The access goes first, so that a removal that is stopped half-way leaves no key in use.
 */
export function planRemoval(situation: Situation, request: SetupRequest): Plan {
  const { identity, bitbucket } = situation;
  const access =
    identity.kind === 'user'
      ? planUserRemoval(identity, bitbucket, request)
      : planRoleRemoval(identity, bitbucket, request, situation.account);
  const steps: Step[] = [
    { title: `CodeCommit repository ${request.name}`, state: 'kept', note: 'setup never removes one' },
    ...access,
    planFileRemoval(situation, request),
    { title: 'Bitbucket: Pipelines', state: 'kept', note: 'other steps may need it' },
  ];
  return { steps, key: undefined, keyId: undefined };
}

function planUserRemoval(
  identity: UserSituation,
  bitbucket: BitbucketSituation | undefined,
  request: SetupRequest,
): Step[] {
  const { user, policy, keyFile } = identity;
  const pair = readPair(bitbucket);
  const isOurUser = 'value' in user && user.value?.path === ourPath;
  const stored = keyFile && toPublicKey(keyFile);
  const keyId = readValue(bitbucket, keyIdVariable);
  const isOurKey = isOurUser || pair?.ours === true || stored !== undefined;
  const isMeant = ({ id, fingerprint }: IamKey) =>
    id === keyId || [pair?.fingerprint, stored?.fingerprint].includes(fingerprint);
  const keys: Step[] =
    'missing' in identity.keys
      ? [decide('IAM: SSH public key', identity.keys, () => ({ state: 'exists' }))]
      : identity.keys.value.filter(isMeant).map(({ id }) => {
          const title = `IAM: SSH public key ${id}`;
          return isOurKey
            ? { title, state: 'remove', action: { do: 'delete-key', id } }
            : { title, state: 'kept', note: kept };
        });
  return [
    ...keys,
    ...planPart(`IAM policy ${toPolicyName(request)}`, policy, () => ({ do: 'delete-user-policy' })),
    ...planPart(`IAM user ${request.user}`, user, ({ path }) =>
      path === ourPath ? { do: 'delete-user' } : undefined,
    ),
    ...planVariables(bitbucket, [
      [keyIdVariable, (value) => keys.some(({ title }) => title.endsWith(` ${value}`))],
      ...toAddress(request),
    ]),
    ...planKnownHost(identity, bitbucket),
    ...(pair === undefined ? [] : [planPair(pair)]),
    ...(keyFile === undefined
      ? []
      : [toRemoval(`Private key in ${request.keyFile}`, { do: 'delete-key-file' })]),
  ];
}

function planRoleRemoval(
  { role, policy }: RoleSituation,
  bitbucket: BitbucketSituation | undefined,
  request: SetupRequest,
  account: string,
): Step[] {
  const present = 'missing' in role ? undefined : role.value;
  return [
    ...planPart(`IAM policy ${toPolicyName(request)}`, policy, () => ({ do: 'delete-role-policy' })),
    ...planPart(`IAM role ${request.user}`, role, ({ path }) =>
      path === ourPath ? { do: 'delete-role' } : undefined,
    ),
    {
      title: 'IAM identity provider',
      state: 'kept',
      note: 'other repositories of the workspace may need it',
    },
    ...planVariables(bitbucket, [
      [roleVariable, (value) => value === (present?.arn ?? toRoleArn(request, account))],
      ...toAddress(request),
    ]),
  ];
}

/** Nothing is said of what is not there. */
function planPart<T>(
  title: string,
  seen: Parameters<typeof decide<T | undefined>>[1],
  act: (value: T) => Action | undefined,
): Step[] {
  if ('missing' in seen) return [decide(title, seen, () => ({ state: 'exists' }))];
  if (seen.value === undefined) return [];
  const action = act(seen.value);
  return [action === undefined ? { title, state: 'kept', note: kept } : toRemoval(title, action)];
}

function toRemoval(title: string, action: Action): Step {
  return { title, state: 'remove', action };
}

function readPair(bitbucket: BitbucketSituation | undefined): PublicKey | undefined {
  const seen = bitbucket?.publicKey;
  if (seen === undefined || 'missing' in seen) return undefined;
  const key = seen.value === undefined ? undefined : parsePublicKey(seen.value);
  // A key that CodeCommit does not take is none of ours.
  return typeof key === 'string' ? undefined : key;
}

function planPair({ ours }: PublicKey): Step {
  const title = 'Bitbucket: SSH key of Pipelines';
  return ours ? toRemoval(title, { do: 'delete-key-pair' }) : { title, state: 'kept', note: kept };
}

function readValue(bitbucket: BitbucketSituation | undefined, key: string): string | undefined {
  const seen = bitbucket?.variables;
  if (seen === undefined || 'missing' in seen) return undefined;
  return seen.value.find((each) => each.key === key)?.value;
}

type OwnVariable = readonly [string, (value: string) => boolean];

function toAddress({ url, endpoint }: SetupRequest): OwnVariable[] {
  return [
    [urlVariable, (value) => value === url],
    [endpointVariable, (value) => value === endpoint],
  ];
}

function planVariables(bitbucket: BitbucketSituation | undefined, wanted: readonly OwnVariable[]): Step[] {
  if (bitbucket === undefined) return [];
  return wanted.flatMap(([key, isOurs]) => {
    const title = `Bitbucket: variable ${key}`;
    const { variables } = bitbucket;
    if ('missing' in variables) return planPart(title, variables, () => undefined);
    const present: BitbucketVariable | undefined = variables.value.find((each) => each.key === key);
    return planPart(title, { value: present }, ({ uuid, value }) =>
      isOurs(value ?? '') ? { do: 'delete-variable', uuid } : undefined,
    );
  });
}

function planKnownHost({ hostKey }: UserSituation, bitbucket: BitbucketSituation | undefined): Step[] {
  if (bitbucket === undefined) return [];
  const { knownHosts } = bitbucket;
  const title = `Bitbucket: known host ${hostKey.host}`;
  if ('missing' in knownHosts) return planPart(title, knownHosts, () => undefined);
  const present = findKnownHost(knownHosts.value, hostKey);
  return planPart(title, { value: present }, ({ uuid, public_key: key }) =>
    key?.key === hostKey.key ? { do: 'delete-known-host', uuid } : undefined,
  );
}

function planFileRemoval({ pipelinesFile }: Situation, { write }: SetupRequest): Step {
  const title = 'Step in bitbucket-pipelines.yml';
  const { text } = planPipelinesFileRemoval(pipelinesFile);
  if (text === undefined) return { title, state: 'kept', note: 'there is none of ours' };
  if (!write) return { title, state: 'by-hand', note: 'or --write' };
  return toRemoval(title, { do: 'write-pipelines-file', text });
}
