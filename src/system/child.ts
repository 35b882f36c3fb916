import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as wait } from 'node:timers/promises';
import { toErrorText } from '../errors';
import { programMissing, toStopError } from './errors';
import { createWatch, type Watch, type WatchLimits } from './watch';

/** What to start, and when to stop it. */
export interface ChildOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Default: the working folder. */
  readonly directory?: string;
  /** The whole environment: nothing else is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** For messages: `git push`. */
  readonly name: string;
  /** Stops a program that is silent too long or writes too much. */
  readonly limits?: WatchLimits;
  /** Receives the standard output. Without it, read the output from `output`. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Receives the standard error, which is mostly progress. */
  readonly onStderr?: (text: string) => void;
}

/** How a program ended. A non-zero exit code is a value, not an exception: its meaning depends on the caller. */
export interface ChildEnd {
  /** -1: ended by a signal. */
  readonly exitCode: number;
  /** The last 10,000 characters; everything if it was collected (`runChild`). */
  readonly stderr: string;
}

/** A running program. */
export interface Child {
  readonly stdin: Writable;
  /** The standard output as a stream. Throws MirrorError if the child was stopped before its end. */
  readonly output: AsyncIterable<Buffer>;
  /** Connects the standard output to the input of another child. */
  pipe(next: Child): void;
  /** Fulfilled when the program has exited; its own children may still keep its output open. */
  readonly exited: Promise<void>;
  /**
   * Fulfilled when the program has ended and its output is closed. Rejected with MirrorError if it can't be started, is
   * stopped, stalls or writes too much.
   */
  readonly end: Promise<ChildEnd>;
  /** Stops it with all of its children, and waits until they have ended. */
  stop(): Promise<void>;
}

/**
 * Starts a program in its own process group, so that it can be stopped together with its children: git's
 * git-remote-http and ssh would outlive it for as long as a server is silent.
 */
export function startChild(options: ChildOptions): Child {
  const { name, limits = {}, signal } = options;
  const child = spawnGroup(options);
  const watch = createWatch(name, limits, signal);
  const outputs = watchOutputs(child, watch, options);
  const closed = waitForClose(child, options.program);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= endGroup(child, closed);
    return stopping;
  };
  watch.signal.addEventListener('abort', stop);
  if (watch.signal.aborted) stop();
  function requireWhole(): void {
    if (signal.aborted) throw toStopError(signal.reason);
    if (watch.signal.aborted) throw watch.signal.reason;
  }
  const end = closed.finally(watch.end).then((exitCode) => {
    requireWhole();
    return { exitCode, stderr: outputs.stderr() };
  });
  // Readers of the output get the failure at its end.
  end.catch(() => undefined);
  return {
    stdin: child.stdin,
    output: outputs.read(requireWhole),
    pipe: (next) => child.stdout.pipe(next.stdin),
    exited: new Promise((resolve) => child.on('exit', () => resolve())),
    end,
    stop,
  };
}

/** Passes all output to the watch, and keeps the end of standard error. */
function watchOutputs(
  { stdout, stderr }: ChildProcessWithoutNullStreams,
  watch: Watch,
  { onStdout, onStderr }: ChildOptions,
) {
  const decoder = new StringDecoder();
  let last = '';
  stderr.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    watch.see(chunk, text);
    last = (last + text).slice(-10_000);
    onStderr?.(text);
  });
  if (onStdout !== undefined)
    stdout.on('data', (chunk: Buffer) => {
      watch.see(chunk, '');
      onStdout(chunk);
    });
  return {
    stderr: () => last,
    async *read(requireWhole: () => void) {
      for await (const chunk of stdout) {
        watch.see(chunk, '');
        yield chunk as Buffer;
      }
      requireWhole();
    },
  };
}

/** The maximum output of a program that is kept in memory: a push prints one line for each of its 4,000 refs. */
const gatheredBytes = 16 * 2 ** 20;

/**
 * After a program has exited, its last output arrives within moments unless the machine is busy. If a process that it
 * left behind keeps the output open, that process is stopped.
 */
const orphanMilliseconds = 2_000;

export interface RunOptions extends Omit<ChildOptions, 'limits' | 'onStdout'> {
  readonly input?: string | undefined;
  readonly stall?: WatchLimits['stall'];
}

/**
 * Runs a program to its end and returns its output. Throws as `Child.end` does, after all of its processes have ended.
 */
export async function runChild({
  input = '',
  stall,
  onStderr,
  ...options
}: RunOptions): Promise<ChildEnd & { readonly stdout: string }> {
  const stdout: Buffer[] = [];
  let stderr = '';
  const child = startChild({
    ...options,
    limits: { stall, bytes: gatheredBytes },
    onStdout: (chunk) => stdout.push(chunk),
    onStderr(text) {
      stderr += text;
      onStderr?.(text);
    },
  });
  child.stdin.end(input);
  child.exited.then(async () => {
    if (!(await settlesWithin(child.end, orphanMilliseconds))) await child.stop();
  });
  const { exitCode } = await child.end;
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr };
}

function spawnGroup({ program, args, directory, env }: ChildOptions): ChildProcessWithoutNullStreams {
  try {
    const child = spawn(program, args, { cwd: directory, env, stdio: 'pipe', detached: true });
    // A program that ends early closes its input: the exit code has the reason, not the broken pipe.
    child.stdin.on('error', () => undefined);
    return child;
  } catch (error) {
    throw programMissing(program, toErrorText(error));
  }
}

function waitForClose(child: ChildProcessWithoutNullStreams, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(programMissing(program, error.message)));
    child.on('close', (exitCode) => resolve(exitCode ?? -1));
  });
}

/** The milliseconds to wait after each signal. */
const signals = [
  ['SIGTERM', 2_000],
  ['SIGKILL', 1_000],
] as const;

/**
 * Output stays open while any process of the group lives. A process that left the group and keeps it open is not waited
 * for.
 */
async function endGroup(child: ChildProcessWithoutNullStreams, closed: Promise<unknown>): Promise<void> {
  // Discard further output.
  child.stdout.resume();
  for (const [signal, milliseconds] of signals) {
    kill(child, signal);
    if (await settlesWithin(closed, milliseconds)) return;
  }
  child.stdout.destroy();
  child.stderr.destroy();
  await closed.catch(() => undefined);
}

function kill({ pid }: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The group has just ended.
  }
}

async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const ending = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, wait(milliseconds, false, { signal: ending.signal })]);
  } finally {
    ending.abort();
  }
}
