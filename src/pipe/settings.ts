import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { KeyIdentity } from '../aws/identity';
import { toErrorText } from '../errors';
import { collectFaults, type Fault, type FaultCollection, invalid, quote, SettingsError } from '../faults';
import { noClone } from '../mirror/errors';
import type { Job } from '../mirror/job';
import { codeCommit, generic } from '../plan/profiles';
import { isLoopback } from '../remote/address';
import type { Password, RemoteSettings } from '../remote/settings';
import { resolveReportFile } from '../report/file';
import { readDestination } from './destinationSettings';
import { hasAccessKey, readAccessKey } from './identity';
import { parseRun } from './run';
import { findSecrets, toKeySecrets } from './secrets';
import { parseSelection } from './selection';
import { isSameRepository, parseSourceProxy, parseSourceUrl } from './sourceUrl';
import { type Environment, parseVariables, type Variables } from './variables';

/** What the variables ask for: a job, and how to tell of it. */
export interface Settings extends Omit<Job, 'source' | 'clone'> {
  /** Undefined where neither the variables nor a clone name one. */
  readonly source: RemoteSettings | undefined;
  /** The folder of the clone: BITBUCKET_CLONE_DIR, or the current folder. */
  readonly clone: string;
  readonly timeoutMilliseconds: number;
  /** Absolute. */
  readonly reportFile: string | undefined;
  /** AWS credentials of the variables: over SSH a mirror needs none, and a check asks IAM with them. */
  readonly accessKey: KeyIdentity | undefined;
  /** Every text that must never be printed. */
  readonly secrets: readonly string[];
}

/** The job that the variables ask for. Throws MirrorError `no-clone` where there is no source. */
export function toJob({ source, ...settings }: Settings): Job {
  if (source === undefined) throw noClone(settings.clone);
  return { ...settings, source };
}

export interface ReadOptions {
  readonly cwd: string;
  /** Full name of the branch that is checked out: outside Pipelines it is what REFS `current` means. */
  readonly currentBranch?: string | undefined;
  /** False outside a clone, where there is no branch either. */
  readonly isClone?: boolean;
  /** The ~/.ssh to write to; without it every ~/.ssh is left alone. */
  readonly sshDirectory?: string | undefined;
  /** The source is read as `git ls-remote` of this user reads it: in a shell, not in a pipe. */
  readonly usersGit?: boolean;
}

/** The proxy of Pipelines as it is seen from inside a pipe. */
const pipelinesProxy = 'http://host.docker.internal:29418';

/** Reads what was asked, from the environment and the files it names. Throws SettingsError with every fault. */
export async function readSettings(env: Environment, options: ReadOptions): Promise<Settings> {
  const { cwd } = options;
  const faults = collectFaults();
  const { values, faults: variableFaults } = parseVariables(env);
  faults.add(...variableFaults);
  const run = faults.attempt(() => parseRun(env, cwd));
  const destination = await readDestination(env, values, faults);
  const source = readSource(values, run?.httpOrigin, options.usersGit ?? false, faults);
  const isRefsFaulty = variableFaults.some(({ variable }) => variable === 'REFS');
  const selection = isRefsFaulty ? undefined : parseSelection(values, run, options, faults);
  const reportFile = await faults.attemptAsync(() =>
    readReportFile(values.REPORT_FILE, cwd, run?.cloneDir ?? cwd),
  );
  const accessKey = hasAccessKey(env)
    ? faults.attempt(() => readAccessKey(values, collectFaults()))
    : undefined;
  if (!run || !destination || !selection || faults.faults.length > 0) {
    throw new SettingsError(withoutConsequences(faults.faults, variableFaults));
  }
  return {
    source,
    destination: withDirectory(destination, options.sshDirectory),
    clone: run.cloneDir ?? cwd,
    selection,
    policy: {
      force: values.FORCE,
      prune: values.PRUNE,
      pruneLimit: values.PRUNE_LIMIT,
      backup: values.BACKUP,
      lfs: values.LFS,
      dryRun: values.DRY_RUN,
    },
    limits: {
      profile: isCodeCommit(destination.url) ? codeCommit : generic,
      pushBytes: values.PUSH_SIZE * 2 ** 20,
      attempts: values.MAX_ATTEMPTS,
    },
    trigger: run.kind === 'none' ? undefined : { commit: run.commit },
    timeoutMilliseconds: values.TIMEOUT * 60_000,
    reportFile,
    accessKey,
    secrets: [...new Set([...findSecrets(env), ...toDestinationSecrets(destination)])],
  };
}

