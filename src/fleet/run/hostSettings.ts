import type { DestinationConfiguration } from '../configuration/destination';
import type { SourceConfiguration } from '../configuration/source';
import type { TokenReader } from '../hosts/host';
import type { HostSettings } from '../hosts/open';
import type { SecretReference } from '../secrets/reference';
import { resolveSecret, type SecretSources } from '../secrets/resolve';

/** What the client of a host needs of a `from` or `to` of mirrors.yaml. Secrets are read when they are used. */
export function toHostSettings(
  place: SourceConfiguration | DestinationConfiguration,
  secrets: SecretSources,
): HostSettings {
  const toReader =
    (reference: SecretReference): TokenReader =>
    () =>
      resolveSecret(reference, secrets);
  switch (place.host) {
    case 'github':
      return { host: place.host, url: place.url, owner: place.owner, readToken: toReader(place.token) };
    case 'gitlab': {
      const { host, url, group, user = '', token } = place;
      return { host, url, owner: group === undefined ? { user } : { group }, readToken: toReader(token) };
    }
    case 'bitbucket': {
      const { host, workspace, project, email, token } = place;
      return { host, url: toBitbucketApi(place.url), workspace, project, email, readToken: toReader(token) };
    }
    case 'bitbucket-datacenter': {
      const { host, url, project, username, token } = place;
      return { host, url, project, user: username, readToken: toReader(token) };
    }
    case 'codecommit': {
      const { host, region, role, external_id: externalId } = place;
      return { host, region, role, externalId };
    }
    case 'git': {
      const { host, urls, username = 'git', token } = place;
      const readLogin = async () =>
        token === undefined
          ? ({ kind: 'none' } as const)
          : ({ kind: 'password', username, password: await resolveSecret(token, secrets) } as const);
      return { host, urls, readLogin };
    }
  }
}

/** The API of Bitbucket Cloud is on a host of its own. */
function toBitbucketApi(url: string): string | undefined {
  return url === 'https://bitbucket.org' ? undefined : url;
}
