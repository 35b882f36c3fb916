import { resolve } from 'node:path';
import { parseDestinationUrl, toAuthority } from '../settings/destinationUrl';
import { replaceHost } from '../settings/endpoint';
import { collectFaults, type FaultCollection, invalid, quote, SettingsError } from '../settings/faults';
import { isRegion } from '../settings/region';
import type { Environment } from '../settings/variables';

/** What `setup` was asked for. */
export interface SetupRequest {
  readonly workspace: string;
  readonly repository: string;
  /** Without a slash at its end. */
  readonly bitbucketApi: string;
  /** The value of the Authorization header; undefined: there is no token, and Bitbucket is left to the user. */
  readonly authorization: string | undefined;
  readonly region: string;
  /** Of the repository on CodeCommit. */
  readonly name: string;
  /** CODECOMMIT_URL, as the step will have it. */
  readonly url: string;
  /** CODECOMMIT_ENDPOINT: stands in for the host of the URL. */
  readonly endpoint: string | undefined;
  /** Of git: the region's, or the endpoint. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly profile: string | undefined;
  /** Absolute. */
  readonly keyFile: string;
  /** Absolute. */
  readonly pipelinesFile: string;
  readonly knownHosts: string;
  readonly write: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly remove: boolean;
  readonly replaceKey: boolean;
  readonly oidc: boolean;
}

/** The flags as commander gives them. */
export interface SetupFlags {
  readonly bitbucket?: string;
  readonly codecommit?: string;
  readonly user?: string;
  readonly profile?: string;
  readonly bitbucketApi?: string;
  readonly keyFile?: string;
  readonly write?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly remove?: boolean;
  readonly replaceKey?: boolean;
  readonly oidc?: boolean;
}

/** Parses flags and environment. Throws SettingsError with every fault. */
export function parseRequest(flags: SetupFlags, env: Environment, cwd: string): SetupRequest {
  const faults = collectFaults();
  const bitbucket = faults.attempt(() => parseBitbucket(flags.bitbucket));
  const endpoint = env['CODECOMMIT_ENDPOINT'] || undefined;
  const codecommit = faults.attempt(() => parseCodeCommit(flags.codecommit, endpoint, flags.oidc ?? false));
  const bitbucketApi = faults.attempt(() => parseApi(flags.bitbucketApi ?? defaultApi));
  const authorization = faults.attempt(() => parseAuthorization(env));
  const user = codecommit && faults.attempt(() => parseUser(flags.user, codecommit.name));
  addContradictions(flags, faults);
  if (!bitbucket || !codecommit || !bitbucketApi || !user || faults.faults.length > 0)
    throw new SettingsError(faults.faults);
  const { name } = codecommit;
  return {
    ...bitbucket,
    ...codecommit,
    bitbucketApi,
    authorization,
    user,
    profile: flags.profile,
    keyFile: resolve(cwd, flags.keyFile ?? `codecommit-mirror-${name}.key`),
    pipelinesFile: resolve(cwd, 'bitbucket-pipelines.yml'),
    knownHosts: env['KNOWN_HOSTS'] ?? '',
    write: flags.write ?? false,
    yes: flags.yes ?? false,
    dryRun: flags.dryRun ?? false,
    remove: flags.remove ?? false,
    replaceKey: flags.replaceKey ?? false,
    oidc: flags.oidc ?? false,
  };
}

const defaultApi = 'https://api.bitbucket.org/2.0';

function parseBitbucket(text: string | undefined) {
  const [, workspace, repository] = /^([\w-]+)\/([\w.-]+)$/.exec(text ?? '') ?? [];
  if (workspace !== undefined && repository !== undefined && !/^\.+$/.test(repository))
    return { workspace, repository };
  throw unfit('--bitbucket', text, 'Give <workspace>/<repository>, as in the address of the repository.');
}

function parseCodeCommit(text: string | undefined, endpoint: string | undefined, oidc: boolean) {
  const [, region = '', name = ''] = /^([^/]*)\/([\w.-]{1,100})$/.exec(text ?? '') ?? [];
  if (!isRegion(region) || name.endsWith('.git') || /^\.\.?$/.test(name)) {
    throw unfit(
      '--codecommit',
      text,
      'Give <region>/<name>, such as eu-west-1/app. A name is 1 to 100 of A-Z a-z 0-9 . _ -, without .git.',
    );
  }
  const own = parseDestinationUrl(`codecommit::${region}://${name}`, region, oidc);
  const url = `${own.scheme}://${toAuthority(own, own.port)}${own.path}`;
  const { host, port } = replaceHost(own, endpoint);
  return { region, name, url, endpoint, host, port };
}

/** A token goes over TLS, or stays on this machine. */
function parseApi(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url !== undefined && /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  if (url && isSafe && url.username === '' && url.search === '' && url.hash === '')
    return url.href.replace(/\/+$/, '');
  throw unfit('--bitbucket-api', text, `Give an https:// URL such as the default, ${defaultApi}.`);
}

function parseAuthorization(env: Environment): string | undefined {
  const { BITBUCKET_TOKEN: token, BITBUCKET_EMAIL: email, BITBUCKET_API_TOKEN: apiToken } = env;
  for (const name of ['BITBUCKET_TOKEN', 'BITBUCKET_EMAIL', 'BITBUCKET_API_TOKEN']) {
    if (/[^!-~]/.test(env[name] ?? ''))
      throw invalid(
        name,
        `${name} holds white space or another character that no token has.`,
        'Copy it again, in one line.',
        'setup-invalid',
      );
  }
  if (token) return `Bearer ${token}`;
  if (email && apiToken) return `Basic ${Buffer.from(`${email}:${apiToken}`).toString('base64')}`;
  if (!apiToken) return undefined;
  throw invalid(
    'BITBUCKET_EMAIL',
    'BITBUCKET_API_TOKEN is set and BITBUCKET_EMAIL is not.',
    "Set BITBUCKET_EMAIL to the Atlassian account's address; or give a repository access token in BITBUCKET_TOKEN.",
    'setup-invalid',
  );
}

/** IAM's rule for names of users: 1 to 64 of these (IAM API, CreateUser). */
function parseUser(flag: string | undefined, name: string): string {
  const user = flag ?? `codecommit-mirror-${name}`;
  if (/^[\w+=,.@-]{1,64}$/.test(user)) return user;
  throw unfit('--user', user, 'Give the name of an IAM user: 1 to 64 of A-Z a-z 0-9 + = , . @ _ -.');
}

function addContradictions(flags: SetupFlags, faults: FaultCollection): void {
  const pairs = [
    ['remove', 'replaceKey', '--remove and --replace-key'],
    ['oidc', 'replaceKey', '--oidc and --replace-key'],
    ['yes', 'dryRun', '--yes and --dry-run'],
  ] as const;
  for (const [one, other, names] of pairs) {
    if (flags[one] !== true || flags[other] !== true) continue;
    const message = `${names} contradict each other.`;
    faults.add({ variable: `--${one}`, code: 'setup-invalid', message, remedy: 'Leave one of them out.' });
  }
}

function unfit(what: string, text: string | undefined, remedy: string): SettingsError {
  const message = text === undefined ? `${what} is missing.` : `${what} is ${quote(text)}, which can't be.`;
  return invalid(what, message, remedy, 'setup-invalid');
}
