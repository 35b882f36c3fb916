import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryFormats } from '../../src/git/environment';
import { createKeyPair, openSandbox, type Sandbox, type SandboxFaults } from '../../src/sandbox/server';

export interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A sandbox with one empty repository (`demo`), one allowed key, and a user's folder with that key. */
export interface Site extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly folder: string;
  /** The bare repository on the server. */
  readonly repository: string;
  /** Its URL, with the user. */
  readonly url: string;
  /** A work tree with one commit on `main`. */
  readonly work: string;
  /** Runs git in the work tree, with the real ssh and its options (more can be given). */
  git(args: readonly string[], sshOptions?: readonly string[]): Promise<Result>;
  /** Runs ssh with one command, or none. */
  ssh(command: string | undefined, sshOptions?: readonly string[]): Promise<Result>;
  /** The server's refs (full name → object ID), read from its repository. */
  refs(): Promise<Record<string, string>>;
  /** `ssh` as an argument list, for a process that the test runs itself. */
  readonly sshArguments: readonly string[];
}

// Making RSA keys is slow; which they are matters to no test.
const hostKeys = createKeyPair();
export const userKeys = createKeyPair();
export const sshKeyId = 'APKAEXAMPLE000000001';

const environment = {
  PATH: process.env['PATH'] ?? '',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  ...repositoryFormats,
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

export function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...environment, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}

export async function openSite(faults: SandboxFaults = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
  const root = join(folder, 'root');
  const work = join(folder, 'work');
  await mkdir(root);
  const sandbox = await openSandbox({ root, faults, hostKey: hostKeys.privateKey });
  sandbox.allow(sshKeyId, userKeys.publicKey);
  const repository = await sandbox.createRepository('demo');
  await writeFile(join(folder, 'key'), userKeys.privateKey, { mode: 0o600 });
  await writeFile(join(folder, 'known_hosts'), `${sandbox.knownHosts}\n`);
  const sshArguments = toSshArguments(folder);
  const site = {
    sandbox,
    folder,
    repository,
    work,
    sshArguments,
    url: sandbox.url('demo', sshKeyId),
    git: (args: readonly string[], more: readonly string[] = []) =>
      run('git', ['-C', work, ...args], { GIT_SSH_COMMAND: ['ssh', ...more, ...sshArguments].join(' ') }),
    ssh: (command: string | undefined, more: readonly string[] = []) =>
      run('ssh', [
        ...more,
        ...sshArguments,
        ...toAddress(sandbox),
        ...(command === undefined ? [] : [command]),
      ]),
    refs: () => readRefs(repository),
    [Symbol.asyncDispose]: async () => {
      await sandbox[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
  await run('git', ['init', '--quiet', '--initial-branch=main', work]);
  await commit(site, 'first');
  return site;
}

/** The last arguments of ssh before the command. */
export function toAddress(sandbox: Sandbox): readonly string[] {
  return ['-T', '-p', String(sandbox.port), `${sshKeyId}@${sandbox.host}`];
}

function toSshArguments(folder: string): readonly string[] {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${folder}/known_hosts`,
    'GlobalKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    `IdentityFile=${folder}/key`,
    'HostKeyAlgorithms=+ssh-rsa',
    'PubkeyAcceptedAlgorithms=+ssh-rsa',
  ];
  return ['-F', '/dev/null', ...options.flatMap((option) => ['-o', option])];
}

/** Makes an empty commit in the work tree and gives its object ID. */
export async function commit(site: Pick<Site, 'git'>, message: string): Promise<string> {
  await site.git(['commit', '--quiet', '--allow-empty', '--message', message]);
  return (await site.git(['rev-parse', 'HEAD'])).stdout.trim();
}

/** All refs of a repository, peeled values left out. */
export async function readRefs(repository: string): Promise<Record<string, string>> {
  const list = await run('git', [
    '--git-dir',
    repository,
    'for-each-ref',
    '--format=%(refname) %(objectname)',
  ]);
  const lines = list.stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line): [string, string] => [line.slice(0, -41), line.slice(-40)]));
}
