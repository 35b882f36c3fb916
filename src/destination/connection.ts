import { execFile } from 'node:child_process';
import { toStopError } from '../errors';
import { programMissing } from '../git/errors';
import { toSshPath } from './sshConfig';
import type { SshFiles } from './sshFiles';

/** The one connection that all sessions with the destination share. Disposing of it ends it. */
export interface Connection extends AsyncDisposable {
  /** Settled when the server has accepted the key (undefined), or with what ssh wrote when it came to nothing. */
  readonly failure: Promise<string | undefined>;
}

/** Longer than ssh's own ConnectTimeout: this one also ends a server that stops in the middle of the handshake. */
const handshakeMilliseconds = 60_000;

/**
 * Starts to connect and gives the connection at once, so that other work goes on meanwhile. The ssh that this
 * starts authenticates, leaves a master in the background that listens on the control socket, and ends.
 */
export function openConnection(
  files: SshFiles,
  { user, host, port }: { user: string; host: string; port: number },
  { env, signal }: { env: Record<string, string>; signal: AbortSignal },
): Connection {
  const login = ['-F', files.config, '-p', String(port), '-l', user];
  const { controlPath, identityFile } = files;
  if (controlPath === undefined)
    return { failure: Promise.resolve(undefined), async [Symbol.asyncDispose]() {} };
  const arguments_ = [...login, '-i', toSshPath(identityFile), '-S', toSshPath(controlPath)];
  const ending = new AbortController();
  const started = runSsh(
    [...arguments_, '-M', '-N', '-T', '--', host],
    env,
    AbortSignal.any([signal, ending.signal]),
  );
  return {
    failure: started,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await started.catch(() => undefined);
      // Where ssh can't be started there is nothing to end, and `failure` has told of it.
      await runSsh([...arguments_, '-O', 'exit', '--', host], env, undefined).catch(() => undefined);
    },
  };
}

/** Runs ssh; gives what it wrote when it failed. Throws MirrorError when it can't be started or was stopped. */
function runSsh(
  args: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = {
      env,
      timeout: handshakeMilliseconds,
      killSignal: 'SIGKILL' as const,
      ...(signal && { signal }),
    };
    execFile('ssh', args, options, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (signal?.aborted) reject(toStopError(signal.reason));
      else if (error.code === 'ENOENT') reject(programMissing('ssh', error.message));
      else
        resolve(error.killed ? `${stderr}\nConnection timed out in the handshake` : stderr || error.message);
    });
  });
}
