import { type FaultCollection, invalid } from '../faults';
import { type DestinationUrl, parseDestinationUrl, toAuthority, toHttpsUrl } from './destinationUrl';
import { replaceHost } from './endpoint';
import { type Identity, isKeyless, readIdentity } from './identity';
import { readSshSettings, type SshSettings } from './sshSettings';
import type { Environment, Variables } from './variables';

/** CodeCommit over HTTPS, told by its certificate. */
export interface HttpsSettings {
  readonly kind: 'https';
  /** `https://host[:port]/path`, as git needs it. */
  readonly url: string;
  /** `host[:port]`, as HTTP names it. */
  readonly host: string;
  /** Begins with a slash. */
  readonly path: string;
  readonly region: string;
  readonly identity: Identity;
  /** For logs: `repository (region)`. */
  readonly name: string;
}

export type DestinationSettings = SshSettings | HttpsSettings;

/** Everything about the destination; what is at fault goes to `faults`, and then there may be none. */
export async function readDestination(
  env: Environment,
  values: Variables,
  faults: FaultCollection,
): Promise<DestinationSettings | undefined> {
  const keyless = isKeyless(env);
  const url = faults.attempt(() => readDestinationUrl(values, keyless));
  const isHttps =
    url === undefined ? keyless && !values.CODECOMMIT_URL?.startsWith('ssh:') : url.scheme === 'https';
  if (!isHttps) {
    const settings = await readSshSettings(env, values, url, faults);
    return settings && url && { ...settings, name: toName(url) };
  }
  const identity = readIdentity(env, values, faults);
  if (url?.region === undefined || identity === undefined) return undefined;
  const { path, region } = url;
  const host = toAuthority(url, 443);
  return { kind: 'https', url: toHttpsUrl(url), host, path, region, identity, name: toName(url) };
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
