import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { collectFaults, type FaultCollection, invalid, orThrow, quote, SettingsError } from '../faults';
import { cutEndSlashes } from '../http/endSlashes';
import { parseDestinationUrl, replaceHost, toAuthority } from '../pipe/destinationUrl';
import type { Environment } from '../pipe/variables';
import { isRegion } from '../remote/region';
import { publishedFingerprint } from '../ssh/fingerprints';
import { decideHostTrust } from '../ssh/hostTrust';
import { parseBitbucketUrl } from './clone';
import { type Mirror, toIdentityName, toSuffix } from './names';

/** The flags without a value. */
const off = {
  write: false,
  nightly: false,
  yes: false,
  dryRun: false,
  remove: false,
  replaceKey: false,
  adopt: false,
  oidc: false,
  protect: false,
};
type Switches = Readonly<Record<keyof typeof off, boolean>>;

/** The request to `setup`. */
export interface SetupRequest extends Mirror, Switches {
  /** Without a trailing slash. */
  readonly bitbucketApi: string;
  /** The value of the Authorization header. Undefined without a token: then the user does the Bitbucket part. */
  readonly authorization: string | undefined;
  /** CODECOMMIT_URL of the step. */
  readonly url: string;
  /** CODECOMMIT_ENDPOINT: replaces the host of the URL. */
  readonly endpoint: string | undefined;
  /** KNOWN_HOSTS of the step; empty if AWS published the fingerprint. */
  readonly knownHosts: readonly string[];
  /** Of the IAM user or role. */
  readonly user: string;
  readonly profile: string | undefined;
  /** Absolute. */
  readonly keyFile: string;
  /** Whether setup chose the name of the key file. */
  readonly isOwnKeyFile: boolean;
  /** The folder in which setup was started. */
  readonly cwd: string;
  /** The ARN of the SNS topic or Lambda function that CodeCommit notifies of each push. */
  readonly trigger: string | undefined;
}

/** The flags as commander gives them. */
export interface SetupFlags extends Partial<Switches> {
  readonly bitbucket?: string;
  readonly codecommit?: string;
  readonly user?: string;
  readonly profile?: string;
  readonly bitbucketApi?: string;
  readonly keyFile?: string;
  readonly trigger?: string;
}

export interface SetupSurroundings {
  readonly env: Environment;
  readonly cwd: string;
  /** `<workspace>/<repository>` of the clone's remote, if there is one. */
  readonly origin: string | undefined;
}

/** Parses flags and environment. Throws SettingsError with every fault. */
export function parseRequest(flags: SetupFlags, { env, cwd, origin }: SetupSurroundings): SetupRequest {
  const faults = collectFaults();
  const { bitbucket: from = origin, codecommit: to, ...given } = flags;
  const bitbucket = faults.attempt(() => parseBitbucket(from));
  const codecommit = faults.attempt(() => parseCodeCommit(to, given, env));
  const bitbucketApi = faults.attempt(() => parseApi(flags.bitbucketApi ?? defaultApi));
  const authorization = faults.attempt(() => parseAuthorization(env));
  faults.attempt(() => requireUser(flags.user));
  const trigger = faults.attempt(() => parseTrigger(flags.trigger, codecommit?.region));
  addContradictions(flags, faults);
  if (!bitbucket || !codecommit || !bitbucketApi || faults.faults.length > 0)
    throw new SettingsError(faults.faults);
  const mirror = { ...bitbucket, ...codecommit };
  const own = join(toConfigFolder(env), 'codecommit-mirror', `${toSuffix(mirror)}.key`);
  return {
    ...off,
    ...given,
    ...mirror,
    bitbucketApi,
    authorization,
    user: flags.user ?? toIdentityName(mirror),
    profile: flags.profile,
    keyFile: flags.keyFile === undefined ? own : resolve(cwd, flags.keyFile),
    isOwnKeyFile: flags.keyFile === undefined,
    cwd,
    trigger,
  };
}

/** Never in the clone: a private key there is one `git add .` away from both hosts. */
function toConfigFolder(env: Environment): string {
  return env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
}

const defaultApi = 'https://api.bitbucket.org/2.0';

/** Bitbucket's names are in lower case; its URLs accept both. */
function parseBitbucket(text: string | undefined) {
  const plain = parseBitbucketUrl(text ?? '') ?? text?.toLowerCase() ?? '';
  const [, workspace, repository] = /^([\w-]+)\/([\w.-]+)$/.exec(plain) ?? [];
  if (workspace !== undefined && repository !== undefined && !/^\.+$/.test(repository))
    return { workspace, repository };
  throw unfit(
    '--bitbucket',
    text,
    'Give <workspace>/<repository> or the URL in the browser. In a clone of it you can leave the flag out.',
  );
}

