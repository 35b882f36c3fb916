import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyPair } from '../src/sandbox/server';
import { type Bitbucket, openBitbucket } from '../test/servers/bitbucket';
import { openFolder } from '../test/servers/folder';
import { clonePipelines, type PipelinesClone } from '../test/servers/pipelinesClone';
import { openSshd } from '../test/servers/sshd';
import { openLine } from './network';

/** A Bitbucket and an sshd with one repository each, and a way to both that is as long as we want it. */
export interface World extends AsyncDisposable {
  readonly root: string;
  readonly bitbucket: Bitbucket;
  readonly source: string;
  readonly destination: string;
  readonly destinationUrl: string;
  /** What git needs to reach both sides as ours does: proxy, key, known hosts. */
  readonly gitEnv: Readonly<Record<string, string>>;
  /** What the pipe is given, but for BITBUCKET_*. */
  readonly pipeEnv: Readonly<Record<string, string>>;
  setRoundTrip(milliseconds: number): void;
  clone(depth: number | 'full'): Promise<PipelinesClone>;
}

/** The pipe as the image has it, with what V8 made of it. */
export const pipe = `${process.execPath} ${join(makeProgramFolder(), 'main.js')}`;

function makeProgramFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'codecommit-mirror-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  for (const file of ['docker/main.js', 'docker/load.js', 'docker/compile.js', 'dist/pipe.js'])
    cpSync(file, join(folder, file.replace(/.*\//, '')));
  spawnSync(process.execPath, [join(folder, 'compile.js'), 'pipe.js'], { env: {} });
  return folder;
}

export async function openWorld(): Promise<World> {
  const folder = await openFolder();
  const root = folder.path;
  const { privateKey, publicKey } = createKeyPair();
  for (const name of ['bitbucket', 'codecommit', 'home', 'tmp', 'ssh']) await mkdir(join(root, name));
  const bitbucket = await openBitbucket({ root: join(root, 'bitbucket') });
  const sshd = await openSshd({ root: join(root, 'codecommit'), keys: [publicKey] });
  const [toSource, toDestination] = [
    await openLine(Number(new URL(bitbucket.proxy).port)),
    await openLine(sshd.port),
  ];
  const source = await bitbucket.createRepository('app');
  const destination = await sshd.createRepository('app');
  const knownHosts = sshd.knownHosts.replace(`:${sshd.port}`, `:${toDestination.port}`);
  const [key, hosts] = [join(root, 'ssh', 'id_rsa_tmp'), join(root, 'ssh', 'known_hosts')];
  await writeFile(key, privateKey, { mode: 0o600 });
  await writeFile(hosts, `${knownHosts}\n`);
  const destinationUrl = sshd.url('app').replace(`:${sshd.port}`, `:${toDestination.port}`);
  const home = { HOME: join(root, 'home'), TMPDIR: join(root, 'tmp') };
  const proxy = `http://127.0.0.1:${toSource.port}`;
  let clones = 0;
  return {
    root,
    bitbucket,
    source,
    destination,
    destinationUrl,
    gitEnv: {
      ...home,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_SSH_COMMAND: `ssh -F /dev/null -i ${key} -o UserKnownHostsFile=${hosts} -o StrictHostKeyChecking=yes -o BatchMode=yes`,
      http_proxy: proxy,
    },
    pipeEnv: {
      ...home,
      CODECOMMIT_URL: destinationUrl,
      SOURCE_PROXY: proxy,
      BITBUCKET_SSH_KEY_FILE: join(root, 'ssh', 'id_rsa'),
      DEBUG: 'true',
    },
    setRoundTrip(milliseconds) {
      toSource.roundTrip = milliseconds;
      toDestination.roundTrip = milliseconds;
    },
    clone: (depth) =>
      clonePipelines({
        kind: 'branch',
        bitbucket,
        name: 'app',
        into: join(root, `clone-${++clones}`),
        depth,
      }),
    async [Symbol.asyncDispose]() {
      for (const part of [toSource, toDestination, sshd, bitbucket, folder])
        await part[Symbol.asyncDispose]();
    },
  };
}
