import { type FaultCollection, quote } from '../faults';
import type { RemoteSettings } from '../remote/settings';
import { readDestination } from './destination';
import { type DestinationUrl, parseDestinationUrl, replaceHost } from './destinationUrl';
import { isKeyless } from './identity';
import type { Environment, Variables } from './variables';

/** A destination, as CODECOMMIT_URL names it, and how to reach it. */
export interface Destination {
  readonly url: DestinationUrl;
  readonly remote: RemoteSettings;
}

/** An item of CODECOMMIT_URL. Without a URL, it is missing or invalid. */
interface Item {
  readonly value: string;
  readonly url: DestinationUrl | undefined;
  readonly isHttps: boolean;
}

/** Every destination and its login. Those with a fault are left out. */
export async function readDestinations(
  env: Environment,
  values: Variables,
  faults: FaultCollection,
): Promise<readonly Destination[]> {
  const items = readUrls(env, values, faults);
  requireOneRegion(items, values.CODECOMMIT_ENDPOINT, faults);
  requireDistinct(items, values.SSH_KEY_ID, faults);
  const [isOnly, usesSsh] = [items.length === 1, items.some(({ isHttps }) => !isHttps)];
  const found: Destination[] = [];
  for (const { url, isHttps } of items) {
    const remote = await readDestination({ env, values, url, isOnly, isHttps, usesSsh }, faults);
    if (url !== undefined && remote !== undefined) found.push({ url, remote });
  }
  return found;
}

/** CODECOMMIT_URL with CODECOMMIT_ENDPOINT applied. A missing one is one item, whose login is read all the same. */
function readUrls(env: Environment, values: Variables, faults: FaultCollection): readonly Item[] {
  const { CODECOMMIT_URL: given, AWS_DEFAULT_REGION: region, CODECOMMIT_ENDPOINT: endpoint } = values;
  const keyless = isKeyless(env);
  if (given.length === 0) {
    const remedy =
      'Give the URL of the repository, as ssh://git-codecommit.<region>.amazonaws.com/v1/repos/<name>.';
    faults.add('CODECOMMIT_URL', 'CODECOMMIT_URL is missing.', remedy);
    return [{ value: '', url: undefined, isHttps: keyless }];
  }
  return given.map((value) => {
    const parsed = parseDestinationUrl(value, faults, { region, keyless });
    const url = parsed && replaceHost(parsed, endpoint, faults);
    return {
      value,
      url,
      isHttps: url === undefined ? keyless && !value.startsWith('ssh:') : url.scheme === 'https',
    };
  });
}

/** Two AWS accounts may have the same repository in the same region: there, the SSH user tells them apart. */
function requireDistinct(items: readonly Item[], keyId: string | undefined, faults: FaultCollection): void {
  const seen = new Map<string, string>();
  for (const { value, url } of items) {
    if (url === undefined) continue;
    const { scheme, host, port, path, region, user = keyId } = url;
    const key = JSON.stringify([scheme, host, port, path, region, scheme === 'ssh' && user]);
    const earlier = seen.get(key);
    seen.set(key, value);
    if (earlier === undefined) continue;
    faults.add(
      'CODECOMMIT_URL',
      `CODECOMMIT_URL names the same destination twice: ${quote(earlier)} and ${quote(value)}.`,
      'Remove one of them. For repositories of the same name in two AWS accounts, put the SSH key ID of each account into its URL.',
    );
  }
}

/** An endpoint leads to the repositories of its own region. */
function requireOneRegion(
  items: readonly Item[],
  endpoint: string | undefined,
  faults: FaultCollection,
): void {
  const regions = new Set(items.flatMap(({ url }) => url?.region ?? []));
  if (endpoint === undefined || regions.size < 2) return;
  faults.add(
    'CODECOMMIT_ENDPOINT',
    `CODECOMMIT_ENDPOINT is ${quote(endpoint)}, which is in one region, but CODECOMMIT_URL names several: ${[...regions].join(', ')}.`,
    'Mirror to each region that needs an endpoint in a step of its own.',
  );
}
