import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { KeyIdentity } from '../aws/identity';
import { toErrorText } from '../errors';
import { collectFaults, type Fault, type FaultCollection, findFirst, quote, SettingsError } from '../faults';
import { noClone } from '../mirror/errors';
import type { Job } from '../mirror/job';
import { codeCommit, generic } from '../plan/profiles';
import { isLoopback } from '../remote/address';
import type { Password, RemoteSettings } from '../remote/settings';
import type { InsightsPlace } from '../report/codeInsights';
import { resolveReportFile } from '../report/file';
import { toDefaultBranchAdvice, toDefaultBranchSetter } from './defaultBranch';
import { type Destination, readDestinations } from './destinations';
import type { DestinationUrl } from './destinationUrl';
import { hasAccessKey, readAccessKey } from './identity';
import { findInsightsPlace } from './insights';
import { parseVariables } from './parseVariables';
import { parseRun } from './run';
import { findSecrets, toKeySecrets } from './secrets';
import { parseSelection } from './selection';
import { isSameRepository, parseSourceProxy, parseSourceUrl } from './sourceUrl';
import { pipelinesProxy } from './step';
import type { Environment, Variables } from './variables';

/** What the variables ask for: a job for each destination, and how to report them. */
export interface Settings extends Pick<Job, 'selection' | 'policy' | 'trigger'> {
  /** Undefined if neither the variables nor a clone name one. */
  readonly source: RemoteSettings | undefined;
  readonly destinations: readonly DestinationSettings[];
  /** The folder of the clone: BITBUCKET_CLONE_DIR, or the current folder. */
  readonly clone: string;
  readonly timeoutMilliseconds: number;
  /** Absolute. */
  readonly reportFile: string | undefined;
  /** Where CODE_INSIGHTS puts a report: undefined without it, and outside Pipelines. */
  readonly insights: InsightsPlace | undefined;
  /** AWS credentials from the variables. Over SSH a mirror needs none; a check uses them to ask IAM. */
  readonly accessKey: KeyIdentity | undefined;
  /** Every text that must never be printed. */
  readonly secrets: readonly string[];
}

/** A destination, and what is its own in a job. */
export interface DestinationSettings
  extends Pick<Job, 'destination' | 'limits' | 'setDefaultBranch' | 'toDefaultBranchAdvice'> {
  readonly url: DestinationUrl;
}

/** The jobs that the variables ask for. Throws MirrorError `no-clone` if there is no source. */
export function toJobs({ source, clone, destinations, ...settings }: Settings): readonly Job[] {
  if (source === undefined) throw noClone(clone);
  const { selection, policy, trigger } = settings;
  return destinations.map((own) => ({ ...own, source, clone, selection, policy, trigger }));
}

export interface ReadOptions {
  readonly cwd: string;
  /** Full name of the checked-out branch: what REFS `current` means outside Pipelines. */
  readonly currentBranch?: string | undefined;
  /** False outside a clone. Then there is no branch either. */
  readonly isClone?: boolean;
  /** The ~/.ssh to write to. Without it, no ~/.ssh is changed. */
  readonly sshDirectory?: string | undefined;
  /** Reads the source with this user's git configuration: in a shell, not in a pipe. */
  readonly usersGit?: boolean;
}

/** Reads the settings from the environment and the files that it names. Throws SettingsError with every fault. */
export async function readSettings(env: Environment, options: ReadOptions): Promise<Settings> {
  const { cwd, usersGit = false } = options;
  const faults = collectFaults();
  const { values, faults: variableFaults } = parseVariables(env);
  faults.add(...variableFaults);
  const run = parseRun(env, cwd, faults);
  const found = await readDestinations(env, values, faults);
  const source = readSource(values, run?.httpOrigin, usersGit, faults);
  const isRefsFaulty = variableFaults.some(({ variable }) => variable === 'REFS');
  const selection = isRefsFaulty ? undefined : parseSelection(values, run, options, faults);
  const clone = run?.cloneDir ?? cwd;
  const reportFile = await readReportFile(values.REPORT_FILE, cwd, clone, faults);
  if (!run || !selection || faults.faults.length > 0) {
    throw new SettingsError(withoutConsequences(faults.faults, variableFaults));
  }
  const accessKey = hasAccessKey(env) ? readAccessKey(values, collectFaults()) : undefined;
  return {
    source,
    destinations: withDirectory(found, options.sshDirectory).map((each) =>
      toDestinationSettings(each, values, accessKey),
    ),
    clone,
    selection,
    policy: toPolicy(values),
    trigger: run.kind === 'none' ? undefined : { commit: run.commit },
    timeoutMilliseconds: values.TIMEOUT * 60_000,
    reportFile,
    insights: values.CODE_INSIGHTS ? findInsightsPlace(env, run, source) : undefined,
    accessKey,
    secrets: [...new Set([...findSecrets(env), ...found.flatMap(toDestinationSecrets)])],
  };
}

function toDestinationSettings(
  { url, remote }: Destination,
  values: Variables,
  accessKey: KeyIdentity | undefined,
): DestinationSettings {
  const setDefaultBranch = toDefaultBranchSetter(url, remote, accessKey);
  return {
    url,
    destination: remote,
    limits: toLimits(values, remote),
    setDefaultBranch,
    toDefaultBranchAdvice: setDefaultBranch === undefined ? toDefaultBranchAdvice(url) : undefined,
  };
}

