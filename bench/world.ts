import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signLogin } from '../src/remote/https/sigv4';
import { createCounts } from '../src/sandbox/counts';
import { createCertificate } from '../src/sandbox/https/certificate';
import { openHttpsFace } from '../src/sandbox/https/face';
import { createRepository } from '../src/sandbox/repository';
import { createKeyPair } from '../src/sandbox/server';
import { type Bitbucket, openBitbucket } from '../test/servers/bitbucket';
import { openFolder } from '../test/servers/folder';
import { clonePipelines, type PipelinesClone } from '../test/servers/pipelinesClone';
import { openSshd } from '../test/servers/sshd';
import { type Line, openLine } from './network';

/** How the destination is reached: by OpenSSH's sshd, or over HTTPS with AWS's signature. */
export type Protocol = 'ssh' | 'https';

/** A Bitbucket and a CodeCommit with one repository each, and a way to both that is as long as we want it. */
export interface World extends AsyncDisposable {
  readonly root: string;
  readonly bitbucket: Bitbucket;
  readonly source: string;
  readonly destination: string;
  readonly destinationUrl: string;
  readonly protocol: Protocol;
  /** What git needs to reach both sides as ours does: proxy; key and known hosts, or certificate and login. */
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

/** The destination, and what is needed to reach it. */
interface Destination extends AsyncDisposable {
  readonly url: string;
  readonly repository: string;
  readonly line: Line;
  readonly gitEnv: Readonly<Record<string, string>>;
  readonly pipeEnv: Readonly<Record<string, string>>;
}

export async function openWorld(protocol: Protocol): Promise<World> {
  const folder = await openFolder();
  const root = folder.path;
  for (const name of ['bitbucket', 'codecommit', 'home', 'tmp', 'ssh']) await mkdir(join(root, name));
  const bitbucket = await openBitbucket({ root: join(root, 'bitbucket') });
  const toSource = await openLine(Number(new URL(bitbucket.proxy).port));
  const destination = await (protocol === 'ssh' ? openOverSsh : openOverHttps)(root);
  const source = await bitbucket.createRepository('app');
  const home = { HOME: join(root, 'home'), TMPDIR: join(root, 'tmp') };
  const proxy = `http://127.0.0.1:${toSource.port}`;
  let clones = 0;
  return {
    protocol,
    root,
    bitbucket,
    source,
    destination: destination.repository,
    destinationUrl: destination.url,
    gitEnv: {
      ...home,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      http_proxy: proxy,
      ...destination.gitEnv,
    },
    pipeEnv: { ...home, SOURCE_PROXY: proxy, DEBUG: 'true', ...destination.pipeEnv },
    setRoundTrip(milliseconds) {
      toSource.roundTrip = milliseconds;
      destination.line.roundTrip = milliseconds;
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
      for (const part of [toSource, destination, bitbucket, folder]) await part[Symbol.asyncDispose]();
    },
  };
}

async function openOverSsh(root: string): Promise<Destination> {
  const { privateKey, publicKey } = createKeyPair();
  const sshd = await openSshd({ root: join(root, 'codecommit'), keys: [publicKey] });
  const line = await openLine(sshd.port);
  const [key, hosts] = [join(root, 'ssh', 'id_rsa_tmp'), join(root, 'ssh', 'known_hosts')];
  await writeFile(key, privateKey, { mode: 0o600 });
  await writeFile(hosts, `${sshd.knownHosts.replace(`:${sshd.port}`, `:${line.port}`)}\n`);
  const url = sshd.url('app').replace(`:${sshd.port}`, `:${line.port}`);
  return {
    url,
    repository: await sshd.createRepository('app'),
    line,
    gitEnv: {
      GIT_SSH_COMMAND: `ssh -F /dev/null -i ${key} -o UserKnownHostsFile=${hosts} -o StrictHostKeyChecking=yes -o BatchMode=yes`,
    },
    pipeEnv: { CODECOMMIT_URL: url, BITBUCKET_SSH_KEY_FILE: join(root, 'ssh', 'id_rsa') },
    async [Symbol.asyncDispose]() {
      for (const part of [line, sshd]) await part[Symbol.asyncDispose]();
    },
  };
}

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret-of-the-benchmark' };

/** A login is valid for 15 minutes. */
const renewalMilliseconds = 5 * 60_000;

/** git's login is signed beforehand and read by a shell, which is quicker than any helper of AWS. */
async function openOverHttps(root: string): Promise<Destination> {
  const certificate = createCertificate();
  const face = await openHttpsFace({
    root: join(root, 'codecommit'),
    certificate,
    faults: {},
    counts: createCounts(),
  });
  face.allow(keys);
  const line = await openLine(Number(face.host.replace(/.*:/, '')));
  const host = `127.0.0.1:${line.port}`;
  const [authorities, login] = [join(root, 'ssh', 'authorities.pem'), join(root, 'ssh', 'login')];
  await writeFile(authorities, certificate.cert);
  const place = { host, path: '/v1/repos/app', region: 'us-east-1' };
  const sign = () => {
    const { username, password } = signLogin(keys, place, new Date());
    writeFileSync(login, `username=${username}\npassword=${password}\n`);
  };
  sign();
  const timer = setInterval(sign, renewalMilliseconds);
  return {
    url: `https://${host}${place.path}`,
    repository: await createRepository(join(root, 'codecommit'), 'app'),
    line,
    gitEnv: {
      GIT_SSL_CAINFO: authorities,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'credential.helper',
      GIT_CONFIG_VALUE_0: `!cat ${login}; :`,
    },
    pipeEnv: {
      CODECOMMIT_URL: 'codecommit::us-east-1://app',
      CODECOMMIT_ENDPOINT: host,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      SSL_CERT_FILE: authorities,
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const part of [line, face]) await part[Symbol.asyncDispose]();
    },
  };
}
