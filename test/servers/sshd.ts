import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { openAttendance } from './attendance';
import { openFolder } from './folder';
import { createBareRepository, run } from './git';

const program = '/usr/sbin/sshd';

/**
 * Whether OpenSSH's server is installed on this machine. Where CODECOMMIT_MIRROR_PROGRAMS=required says that it must be,
 * its cases run in any case, and fail without it.
 */
export function sshdAvailable(): boolean {
  return process.env['CODECOMMIT_MIRROR_PROGRAMS'] === 'required' || existsSync(program);
}

export interface SshdOptions {
  /** The folder in which the repositories stand, as `<name>.git`. */
  readonly root: string;
  /** OpenSSH public keys that may log in. */
  readonly keys?: readonly string[];
  /** It has an Ed25519 host key beside the RSA one, as most servers do; ssh prefers that. */
  readonly ed25519?: boolean;
}

export interface Sshd extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The account that sshd logs in: the one that runs the tests. sshd knows no others without a passwd entry. */
  readonly user: string;
  /** A known_hosts line: `[127.0.0.1]:<port> ssh-rsa AAAA…`. */
  readonly knownHosts: string;
  /** `SHA256:…` of the RSA host key. */
  readonly fingerprint: string;
  /** That of the Ed25519 host key, where there is one. */
  readonly otherFingerprint: string | undefined;
  /** `ssh://<user>@127.0.0.1:<port>/v1/repos/<name>`. */
  url(name: string): string;
  /** Makes a bare repository without a commit; gives its path. */
  createRepository(name: string): Promise<string>;
  /** Lets an OpenSSH public key log in. */
  allow(publicKey: string): Promise<void>;
  /** What sshd has said so far, at its level VERBOSE. */
  readLog(): string;
}

/**
 * Opens OpenSSH's own sshd on loopback, with git repositories at `/v1/repos/<name>` and nothing else behind it.
 * Each connection is accepted here and handed to an `sshd -i` of its own: so the system chooses the port, the server
 * accepts from the first moment, and every sshd is a child that can be ended.
 */
export async function openSshd(options: SshdOptions): Promise<Sshd> {
  await ensurePrivilegeSeparationFolder();
  const folder = await openFolder();
  const publicKey = await createHostKey(folder.path, 'rsa');
  const other = options.ed25519 ? await createHostKey(folder.path, 'ed25519') : undefined;
  const authorizedKeys = join(folder.path, 'authorized_keys');
  const allow = (key: string) => appendFile(authorizedKeys, `${key.trim()}\n`, { mode: 0o600 });
  for (const key of ['', ...(options.keys ?? [])]) await allow(key);
  const attendance = await openAttendance(join(folder.path, 'attendance'));
  const listener = await openListener(await writeConfiguration(folder.path, options));

  const host = '127.0.0.1';
  const { port, readLog } = listener;
  const user = userInfo().username;
  let ended: Promise<void> | undefined;
  const end = async () => {
    await listener[Symbol.asyncDispose]();
    await attendance.allLeft();
    await folder[Symbol.asyncDispose]();
  };
  return {
    host,
    port,
    user,
    knownHosts: `[${host}]:${port} ${publicKey}`,
    fingerprint: toFingerprint(publicKey),
    otherFingerprint: other && toFingerprint(other),
    url: (name) => `ssh://${user}@${host}:${port}/v1/repos/${name}`,
    createRepository: (name) => createBareRepository(join(options.root, `${name}.git`), repositoryConfig),
    allow,
    readLog,
    async [Symbol.asyncDispose]() {
      ended ??= end();
      await ended;
    },
  };
}

/** CodeCommit's ways, as far as git's configuration can say them. */
const repositoryConfig = {
  'receive.advertiseAtomic': 'false',
  'receive.denyDeleteCurrent': 'refuse',
  'receive.autogc': 'false',
  'gc.auto': '0',
};

/** A sshd that runs as root wants this folder, which a service manager would have made. */
async function ensurePrivilegeSeparationFolder(): Promise<void> {
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
}

