import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { type FunctionRuntimeApi, openRuntimeApi } from './runtimeApi';

/** A function of the bundled program, in a process of its own. */
export interface RunningFunction extends AsyncDisposable {
  readonly api: FunctionRuntimeApi;
  /** What it has written so far. */
  output(): string;
  /** Ends the process at once, as Lambda does at the deadline; the next invocation begins a new one. */
  kill(): Promise<void>;
  /** Asks it to stop, as a service does. */
  stop(): void;
  /** The exit code, when it has ended by itself. */
  ended(): Promise<number | null>;
  start(): void;
}

/** Starts `dist/lambda.js <name>` with just this environment and PATH. */
export async function startFunction(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningFunction> {
  const api = await openRuntimeApi();
  let output = '';
  let child: ChildProcess;
  function start(): void {
    child = spawn(process.execPath, [resolve('dist/lambda.js'), name], {
      env: { PATH: process.env['PATH'], AWS_LAMBDA_RUNTIME_API: api.address, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const own = child;
    own.on('exit', (code) => {
      if (own === child) api.fail(`the function has ended with ${code}:\n${output}`);
    });
  }
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    // With all that it has started: Lambda ends the whole sandbox.
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }
  start();
  return {
    api,
    output: () => output,
    kill,
    stop: () => void child.kill('SIGTERM'),
    start,
    async ended() {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await api[Symbol.asyncDispose]();
    },
  };
}