function parseCodeCommit(
  text: string | undefined,
  { oidc = false, remove = false }: SetupFlags,
  env: Environment,
) {
  const endpoint = env['CODECOMMIT_ENDPOINT'] || undefined;
  const pattern = /^(?:codecommit::([^/]*):\/\/|([^/:]*)\/)([\w.-]{1,100})$/;
  const [, helper, plain, name = ''] = pattern.exec(text ?? '') ?? [];
  const region = helper ?? plain ?? '';
  if (!isRegion(region) || name.endsWith('.git') || /^\.\.?$/.test(name)) {
    throw unfit(
      '--codecommit',
      text,
      'Give <region>/<name>, such as eu-west-1/app. A name is 1 to 100 of A-Z a-z 0-9 . _ -, without .git.',
    );
  }
  const standard = `codecommit::${region}://${name}`;
  const own = orThrow((faults) => parseDestinationUrl(standard, faults, { region, keyless: oidc }));
  const url = `${own.scheme}://${toAuthority(own, own.port)}${own.path}`;
  const readPlace = () => orThrow((faults) => replaceHost(own, endpoint, faults));
  const knownHosts = oidc || remove ? [] : toKnownHosts(readPlace(), env['KNOWN_HOSTS'] ?? '');
  return { region, name, url, endpoint, knownHosts };
}

/** Throws SettingsError if no host key is known, or if sources contradict each other. */
function toKnownHosts({ host, port }: { host: string; port: number }, text: string): readonly string[] {
  const published = publishedFingerprint(host, port);
  const trust = decideHostTrust({ host, port, published, origins: [{ name: 'KNOWN_HOSTS', text }] });
  if (published !== undefined) return [];
  const name = port === 22 ? host : `[${host}]:${port}`;
  return trust.fingerprint === undefined ? trust.knownHosts : [`${name} ${trust.fingerprint}`];
}

/** A token is sent over TLS, or only to this machine. */
function parseApi(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url !== undefined && /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  if (url && isSafe && url.username === '' && url.search === '' && url.hash === '')
    return cutEndSlashes(url.href);
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

/** IAM's rule for user names: 1 to 64 of these (IAM API, CreateUser). */
function requireUser(flag: string | undefined): void {
  if (flag === undefined || /^[\w+=,.@-]{1,64}$/.test(flag)) return;
  throw unfit('--user', flag, 'Give the name of an IAM user: 1 to 64 of A-Z a-z 0-9 + = , . @ _ -.');
}

function addContradictions(flags: SetupFlags, faults: FaultCollection): void {
  const pairs = [
    ['remove', 'replaceKey', '--remove and --replace-key'],
    ['oidc', 'replaceKey', '--oidc and --replace-key'],
    ['remove', 'protect', '--remove and --protect'],
  ] as const;
  for (const [one, other, names] of pairs) {
    if (flags[one] !== true || flags[other] !== true) continue;
    const message = `${names} contradict each other.`;
    faults.add(`--${one}`, message, 'Leave one of them out.', 'setup-invalid');
  }
}

function unfit(what: string, text: string | undefined, remedy: string): SettingsError {
  const message =
    text === undefined ? `${what} is missing.` : `${what} is ${quote(text)}, which is not valid.`;
  return invalid(what, message, remedy, 'setup-invalid');
}

const targetArn =
  /^arn:aws[a-z-]*:(?:sns:([a-z0-9-]+):\d{12}:[\w.-]+|lambda:([a-z0-9-]+):\d{12}:function:[\w-]+(?::[\w$-]+)?)$/;

/** CodeCommit accepts a target in its own region only (InvalidRepositoryTriggerRegionException). */
function parseTrigger(flag: string | undefined, region: string | undefined): string | undefined {
  if (flag === undefined) return undefined;
  const remedy =
    'Give the ARN of an SNS topic or a Lambda function in the region of the repository, such as arn:aws:sns:eu-west-1:111122223333:pushes.';
  const [all, topicRegion, own = topicRegion] = targetArn.exec(flag) ?? [];
  if (all === undefined) throw unfit('--trigger', flag, remedy);
  if (region === undefined || own === region) return flag;
  const message = `--trigger is in ${own}, and the repository in ${region}.`;
  throw invalid('--trigger', message, remedy, 'setup-invalid');
}
