import { MirrorError, toQuote } from '../../errors';
import { findNetworkCode, isCertificateCode } from '../../http/networkCode';

const runAgain = 'Run again: finished repositories are not mirrored again.';

/** `said` is the host's own word; `remedy` says how such a login is made. */
export const tokenRefused = (host: string, said: string, remedy: string, login = 'token') =>
  new MirrorError('fleet-token-refused', {
    message: `${host} does not accept the ${login}: ${toQuote(said) || 'it gives no reason'}`,
    remedy,
  });

/** `needs` names the permission or scope as the host's own pages call it. */
export const notPermitted = (host: string, call: string, said: string, needs: string) =>
  new MirrorError('fleet-not-permitted', {
    message: `${host} does not permit ${call}: ${toQuote(said) || 'it gives no reason'}`,
    remedy: `This needs ${needs}. Give it to the token or to its owner, or use another token.`,
  });

export const ownerNotFound = (host: string, owner: string) =>
  new MirrorError('fleet-owner-not-found', {
    message: `${host} has no ${owner} that this token can see.`,
    remedy: 'Compare the name with the address in the browser, and check that the token may see it.',
  });

/** The limit of the host is used up. `until` is for who plans the next try. */
export class HostThrottled extends MirrorError {
  readonly until: Date;

  constructor(host: string, until: Date, said: string) {
    super('fleet-host-throttled', {
      message: `${host} limits requests and asks to wait until ${until.toISOString()}: ${toQuote(said) || 'it gives no reason'}`,
      remedy: 'Run again after that time, or use a token that nothing else uses.',
    });
    this.until = until;
  }
}

export const hostUnreachable = (host: string, url: string, error: unknown) => {
  const said = error instanceof Error ? error.message || String(findNetworkCode(error)) : String(error);
  return new MirrorError(
    'fleet-host-unreachable',
    {
      message: `${host} can't be reached at ${url}: ${toQuote(said)}`,
      remedy: isCertificateCode(findNetworkCode(error))
        ? 'Its certificate is not trusted. Set SSL_CERT_FILE to a file with the certificate of its authority.'
        : 'Check the network, the proxy (https_proxy), and the address in mirrors.yaml ("url" or "region").',
    },
    { cause: error },
  );
};

/** A token goes over TLS, or stays on this machine. */
export const inClear = (host: string, url: string) =>
  new MirrorError('fleet-host-unreachable', {
    message: `${host} at "${url}" would receive the token unencrypted. Nothing was sent.`,
    remedy: 'Use an https:// URL.',
  });

export const hostFailed = (host: string, call: string, said: string) =>
  new MirrorError('fleet-host-failed', {
    message: `${host} failed at ${call}: ${toQuote(said) || 'it gives no reason'}`,
    remedy: `Look at the status page of the host, and check "url" of this mirror. ${runAgain}`,
  });

export const listingUnstable = (host: string, times: number, fault: string) =>
  new MirrorError('fleet-listing-unstable', {
    message: `The list of repositories of ${host} could not be read as a whole in ${times} tries: ${fault}.`,
    remedy: 'Run again. If it happens each time, check that the token may see every repository of the owner.',
  });

export const nameTaken = (host: string, name: string) =>
  new MirrorError('fleet-name-taken', {
    message: `${host} already has a repository "${name}". It was not changed.`,
    remedy: "Run again. If it happens each time, this token can't see it: choose another name.",
  });

export const nameRefused = (host: string, name: string, said: string) =>
  new MirrorError('fleet-name-refused', {
    message: `${host} does not allow a repository "${name}": ${toQuote(said) || 'it gives no reason'}`,
    remedy: 'Choose another name for this mirror.',
  });

export const quotaUsedUp = (host: string, said: string) =>
  new MirrorError('fleet-quota', {
    message: `${host} allows no more repositories: ${toQuote(said) || 'it gives no reason'}`,
    remedy: 'Delete what you no longer need, or raise the limit. Existing mirrors go on.',
  });

export const notPrivate = (host: string, name: string, why: string) =>
  new MirrorError('fleet-not-private', {
    message: `The repository "${name}" on ${host} would not be private: ${why}. Nothing was pushed.`,
    remedy: 'A mirror is always private. Make the group or project private, or choose another one.',
  });

/** Of the URL that git would get. */
export const unusableUrl = (host: string, name: string, url: string) =>
  hostFailed(host, 'the listing', `the URL of "${name}" is "${url}", which is neither http nor https`);
