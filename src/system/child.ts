import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as wait } from 'node:timers/promises';
import { toErrorText } from '../errors';
import { programMissing, toStopError } from './errors';
import { createWatch, type Watch, type WatchLimits } from './watch';

/** What to start, and when to end it. */
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
  /** Ends what falls silent, or writes too much. */
  readonly limits?: WatchLimits;
  /** Is given the standard output; without it, that is to be read from `output`. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Is given what the child writes to standard error: progress, mostly. */
  readonly onStderr?: (text: string) => void;
}

/** How a program ended. A non-zero exit is a value, not an exception: what it means depends on who asked. */
export interface ChildEnd {
  /** -1: a signal ended it. */
  readonly exitCode: number;
  /** The last 10,000 characters, or all of it where it was gathered. */
  readonly stderr: string;
}

/** A program that runs. */
export interface Child {
  readonly stdin: Writable;
  /** The standard output as it comes. Throws MirrorError where the child was ended before it was done. */
  readonly output: AsyncIterable<Buffer>;
  /** Gives the standard output to another child, byte for byte. */
  pipe(next: Child): void;
  /** Fulfilled when the program has exited; what it started may still hold its output open. */
  readonly exited: Promise<void>;
  /** Fulfilled when all is over. Rejected with MirrorError when it can't be started, is stopped, stalls or writes too much. */
  readonly end: Promise<ChildEnd>;
  /** Ends it with all that it has started, and waits until they are gone. */
  stop(): Promise<void>;
}

/**
 * Starts a program in a process group of its own, so that it can be ended together with what it starts: git's
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
  // Whoever reads the output learns of a failure at its end.
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

/** Shows the watch all that the child writes, and keeps the end of its standard error. */
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

/** What a program whose output is held in memory may write: a push tells one line for each of its 4,000 refs. */
const gatheredBytes = 16 * 2 ** 20;

/**
 * Of a program that ended by itself, the last output is here within moments, if the machine is not busy. Where
 * something that it has left behind holds its output open, that is ended, too.
 */
const orphanMilliseconds = 2_000;

export interface RunOptions extends Omit<ChildOptions, 'limits' | 'onStdout'> {
  readonly input?: string | undefined;
  readonly stall?: WatchLimits['stall'];
}

/** Runs a program to its end and gives what it wrote. Throws as `Child.end` does, when nothing is left of it. */
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
    // A program that ended early closes its input: its exit code tells why, the broken pipe does not.
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

/** How many milliseconds each signal has to work. */
const signals = [
  ['SIGTERM', 2_000],
  ['SIGKILL', 1_000],
] as const;

/** Output is open for as long as any of the group lives. What left the group, and holds it open, is not waited for. */
async function endGroup(child: ChildProcessWithoutNullStreams, closed: Promise<unknown>): Promise<void> {
  // Nobody wants what is still written.
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
    // All of it has just ended by itself.
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
