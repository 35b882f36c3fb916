import { findKnownHost } from './bitbucket';
import type { SetupRequest } from './request';
import type { BitbucketSituation, UserSituation } from './situation';
import { type Action, decide, type Step } from './step';

/** The variables of the repository on Bitbucket that the step uses. */
export const keyIdVariable = 'CODECOMMIT_SSH_KEY_ID';
export const urlVariable = 'CODECOMMIT_URL';
export const endpointVariable = 'CODECOMMIT_ENDPOINT';

/** The steps at Bitbucket, but for the key pair; without a token they are left to the user. */
export function planBitbucket(
  { hostKey }: UserSituation,
  bitbucket: BitbucketSituation | undefined,
  request: SetupRequest,
  keyId: string | undefined,
): Step[] {
  const hostTitle = `Bitbucket: known host ${hostKey.host}`;
  if (bitbucket === undefined) {
    const variables = [
      keyIdVariable,
      urlVariable,
      ...(request.endpoint === undefined ? [] : [endpointVariable]),
    ];
    return planByHand(hostTitle, variables);
  }
  const hostNote = `${hostKey.fingerprint}, as ${toWitness(hostKey.origin)}`;
  return [
    planEnabled(bitbucket),
    decide(hostTitle, bitbucket.knownHosts, (hosts) => {
      const present = findKnownHost(hosts, hostKey);
      const { host, port, keyType, key } = hostKey;
      const action: Action = { do: 'put-known-host', entry: { host, port, keyType, key } };
      if (present === undefined) return { state: 'make', note: hostNote, action };
      if (present.public_key?.key === key) return { state: 'exists' };
      return { state: 'change', note: `to ${hostNote}`, action };
    }),
    planVariable(bitbucket, keyIdVariable, keyId),
    ...planAddress(bitbucket, request),
  ];
}

/** The variables that say where the repository is. */
export function planAddress(bitbucket: BitbucketSituation, { url, endpoint }: SetupRequest): Step[] {
  const address = planVariable(bitbucket, urlVariable, url);
  return endpoint === undefined ? [address] : [address, planVariable(bitbucket, endpointVariable, endpoint)];
}

function planByHand(host: string, variables: readonly string[]): Step[] {
  const titles = ['Bitbucket: Pipelines', 'Bitbucket: SSH key of Pipelines', host];
  const all = [...titles, ...variables.map((name) => `Bitbucket: variable ${name}`)];
  return all.map((title) => ({ title, state: 'by-hand' }));
}

export function toWitness(origin: 'AWS' | 'KNOWN_HOSTS'): string {
  return origin === 'AWS' ? 'AWS published it' : 'KNOWN_HOSTS has it';
}

export function planEnabled({ enabled }: BitbucketSituation): Step {
  return decide('Bitbucket: Pipelines', enabled, (isEnabled) =>
    isEnabled ? { state: 'exists' } : { state: 'make', note: 'enabled', action: { do: 'enable-pipelines' } },
  );
}

/** `value` is undefined while there is none: the key is still to be uploaded. */
export function planVariable(
  { variables }: BitbucketSituation,
  key: string,
  value: string | undefined,
): Step {
  return decide(`Bitbucket: variable ${key}`, variables, (all) => {
    const present = all.find((each) => each.key === key);
    const action: Action = { do: 'put-variable', key, value };
    const note = value ?? 'the id that IAM gives';
    if (present === undefined) return { state: 'make', note, action };
    return present.value === value && value !== undefined
      ? { state: 'exists' }
      : { state: 'change', note: `to ${note}`, action };
  });
}
