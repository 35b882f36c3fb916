import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryFormats } from '../../src/git/environment';

/** How one git command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly env?: Readonly<Record<string, string>>;
  /** What git reads on standard input. */
  readonly input?: string;
}

/** Configuration that outranks every file: background housekeeping would race with the removal of temporary folders. */
const configuration: Readonly<Record<string, string>> = {
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'init.defaultBranch': 'main',
  // Some cases give a repository to another user and then look into it.
  'safe.directory': '*',
};

let seconds = Date.UTC(2026, 0, 1) / 1000;

/** Moves the clock of commits on by one minute: each run of a test writes the same object IDs. */
export function tick(): void {
  seconds += 60;
}

/** Sets the clock of commits, for tests where the date of one commit counts. */
export function setDate(date: Date): void {
  seconds = Math.floor(date.getTime() / 1000);
}

/** Does `work` with the clock of commits set to a date, and sets it back: what is made twice has the same object IDs. */
export async function withDate<T>(date: Date, work: () => Promise<T>): Promise<T> {
  const before = seconds;
  setDate(date);
  try {
    return await work();
  } finally {
    seconds = before;
  }
}

/** The whole environment of a test's git: no configuration, proxy or identity of this machine or its user. */
export function gitEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(git_.*|.*_proxy|ssh_.*)$/i.test(name)) env[name] = value;
  }
  const date = `${seconds} +0000`;
  return {
    ...env,
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    ...repositoryFormats,
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
    GIT_COMMITTER_DATE: date,
    ...toConfigurationEnvironment(configuration),
  };
}

/** Says configuration in the environment, as git reads it: GIT_CONFIG_COUNT, GIT_CONFIG_KEY_n, GIT_CONFIG_VALUE_n. */
function toConfigurationEnvironment(entries: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(Object.keys(entries).length) };
  for (const [index, [key, value]] of Object.entries(entries).entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

/** Runs a program to its end; a non-zero exit is a value. Throws when it can't be started. */
export function run(
  program: string,
  dir: string,
  args: readonly string[],
  options: Run = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const settings = { cwd: dir, env: { ...gitEnvironment(), ...options.env }, maxBuffer: 1 << 28 };
    const child = execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else reject(error);
    });
    // A child that ends without reading its input breaks the pipe; its exit code tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Runs git to its end; a non-zero exit is a value. */
export function tryGit(dir: string, args: readonly string[], options: Run = {}): Promise<Ended> {
  return run('git', dir, args, options);
}

/** Runs git in `dir`; gives what it printed, trimmed. Throws, with git's own words, when it fails. */
export function git(dir: string, ...args: readonly string[]): Promise<string> {
  return gitWith({}, dir, ...args);
}

/** As `git`, with more environment or with input. */
export async function gitWith(options: Run, dir: string, ...args: readonly string[]): Promise<string> {
  const ended = await tryGit(dir, args, options);
  if (ended.exitCode !== 0) throw new Error(`git ${args.join(' ')}: exit ${ended.exitCode}\n${ended.stderr}`);
  return ended.stdout.trim();
}

/** Makes a bare repository whose default branch is main. Gives its path. */
export async function createBareRepository(
  path: string,
  config: Readonly<Record<string, string>> = {},
): Promise<string> {
  await mkdir(path, { recursive: true });
  await git(path, 'init', '--quiet', '--bare', '--initial-branch=main');
  for (const [key, value] of Object.entries(config)) await git(path, 'config', key, value);
  return path;
}

/** Commits in a work tree, the given files (path → content) added; without files an empty commit. Gives its object ID. */
export async function commit(
  dir: string,
  message: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
  tick();
  await git(dir, 'add', '--all');
  await git(dir, 'commit', '--quiet', '--allow-empty', '--message', message);
  return git(dir, 'rev-parse', 'HEAD');
}

export interface Growth {
  /** How many commits; 1 unless said. */
  readonly count?: number;
  /** Where a new branch starts: any revision. Without it a new branch has a root commit of its own. */
  readonly from?: string;
  /** The file that each commit rewrites; one named after the branch unless said, so that branches merge cleanly. */
  readonly file?: string;
}

/** Adds commits to a branch of any repository, bare ones too, in one git process. Gives the new tip's object ID. */
export async function grow(dir: string, branch: string, growth: Growth = {}): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const present = await tryGit(dir, ['rev-parse', '--verify', '--quiet', `${growth.from ?? ref}^{commit}`]);
  const file = growth.file ?? `${branch}.txt`;
  const stream: string[] = [];
  for (let index = 0; index < (growth.count ?? 1); index += 1) {
    tick();
    const message = `${branch} ${seconds}\n`;
    stream.push(`commit ${ref}`, `committer Ada <ada@example.com> ${seconds} +0000`);
    stream.push(`data ${Buffer.byteLength(message)}`, message);
    if (index === 0 && present.exitCode === 0) stream.push(`from ${present.stdout.trim()}`);
    stream.push(`M 100644 inline ${file}`, `data ${Buffer.byteLength(message)}`, message);
  }
  await gitWith(
    { input: `${stream.join('\n')}\ndone\n` },
    dir,
    'fast-import',
    '--quiet',
    '--force',
    '--done',
  );
  return git(dir, 'rev-parse', ref);
}

/** The complete ref map of a repository: full name → object ID, annotated tags unpeeled. */
export async function readRefs(dir: string): Promise<Record<string, string>> {
  const listing = await git(dir, 'for-each-ref', '--format=%(refname) %(objectname)');
  const refs: Record<string, string> = {};
  for (const line of listing.split('\n')) {
    const [name, oid] = line.split(' ');
    if (name !== undefined && oid !== undefined) refs[name] = oid;
  }
  return refs;
}
