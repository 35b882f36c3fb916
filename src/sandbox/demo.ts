import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toGitEnvironment } from '../git/environment';
import { createGit, type Git } from '../git/git';
import { runProgram } from '../program';
import { readSettings } from '../settings/settings';
import { createStopSignal } from '../stopSignal';
import { createKeyPair, openSandbox, type Sandbox } from './server';

/**
 * The main job for real, on this machine alone: a CodeCommit of our own, this repository as the source, two
 * mirrors with a change between them. What is left is the bare repository, to look into.
 */
async function runDemo(): Promise<number> {
  const signal = createStopSignal(process);
  const root = await mkdtemp(join(await realpath(tmpdir()), 'codecommit-mirror-demo-'));
  const [server, source] = [join(root, 'codecommit'), join(root, 'bitbucket')];
  await mkdir(server);
  const git = createGit({ directory: root, env: toGitEnvironment(process.env), signal });
  await using sandbox = await openSandbox({ root: server });
  const { privateKey, publicKey } = createKeyPair();
  sandbox.allow(sshKeyId, publicKey);
  const repository = await sandbox.createRepository('demo');

  say(`A CodeCommit of our own listens on port ${sandbox.port}; its host key is ${sandbox.fingerprint}.`);
  await git.read(['clone', '--mirror', '--no-local', '--', process.cwd(), source]);
  say('First run: the repository over there is empty, and every branch and tag of this project goes to it.');
  const first = await mirrorOnce(sandbox, source, privateKey, signal);
  if (first !== 0) return first;

  say('Now somebody commits, and tags the commit.');
  await commitAndTag(git, source);
  say('Second run: only what changed is sent.');
  const second = await mirrorOnce(sandbox, source, privateKey, signal);
  await rm(source, { recursive: true });
  say(`Look into the mirror:  git --git-dir=${repository} log --oneline --all --decorate`);
  return second;
}

const sshKeyId = 'APKADEMODEMODEMODEMO';

function say(text: string): void {
  process.stdout.write(`\n— ${text}\n`);
}

async function mirrorOnce(
  sandbox: Sandbox,
  source: string,
  key: string,
  signal: AbortSignal,
): Promise<number> {
  const env = {
    PATH: process.env['PATH'],
    CODECOMMIT_URL: sandbox.url('demo'),
    SSH_KEY_ID: sshKeyId,
    SSH_KEY: key,
    KNOWN_HOSTS: sandbox.knownHosts,
    SOURCE_URL: `file://${source}`,
    REFS: 'all',
  };
  const { stdout } = process;
  const home = { sshDirectory: undefined, credentialHelpers: [] };
  return await runProgram({
    env,
    stdout,
    signal,
    home,
    readUsage: () => process.resourceUsage(),
    readSettings: () => readSettings(env, { cwd: source }),
  });
}

const identity = {
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@example.com',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@example.com',
};

/** Without a work tree: a commit with the tree of the one before it, on the branch that HEAD names. */
async function commitAndTag(git: Git, repository: string): Promise<void> {
  const inRepository = { env: { ...identity, GIT_DIR: repository } };
  const read = async (...args: string[]) => (await git.read(args, inRepository)).trim();
  const branch = await read('rev-parse', '--symbolic-full-name', 'HEAD');
  const next = await read('commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'A change');
  await git.run(['update-ref', branch, next], inRepository);
  await git.run(['tag', '--annotate', '--message', 'A tag', 'demo-1', next], inRepository);
}

void runDemo().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stdout.write(`✖ ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