/** Makes a host key; gives its public half, type and base64 without a comment. */
async function createHostKey(folder: string, type: 'rsa' | 'ed25519'): Promise<string> {
  const file = join(folder, `host_key_${type}`);
  const size = type === 'rsa' ? ['-b', '2048'] : [];
  const ended = await run('ssh-keygen', folder, ['-q', '-t', type, ...size, '-N', '', '-f', file]);
  if (ended.exitCode !== 0) throw new Error(`ssh-keygen: ${ended.stderr}`);
  const [name, base64] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
  return `${name} ${base64}`;
}

function toFingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Writes what sshd reads and runs; gives the path of its configuration. */
async function writeConfiguration(folder: string, { root, ed25519 }: SshdOptions): Promise<string> {
  const command = join(folder, 'serve-git');
  await writeFile(command, toCommandScript(root, join(folder, 'attendance')));
  await chmod(command, 0o755);
  const lines = [
    `HostKey ${join(folder, 'host_key_rsa')}`,
    ...(ed25519 ? [`HostKey ${join(folder, 'host_key_ed25519')}`] : []),
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `ForceCommand ${command}`,
    'AuthenticationMethods publickey',
    'PermitRootLogin prohibit-password',
    // The folders of tests stand below /tmp, which everybody may write.
    'StrictModes no',
    'UsePAM no',
    'PermitTTY no',
    // Otherwise bash reads the ~/.bashrc of whoever runs the tests, at each session (bash(1), "INVOCATION").
    'SetEnv SHLVL=1',
    'DisableForwarding yes',
    'PrintMotd no',
    'PidFile none',
    'LogLevel VERBOSE',
  ];
  const file = join(folder, 'sshd_config');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** Runs the two commands of git on `/v1/repos/<name>`, and nothing else; no part of what was asked meets a shell. */
function toCommandScript(root: string, attendance: string): string {
  return `#!/bin/sh
exec 9>${quote(attendance)}
export PATH=${quote(process.env['PATH'] ?? '')} GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null LC_ALL=C
case "$SSH_ORIGINAL_COMMAND" in
  "git-upload-pack '/v1/repos/"*"'") service=upload-pack ;;
  "git-receive-pack '/v1/repos/"*"'") service=receive-pack ;;
  *) echo 'You have successfully authenticated over SSH. You can use Git to interact with AWS CodeCommit. Interactive shells are not supported.' >&2; exit 1 ;;
esac
name=\${SSH_ORIGINAL_COMMAND#"git-$service '/v1/repos/"}
name=\${name%"'"}
case "$name" in
  '' | .* | *[!A-Za-z0-9._-]*) echo "fatal: '$name' is no repository name" >&2; exit 128 ;;
esac
repository=${quote(root)}/$name.git
[ -d "$repository" ] || { echo "fatal: repository '/v1/repos/$name' not found" >&2; exit 128; }
exec git -c safe.directory='*' $service "$repository"
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

interface Listener extends AsyncDisposable {
  readonly port: number;
  readLog(): string;
}

async function openListener(configuration: string): Promise<Listener> {
  const running = new Map<ChildProcess, Promise<unknown>>();
  let log = '';
  // Not a byte may be read here: all of the connection is sshd's.
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const child = startSshd(configuration, socket);
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    // `close` comes when every process that sshd left behind has closed standard error too.
    const closed = once(child, 'close').finally(() => running.delete(child));
    running.set(child, closed);
  });
  return {
    port: await listenOnLoopback(server),
    readLog: () => log,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const child of running.keys()) child.kill('SIGTERM');
      await Promise.all([closed, ...running.values()]);
    },
  };
}

function startSshd(configuration: string, socket: Socket): ChildProcess {
  const child = spawn(program, ['-i', '-e', '-f', configuration], { stdio: [socket, socket, 'pipe'] });
  // The child has the connection now; ours would keep it open after the child's end.
  socket.destroy();
  return child;
}
