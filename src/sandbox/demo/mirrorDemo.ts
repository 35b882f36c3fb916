import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettings, toProgram } from '../../pipe/settings';
import type { Environment } from '../../pipe/variables';
import { runProgram } from '../../program/runMirror';
import { createKeyPair, openSandbox, type Sandbox } from '../server';
import { type DemoShell, toTitle } from './shell';
import { createDemoSource, type DemoSource } from './source';

const sshKeyId = 'APKADEMODEMODEMODEMO';

interface Demo extends DemoShell {
  readonly sandbox: Sandbox;
  readonly source: DemoSource;
  /** The variables of each run. */
  readonly variables: Environment;
}

/** Mirrors one small repository to a CodeCommit below `root`. Returns 0 if each run ended as expected. */
export async function runMirrorDemo(shell: DemoShell, root: string): Promise<number> {
  await mkdir(join(root, 'codecommit'));
  await using sandbox = await openSandbox({ root: join(root, 'codecommit') });
  const { privateKey, publicKey } = createKeyPair();
  sandbox.allow(sshKeyId, publicKey);
  await sandbox.createRepository('demo');
  const source = await createDemoSource(root, shell);
  const variables = {
    PATH: shell.env['PATH'],
    NO_COLOR: shell.env['NO_COLOR'],
    TMPDIR: root,
    CODECOMMIT_URL: sandbox.url('demo'),
    SSH_KEY_ID: sshKeyId,
    SSH_KEY: privateKey,
    KNOWN_HOSTS: sandbox.knownHosts,
    SOURCE_URL: source.path,
    REFS: 'all',
  };
  return await showSteps({ ...shell, sandbox, source, variables });
}

interface DemoStep {
  readonly title: string;
  readonly text: string;
  /** What changes before the run. */
  readonly change?: () => Promise<void>;
  /** Additional variables. */
  readonly more?: Environment;
  /** The expected exit code of the run. */
  readonly exitCode: 0 | 1;
}

async function showSteps(demo: Demo): Promise<number> {
  const { stdout, sandbox, signal } = demo;
  stdout.write(
    `A git server that behaves like CodeCommit listens on port ${sandbox.port} of this machine.\n` +
      'Nothing leaves the machine, and nothing stays on it.\n',
  );
  const steps = toSteps(demo);
  let logins = 0;
  for (const [index, { title, text, change, more, exitCode }] of steps.entries()) {
    stdout.write(`\n${toTitle(demo, `${index + 1}/${steps.length} ${title}`)}\n${text}\n`);
    logins = sandbox.counts.authentications;
    await change?.();
    const ended = await mirrorOnce(demo, more);
    if (signal.aborted) return ended;
    if (ended !== exitCode) {
      stdout.write(`\nThe run ended with exit code ${ended}; in this step it should be ${exitCode}.\n`);
      return ended || 1;
    }
  }
  const refused = sandbox.counts.authentications - logins;
  stdout.write(`\nThe server saw ${logins} logins, and ${refused} in the last step.\n${nextStep}`);
  return refused === 0 ? 0 : 1;
}

const nextStep = `
For a repository of your own, this shows what would be set up, and changes nothing:
  npx codecommit-mirror setup --dry-run \\
    --bitbucket acme/app --codecommit eu-west-1/app
`;

function toSteps({ source, sandbox }: Demo): readonly DemoStep[] {
  return [
    {
      title: 'The first run',
      text: 'The destination is empty: every branch and tag goes there.',
      exitCode: 0,
    },
    {
      title: 'A commit and a tag',
      text: 'Only what changed is sent.',
      change: async () => {
        await source.commit('main', 'A change');
        await source.tag('v1.1', 'main');
      },
      exitCode: 0,
    },
    {
      title: 'A rewritten branch is kept',
      text: 'Somebody force-pushed. Without FORCE the mirror keeps what it has, names both tips, and fails.',
      change: () => source.rewrite('feature'),
      exitCode: 1,
    },
    {
      title: 'Too many deletions are stopped',
      text: 'Somebody deleted two branches. PRUNE is on, but PRUNE_LIMIT is 1: nothing is pushed.',
      change: () => source.remove('feature', 'release/1.0'),
      more: { PRUNE: 'true', PRUNE_LIMIT: '1' },
      exitCode: 1,
    },
    {
      title: 'A wrong host key is refused',
      text: 'The server has a different key from the one that we trust. The run ends before it logs in.',
      more: { KNOWN_HOSTS: toOtherHostKey(sandbox) },
      exitCode: 1,
    },
  ];
}

/** The known_hosts line of this server, with a different key. */
function toOtherHostKey({ knownHosts }: Sandbox): string {
  return `${knownHosts.split(' ')[0]} ${createKeyPair().publicKey}`;
}

async function mirrorOnce({ variables, source, ...shell }: Demo, more: Environment = {}) {
  const env = { ...variables, ...more };
  const settings = () => readSettings(env, { cwd: source.path });
  // Expected failures are shown in their place, on the same stream.
  return await runProgram(toProgram({ ...shell, stderr: shell.stdout, env, readSettings: settings }));
}
