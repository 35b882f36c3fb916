import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createDemoSource } from '../../src/sandbox/demo/source';
import { createKeyPair, openSandbox } from '../../src/sandbox/server';
import { toSvg } from './svg';

interface Studio {
  /** A folder for everything that is made; not removed here. */
  readonly root: string;
  /** The built command line. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const keyId = 'APKADEMODEMODEMODEMO';

/** Mirrors the demo's repository, changes it, and draws the plan and the run of the next mirror. */
export async function draw({ root, program, env }: Studio) {
  const served = join(root, 'codecommit');
  await mkdir(served);
  await using sandbox = await openSandbox({ root: served });
  const { privateKey, publicKey } = createKeyPair();
  sandbox.allow(keyId, publicKey);
  await sandbox.createRepository('app');
  const source = await createDemoSource(root, { env, signal: new AbortController().signal });
  const variables = {
    PATH: env['PATH'],
    TMPDIR: root,
    NO_COLOR: '1',
    CODECOMMIT_URL: sandbox.url('app'),
    SSH_KEY_ID: keyId,
    SSH_KEY: privateKey,
    KNOWN_HOSTS: sandbox.knownHosts,
    SOURCE_URL: source.path,
    REFS: 'all',
    FORCE: 'true',
    PRUNE: 'true',
  };
  const mirror = async (...flags: string[]) => {
    const output = await run(program, ['mirror', ...flags], { cwd: root, env: variables });
    return toFixed(output, source.path, sandbox.port);
  };
  await mirror();
  await source.commit('main', 'A change');
  await source.tag('v1.1', 'main');
  await source.rewrite('feature');
  await source.remove('release/1.0');
  const command = 'codecommit-mirror mirror --refs all --force --prune';
  const plan = await mirror('--dry-run');
  const done = await mirror();
  return [
    {
      name: 'plan.svg',
      svg: toSvg({
        title: 'The plan of a mirror',
        description: `Terminal. ${command} --dry-run prints each branch and tag with its old and new commit and what would happen to it, and pushes nothing.`,
        lines: [`$ ${command} --dry-run`, ...plan],
      }),
    },
    {
      name: 'run.svg',
      svg: toSvg({
        title: 'A run of the mirror',
        description: `Terminal. ${command} warns of each value that it takes away, says what happened to each branch and tag, and ends with the verdict: both sides are equal.`,
        lines: [`$ ${command}`, ...done],
      }),
    },
  ];
}

async function run(program: string, args: readonly string[], options: object): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [join(process.cwd(), program), ...args], options, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${stdout}${stderr}`)),
    );
  });
}

/** Object IDs are the same in each run; folder, port, time and the size of what git packs are not. */
function toFixed(output: string, path: string, port: number): string[] {
  return output
    .replaceAll(path, '/srv/app')
    .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:2222')
    .replace(/\(\d+\.\d s/g, '(0.3 s')
    .replace(/\d+ bytes sent/, '548 bytes sent')
    .trimEnd()
    .split('\n');
}
