import { hasCode } from '../../errors';
import { parseFailure } from '../../git/failures';
import { runChild } from '../../system/child';
import { endConnection } from './controlSocket';
import type { SessionOptions } from './sshConfig';
import type { SshFiles } from './sshFiles';

/** The one connection that all sessions with the destination share. Disposing of it ends it. */
export interface Connection extends AsyncDisposable {
  /** Settled when the server has accepted the key (undefined), or with what ssh wrote when it came to nothing. */
  readonly failure: Promise<string | undefined>;
}

export interface ConnectionTarget {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** Only the fingerprint of one of the host's keys is known, so which type of key that is has to be tried. */
  readonly isKeyTypeOpen: boolean;
}

/** Longer than ssh's own ConnectTimeout: this one also ends a server that stops in the middle of the handshake. */
const handshakeMilliseconds = 60_000;

/**
 * Starts to connect and gives the connection at once, so that other work goes on meanwhile. The ssh that this
 * starts authenticates, leaves a master in the background that listens on the control socket, and ends.
 */
export function openConnection(
  files: SshFiles,
  target: ConnectionTarget,
  { env, signal }: { env: Record<string, string>; signal: AbortSignal },
): Connection {
  const ending = new AbortController();
  const process = { env, signal: AbortSignal.any([signal, ending.signal]) };
  const started = connect(files, target, process);
  return {
    failure: started,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await started.catch(() => undefined);
      const { controlPath } = files.options();
      if (controlPath !== undefined) await endConnection(controlPath);
    },
  };
}

interface SshProcess {
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
}

/** Connects; where another configuration may do, writes that and tries once more. */
async function connect(
  files: SshFiles,
  target: ConnectionTarget,
  process: SshProcess,
): Promise<string | undefined> {
  let refusals = '';
  for (;;) {
    const failure = await connectOnce(files, target, process);
    if (failure === undefined) return undefined;
    const next = toNextOptions(files.options(), target, failure);
    // No key type is left: the refusals of the others say what the host offered.
    if (next === undefined) return refusals + failure;
    if (parseFailure(failure) === 'host-key') refusals += failure;
    await files.configure(next);
  }
}

/** Without a shared connection, only a host key whose type is not known has to be looked at beforehand. */
async function connectOnce(
  files: SshFiles,
  target: ConnectionTarget,
  process: SshProcess,
): Promise<string | undefined> {
  const wait = ['-N', '-T'];
  if (files.options().controlPath !== undefined)
    return await runSsh(toArguments(files, target, ['-M', ...wait]), process);
  if (!target.isKeyTypeOpen) return undefined;
  // The host key is checked first; then no key of ours is offered.
  const look = ['-o', 'PreferredAuthentications=none', ...wait];
  const failure = await runSsh(toArguments(files, target, look), process);
  return failure !== undefined && parseFailure(failure) === 'permission-denied' ? undefined : failure;
}

/** What else may work after this failure; undefined when nothing does. */
function toNextOptions(
  options: SessionOptions,
  { isKeyTypeOpen }: ConnectionTarget,
  failure: string,
): SessionOptions | undefined {
  // The temporary folder is on a file system without sockets (mux.c, misc.c).
  if (/unix_listener|muxserver_listen|ControlSocket/.test(failure) && options.controlPath !== undefined)
    return { ...options, controlPath: undefined };
  const type = /offered host key \S+ ([a-z\d@.-]+)/.exec(failure)?.[1];
  if (!isKeyTypeOpen || type === undefined || options.refusedKeyTypes.includes(type)) return undefined;
  return { ...options, refusedKeyTypes: [...options.refusedKeyTypes, type] };
}

function toArguments(files: SshFiles, { user, host, port }: ConnectionTarget, options: readonly string[]) {
  return ['-F', files.config, '-p', String(port), '-l', user, ...options, '--', host];
}

/** Runs ssh; gives what it wrote when it failed. Throws MirrorError when it can't be started or was stopped. */
async function runSsh(args: readonly string[], process: SshProcess): Promise<string | undefined> {
  let said = '';
  const onStderr = (text: string) => {
    said += text;
  };
  try {
    const ssh = { ...process, program: 'ssh', args, name: 'ssh', stall: handshakeMilliseconds, onStderr };
    const { exitCode, stderr } = await runChild(ssh);
    return exitCode === 0 ? undefined : stderr || `ssh ended with exit code ${exitCode}`;
  } catch (error) {
    if (hasCode(error, ['timed-out'])) return `${said}\nConnection timed out in the handshake`;
    throw error;
  }
}