/** CodeCommit's own hosts, and whatever stands in for one: an endpoint in a VPC has a name of its own. */
function isCodeCommit(url: string): boolean {
  return /^\w+:\/\/[^/]+\/v1\/repos\//.test(url);
}

function withDirectory(destination: RemoteSettings, directory: string | undefined): RemoteSettings {
  const { login } = destination;
  return login.kind === 'ssh' ? { ...destination, login: { ...login, directory } } : destination;
}

/** The key of Pipelines comes from a file; every other secret stands in a variable. */
function toDestinationSecrets({ login }: RemoteSettings): readonly string[] {
  return login.kind === 'ssh' ? toKeySecrets(login.key.pem) : [];
}

/** A variable that is at fault by itself has been read as not set: what follows from that is no fault of its own. */
function withoutConsequences(faults: readonly Fault[], own: readonly Fault[]): readonly Fault[] {
  const variables = new Set(own.map(({ variable }) => variable));
  return [...own, ...faults.filter((fault) => !own.includes(fault) && !variables.has(fault.variable))];
}

/** In a pipe the source is the repository of the pipeline, through the proxy of Pipelines, which serves nothing else. */
function readSource(
  values: Variables,
  httpOrigin: string | undefined,
  usersGit: boolean,
  faults: FaultCollection,
): RemoteSettings | undefined {
  const { SOURCE_URL: given, SOURCE_PROXY: givenProxy } = values;
  const parsed = given === undefined ? undefined : faults.attempt(() => parseSourceUrl(given));
  const { url = httpOrigin, credentials } = parsed ?? {};
  const isPipelines = httpOrigin !== undefined && isSameRepository(url ?? '', httpOrigin);
  const fallback = isPipelines ? { url: pipelinesProxy } : undefined;
  const proxy = givenProxy === undefined ? fallback : faults.attempt(() => parseSourceProxy(givenProxy));
  if (isReadable(url, proxy?.url, credentials)) faults.add(...loginInClear.faults);
  if (url === undefined) return undefined;
  return {
    url,
    name: url,
    login: credentials === undefined ? { kind: 'none' } : { kind: 'password', ...credentials },
    ...(proxy && { proxy }),
    ...(usersGit && { usersGit }),
  };
}

/** Whether a login would go over a network in clear. The proxy of Pipelines, and one on this machine, end there. */
function isReadable(
  url: string | undefined,
  proxy: string | undefined,
  credentials: Password | undefined,
): boolean {
  if (credentials === undefined || !url?.startsWith('http://') || proxy === pipelinesProxy) return false;
  return ![url, proxy].some((each) => each !== undefined && isLoopback(new URL(each).hostname));
}

const loginInClear = invalid(
  'SOURCE_URL',
  'SOURCE_URL is an http:// URL with a user or password, which anybody on the way could read.',
  'Give it as https://, or without the login.',
);

async function readReportFile(
  file: string | undefined,
  cwd: string,
  clone: string,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(cwd, file);
  const fault = /\p{Cc}/u.test(file) ? 'it holds a control character' : await readPathFault(path, clone);
  if (fault === undefined) return path;
  throw invalid(
    'REPORT_FILE',
    `REPORT_FILE is ${quote(file)}: ${fault}.`,
    'Give the path of a file in a folder that is there, such as codecommit-mirror.json.',
  );
}

async function readPathFault(path: string, clone: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return 'it is a folder';
  if (found?.isFIFO() || found?.isSocket())
    return 'it is a pipe or a socket, which would have to be read meanwhile';
  if (!(await isDirectory(dirname(path)))) return `the folder ${dirname(path)} does not exist`;
  return await resolveReportFile(path, clone).then(
    () => undefined,
    (error: unknown) => toErrorText(error),
  );
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Whatever keeps us from looking at it keeps us from writing into it.
    return false;
  }
}
