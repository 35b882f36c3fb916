import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const isRequired = process.env['CODECOMMIT_MIRROR_PROGRAMS'] === 'required';

/**
 * Whether moto's server is installed on this machine. Where CODECOMMIT_MIRROR_PROGRAMS=required says that it must be, its
 * cases run in any case, and fail without it.
 */
export function motoAvailable(): boolean {
  return isRequired || spawnSync('moto_server', ['--help']).status === 0;
}

/** AWS, as far as moto imitates it. It checks neither signatures nor permissions. */
export interface Moto extends AsyncDisposable {
  readonly url: string;
  /** What AWS's clients need to find it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts moto's server on loopback. It is a process in memory: what it holds is gone with it. */
export async function openMoto(): Promise<Moto> {
  const child = spawn('moto_server', ['--host', '127.0.0.1', '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const port = await Promise.race([readPort(child.stderr), failed]);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-function',
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The server says which port the system has chosen. */
async function readPort(stream: NodeJS.ReadableStream): Promise<number> {
  let said = '';
  for await (const chunk of stream) {
    said += chunk;
    const [, port] = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
    if (port === undefined) continue;
    // Its log goes on; a pipe that nobody reads would stop it.
    stream.resume();
    return Number(port);
  }
  throw new Error(`moto_server has ended:\n${said}`);
}
