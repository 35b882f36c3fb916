import { type FaultCollection, invalid } from '../faults';
import type { RemoteSettings } from '../remote/settings';
import { type DestinationUrl, parseDestinationUrl, toHttpsUrl, toSshUrl } from './destinationUrl';
import { replaceHost } from './endpoint';
import { isKeyless, readIdentity } from './identity';
import { readSshLogin } from './sshSettings';
import type { Environment, Variables } from './variables';

/** Everything about the destination; what is at fault goes to `faults`, and then there may be none. */
export async function readDestination(
  env: Environment,
  values: Variables,
  faults: FaultCollection,
): Promise<RemoteSettings | undefined> {
  const keyless = isKeyless(env);
  const url = faults.attempt(() => readDestinationUrl(values, keyless));
  const isHttps =
    url === undefined ? keyless && !values.CODECOMMIT_URL?.startsWith('ssh:') : url.scheme === 'https';
  if (!isHttps) {
    const login = await readSshLogin(env, values, url, faults);
    return login && url && { url: toSshUrl(url, login.user), name: toName(url), login };
  }
  const identity = readIdentity(env, values, faults);
  if (url?.region === undefined || identity === undefined) return undefined;
  return {
    url: toHttpsUrl(url),
    name: toName(url),
    login: { kind: 'aws', region: url.region, identity },
  };
}

/** Where the mirror goes, CODECOMMIT_ENDPOINT put in. Throws SettingsError. */
export function readDestinationUrl(values: Variables, keyless: boolean): DestinationUrl {
  const { CODECOMMIT_URL: url, AWS_DEFAULT_REGION: region, CODECOMMIT_ENDPOINT: endpoint } = values;
  if (url !== undefined) return replaceHost(parseDestinationUrl(url, region, keyless), endpoint);
  throw invalid(
    'CODECOMMIT_URL',
    'CODECOMMIT_URL is missing.',
    'Give the URL of the repository, as ssh://git-codecommit.<region>.amazonaws.com/v1/repos/<name>.',
  );
}

function toName({ host, port, path, region, repository }: DestinationUrl): string {
  const address = port === 22 ? host : `${host}:${port}`;
  return repository === undefined ? `${address}${path}` : `${repository} (${region ?? address})`;
}
