import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { KeyIdentity } from '../aws/identity';
import { MirrorError, toErrorText } from '../errors';
import { collectFaults, type Fault, type FaultCollection, findFirst, quote, SettingsError } from '../faults';
import type { DefaultBranchSetter, Job } from '../mirror/job';
import { codeCommit, generic } from '../plan/profiles';
import type { Order, Program } from '../program/runMirror';
import type { RemoteSettings } from '../remote/settings';
import { resolveReportFile } from '../report/file';
import { type Destination, readDestinations } from './destinations';
import type { DestinationUrl } from './destinationUrl';
import { hasAccessKey, readAccessKey } from './identity';
import { parseVariables } from './parseVariables';
import { remedies } from './remedies';
import { findInsightsPlace, parseRun } from './run';
import { findSecrets, toKeySecrets } from './secrets';
import { parseSelection } from './selection';
import { readSource } from './source';
import type { Environment, Variables } from './variables';

/** What the variables ask for. */
export interface Settings extends Order {
  readonly destinations: readonly DestinationSettings[];
  /** AWS credentials from the variables. Over SSH a mirror needs none; a check uses them to ask IAM. */
  readonly accessKey: KeyIdentity | undefined;
}

/** A destination, and what is its own in a job. */
export type DestinationSettings = Order['destinations'][number] & { readonly url: DestinationUrl };

/** What an entry provides, whatever it does with the settings. */
export interface Asked extends Omit<Program, 'secrets' | 'remedies'> {
  readonly readSettings: () => Promise<Settings>;
}

/** The mirror that the variables describe, as a program. */
export function toProgram(asked: Asked): Program {
  return { ...asked, remedies, secrets: findSecrets(asked.env) };
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
  faults.keep(variableFaults);
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

/**
 * What makes a branch the default of the destination: undefined where that is not on CodeCommit, or where there are no
 * AWS credentials. AWS's client is loaded when it is needed. Throws MirrorError with what to do instead.
 */
function toDefaultBranchSetter(
  { region, repository }: DestinationUrl,
  { login }: RemoteSettings,
  accessKey: KeyIdentity | undefined,
): DefaultBranchSetter | undefined {
  const identity = login.kind === 'aws' ? login.identity : accessKey;
  if (region === undefined || repository === undefined || identity === undefined) return undefined;
  return async (branch, context) => {
    try {
      const { updateDefaultBranch } = await import('../aws/defaultBranch');
      await updateDefaultBranch({ region, repository }, branch, identity, context);
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      const { code, message, exitCode, facts } = error;
      const remedy = `Allow codecommit:UpdateDefaultBranch on this repository for this user or role, or run once: ${toCommand({ region, repository }, branch)}`;
      throw new MirrorError(code, { message, remedy }, { exitCode, cause: error, facts });
    }
  };
}

/** What to do where there are no AWS credentials; undefined for a destination that is not on CodeCommit. */
function toDefaultBranchAdvice({ region, repository }: DestinationUrl) {
  if (region === undefined || repository === undefined) return undefined;
  return (branch: string) =>
    `With AWS credentials the mirror changes that. Without them, run once: ${toCommand({ region, repository }, branch)}`;
}

function toCommand({ region, repository }: { region: string; repository: string }, branch: string): string {
  return `aws codecommit update-default-branch --region ${region} --repository-name ${repository} --default-branch-name ${branch}`;
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
  return faults.add(
    'REPORT_FILE',
    `REPORT_FILE is ${quote(file)}: ${fault}.`,
    'Give the path of a file in a folder that exists, such as codecommit-mirror.json.',
  );
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
