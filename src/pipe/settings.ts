import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { toErrorText } from '../errors';
import { collectFaults, type Fault, type FaultCollection, invalid, quote, SettingsError } from '../faults';
import type { Selection } from '../plan/refs';
import { isLoopback } from '../remote/address';
import { resolveReportFile } from '../report/file';
import { type DestinationSettings, readDestination } from './destinationSettings';
import { type AccessKey, hasAccessKey, readAccessKey } from './identity';
import { parseRun, type Run } from './run';
import { findSecrets, toKeySecrets } from './secrets';
import { parseSelection } from './selection';
import { type Credentials, isSameRepository, parseSourceProxy, parseSourceUrl } from './sourceUrl';
import { type Environment, parseVariables, type Variables } from './variables';

export type { DestinationSettings };

export interface SourceSettings {
  /** Undefined: the origin of the clone. */
  readonly url: string | undefined;
  readonly proxy: string | undefined;
  readonly credentials: Credentials | undefined;
}

export interface Settings {
  readonly destination: DestinationSettings;
  readonly source: SourceSettings;
  /** The folder of the clone: BITBUCKET_CLONE_DIR, or the current folder. */
  readonly clone: string;
  readonly run: Run;
  readonly selection: Selection;
  readonly policy: { readonly force: boolean; readonly prune: boolean; readonly pruneLimit: number };
  /** What is replaced or deleted is kept as a branch. */
  readonly backup: boolean;
  /** What to do when the history names files that are kept in Git LFS. */
  readonly lfs: Variables['LFS'];
  /** What one push may carry; more goes in slices. */
  readonly pushBytes: number;
  readonly dryRun: boolean;
  /** How often in a row what may pass is tried. */
  readonly maxAttempts: number;
  readonly timeoutMilliseconds: number;
  /** Absolute. */
  readonly reportFile: string | undefined;
  /** AWS credentials of the variables: over SSH a mirror needs none, and a check asks IAM with them. */
  readonly accessKey: AccessKey | undefined;
  /** Every text that must never be printed. */
  readonly secrets: readonly string[];
}

export interface ReadOptions {
  readonly cwd: string;
  /** Full name of the branch that is checked out: outside Pipelines it is what REFS `current` means. */
  readonly currentBranch?: string | undefined;
  /** False outside a clone, where there is no branch either. */
  readonly isClone?: boolean;
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
  const source = toSource(values, run?.httpOrigin, faults);
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
    destination,
    source,
    clone: run.cloneDir ?? cwd,
    run,
    selection,
    policy: { force: values.FORCE, prune: values.PRUNE, pruneLimit: values.PRUNE_LIMIT },
    backup: values.BACKUP,
    lfs: values.LFS,
    pushBytes: values.PUSH_SIZE * 2 ** 20,
    dryRun: values.DRY_RUN,
    maxAttempts: values.MAX_ATTEMPTS,
    timeoutMilliseconds: values.TIMEOUT * 60_000,
    reportFile,
    accessKey,
    secrets: [...new Set([...findSecrets(env), ...toDestinationSecrets(destination)])],
  };
}

/** The key of Pipelines comes from a file; every other secret stands in a variable. */
function toDestinationSecrets(destination: DestinationSettings): readonly string[] {
  return destination.kind === 'ssh' ? toKeySecrets(destination.key.pem) : [];
}

/** A variable that is at fault by itself has been read as not set: what follows from that is no fault of its own. */
function withoutConsequences(faults: readonly Fault[], own: readonly Fault[]): readonly Fault[] {
  const variables = new Set(own.map(({ variable }) => variable));
  return [...own, ...faults.filter((fault) => !own.includes(fault) && !variables.has(fault.variable))];
}

/** In a pipe the source is the repository of the pipeline, through the proxy of Pipelines, which serves nothing else. */
function toSource(
  values: Variables,
  httpOrigin: string | undefined,
  faults: FaultCollection,
): SourceSettings {
  const { SOURCE_URL: url, SOURCE_PROXY: proxy } = values;
  const given = url === undefined ? undefined : faults.attempt(() => parseSourceUrl(url));
  const chosen = given ?? { url: httpOrigin, credentials: undefined };
  const isPipelines = httpOrigin !== undefined && isSameRepository(chosen.url ?? '', httpOrigin);
  const fallback = isPipelines ? pipelinesProxy : undefined;
  const source = {
    ...chosen,
    proxy: proxy === undefined ? fallback : faults.attempt(() => parseSourceProxy(proxy)),
  };
  if (isReadable(source)) faults.add(...loginInClear.faults);
  return source;
}

/** Whether a login would go over a network in clear. The proxy of Pipelines, and one on this machine, end there. */
function isReadable({ url = '', proxy, credentials }: SourceSettings): boolean {
  if (credentials === undefined || !url.startsWith('http://') || proxy === pipelinesProxy) return false;
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