function toPolicy(values: Variables): Job['policy'] {
  return {
    force: values.FORCE,
    prune: values.PRUNE,
    pruneLimit: values.PRUNE_LIMIT,
    backup: values.BACKUP,
    lfs: values.LFS,
    dryRun: values.DRY_RUN,
  };
}

function toLimits(values: Variables, { url }: RemoteSettings): Job['limits'] {
  return {
    // A VPC endpoint for CodeCommit has a name of its own, but the same paths.
    profile: /^\w+:\/\/[^/]+\/v1\/repos\//.test(url) ? codeCommit : generic,
    pushBytes: values.PUSH_SIZE * 2 ** 20,
    attempts: values.MAX_ATTEMPTS,
  };
}

/** A ~/.ssh has one block for a host: that of the first destination there. */
function withDirectory(
  destinations: readonly Destination[],
  directory: string | undefined,
): readonly Destination[] {
  const hosts = new Set<string>();
  return destinations.map(({ url, remote }) => {
    const { login } = remote;
    if (login.kind !== 'ssh' || hosts.has(login.host)) return { url, remote };
    hosts.add(login.host);
    return { url, remote: { ...remote, login: { ...login, directory } } };
  });
}

/** The key of Pipelines comes from a file; every other secret is in a variable. */
function toDestinationSecrets({ remote: { login } }: Destination): readonly string[] {
  return login.kind === 'ssh' ? [login.key.pem, login.key.identity].flatMap(toKeySecrets) : [];
}

/**
 * An invalid variable was read as not set. The faults that follow from that are left out, and those that several
 * destinations have in common are reported once.
 */
function withoutConsequences(faults: readonly Fault[], own: readonly Fault[]): readonly Fault[] {
  const variables = new Set(own.map(({ variable }) => variable));
  const others = faults.filter((fault) => !own.includes(fault) && !variables.has(fault.variable));
  const all = new Map(
    [...own, ...others].map((fault) => [JSON.stringify([fault.variable, fault.message]), fault]),
  );
  return [...all.values()];
}

/** In a pipe the source is the repository of the pipeline, through the proxy of Pipelines, which serves nothing else. */
function readSource(
  values: Variables,
  httpOrigin: string | undefined,
  usersGit: boolean,
  faults: FaultCollection,
): RemoteSettings | undefined {
  const { SOURCE_URL: given, SOURCE_PROXY: givenProxy } = values;
  const parsed = given === undefined ? undefined : parseSourceUrl(given, faults);
  const { url = httpOrigin, credentials } = parsed ?? {};
  const isPipelines = httpOrigin !== undefined && isSameRepository(url ?? '', httpOrigin);
  const fallback = isPipelines ? { url: pipelinesProxy } : undefined;
  const proxy = givenProxy === undefined ? fallback : parseSourceProxy(givenProxy, faults);
  if (isReadable(url, proxy?.url, credentials)) {
    faults.add({
      variable: 'SOURCE_URL',
      message:
        'SOURCE_URL is an http:// URL with a user or password, which anyone on the network could read.',
      remedy: 'Use https://, or remove the login.',
    });
  }
  if (url === undefined) return undefined;
  return {
    url,
    name: url,
    login: credentials === undefined ? { kind: 'none' } : { kind: 'password', ...credentials },
    ...(proxy && { proxy }),
    ...(usersGit && { usersGit }),
  };
}

/** Whether a login would cross a network in clear text. The proxy of Pipelines and hosts on this machine are safe. */
function isReadable(
  url: string | undefined,
  proxy: string | undefined,
  credentials: Password | undefined,
): boolean {
  if (credentials === undefined || !url?.startsWith('http://') || proxy === pipelinesProxy) return false;
  return ![url, proxy].some((each) => each !== undefined && isLoopback(new URL(each).hostname));
}

async function readReportFile(
  file: string | undefined,
  cwd: string,
  clone: string,
  faults: FaultCollection,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(cwd, file);
  const fault = /\p{Cc}/u.test(file) ? 'it contains a control character' : await findPathFault(path, clone);
  if (fault === undefined) return path;
  return faults.add({
    variable: 'REPORT_FILE',
    message: `REPORT_FILE is ${quote(file)}: ${fault}.`,
    remedy: 'Give the path of a file in a folder that exists, such as codecommit-mirror.json.',
  });
}

async function findPathFault(path: string, clone: string): Promise<string | undefined> {
  const [found, folder] = await Promise.all([path, dirname(path)].map(statIfThere));
  const fault = findFirst([
    [found?.isDirectory(), 'it is a folder'],
    [found?.isFIFO() || found?.isSocket(), 'it is a pipe or a socket, which needs a reader'],
    [!folder?.isDirectory(), `the folder ${dirname(path)} does not exist`],
  ]);
  if (fault !== undefined) return fault;
  return await resolveReportFile(path, clone).then(() => undefined, toErrorText);
}

/** A path that can't be read can't be written either: it counts as missing. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}
