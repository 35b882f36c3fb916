import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { MirrorError } from '../errors';
import { toStopError } from '../system/errors';
import { readLines } from '../system/lines';
import { programMissing } from './errors';
import { describeGitFailure } from './failures';
import { createWatch, listingBytes, type Watch } from './watch';

/** How one git command ended. A non-zero exit is a value here, not an exception: what it means depends on who asked. */
export interface GitResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitOptions {
  /** The repository that the commands run in. */
  readonly directory: string;
  /** The whole environment of git: nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What a command reads; as pieces where it is more than memory should hold. */
export type Input = string | Iterable<string> | AsyncIterable<string>;

/** What a stream is made of: git commands, each reading what the one before it writes; `input` is the first one's. */
export interface Pipeline extends StreamOptions {
  readonly commands: readonly (readonly string[])[];
  readonly input: Input;
}

export interface StreamOptions {
  /** Environment over the repository's. */
  readonly env?: Readonly<Record<string, string>>;
  /** End git when it has written nothing for this long, and when it writes more than a listing may have. */
  readonly stallMilliseconds?: number;
  /** What the end of a command means that exited with another code than 0. */
  readonly describeFailure?: (command: string, result: GitResult) => MirrorError;
}

/** The lines of the last command as they come, some at a time. */
export function streamLines(options: GitOptions, pipeline: Pipeline): AsyncGenerator<readonly string[]> {
  return stream(options, pipeline, readLines);
}

/** The output of the last command as it comes, byte for byte: of files, which are text or not. */
export function streamBytes(options: GitOptions, pipeline: Pipeline): AsyncGenerator<Buffer> {
  return stream(options, pipeline, (output) => output);
}

/**
 * Runs git commands for answers that grow with the history or the number of refs, which simple-git would gather in our
 * memory whole. Throws MirrorError when a command fails or stalls, and ends all of them when the reader stops early.
 */
async function* stream<T>(
  options: GitOptions,
  { commands, input, env, stallMilliseconds, describeFailure = describeGitFailure }: Pipeline,
  read: (output: AsyncIterable<Buffer>) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const name = commands[0]?.[0] ?? '';
  // A walk over a history may take long and say much: nobody gathers it.
  const limits = stallMilliseconds === undefined ? {} : { stall: stallMilliseconds, bytes: listingBytes };
  const watch = createWatch(`git ${name}`, limits, options.signal);
  const { signal } = watch;
  const children = commands.map((args) =>
    startGit({ ...options, env: { ...options.env, ...env }, signal }, args),
  );
  const ends = children.map((child, index) =>
    readEnd(child, (result) => describeFailure(commands[index]?.[0] ?? 'git', result), watch),
  );
  // Whoever reads the output learns of a failure at its end.
  for (const end of ends) end.catch(() => undefined);
  try {
    connect(children);
    const [fed, last] = [feed(children[0]?.stdin, input), children.at(-1)?.stdout];
    fed.catch(() => undefined);
    if (last) yield* read(readWatched(last, watch));
    await Promise.all([...ends, fed]);
  } catch (error) {
    if (options.signal.aborted) throw toStopError(options.signal.reason);
    throw signal.aborted ? signal.reason : error;
  } finally {
    watch.end();
    for (const child of children) leave(child);
    await Promise.allSettled(ends);
  }
}

async function* readWatched(output: Readable, watch: Watch): AsyncGenerator<Buffer> {
  for await (const chunk of output) {
    watch.see(chunk, '');
    yield chunk;
  }
}

function startGit({ directory, env, signal }: GitOptions, args: readonly string[]) {
  // A process group of its own, so that it can be ended together with what it starts.
  const child = spawn('git', args, { cwd: directory, env, stdio: 'pipe', detached: true });
  // A command that ended early closes its input: its exit code tells why, the broken pipe does not.
  child.stdin.on('error', () => undefined);
  signal.addEventListener('abort', () => leave(child));
  if (signal.aborted) leave(child);
  return child;
}

/** Ends a command and what it has started: git-remote-http would stay for as long as the server is silent. */
function leave(child: ChildProcessWithoutNullStreams): void {
  try {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid);
  } catch {
    // It has just ended by itself.
  }
  child.stdout.destroy();
  child.stderr.destroy();
}

function connect(children: readonly ChildProcessWithoutNullStreams[]): void {
  for (const [index, child] of children.slice(1).entries()) children[index]?.stdout.pipe(child.stdin);
}

/** Gives a command its input, piece by piece; whatever comes of it, the command must not wait for more. */
async function feed(stdin: Writable | undefined, input: Input): Promise<void> {
  try {
    for await (const piece of typeof input === 'string' ? [input] : input) {
      const failure = await new Promise((written) => stdin?.write(piece, written));
      // It ended early: its exit code tells why.
      if (failure) return;
    }
  } finally {
    stdin?.end();
  }
}

function readEnd(
  child: ChildProcessWithoutNullStreams,
  describe: (result: GitResult) => MirrorError,
  watch: Watch,
): Promise<void> {
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    watch.see(chunk, '');
    stderr = (stderr + chunk.toString()).slice(-10_000);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(programMissing('git', error.message)));
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve();
      else reject(describe({ exitCode: exitCode ?? -1, stdout: '', stderr }));
    });
  });
}
