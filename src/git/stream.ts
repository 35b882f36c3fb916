import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { programMissing, toStopError } from '../errors';
import { describeGitFailure } from './failures';
import type { GitOptions } from './git';

/** What a stream is made of: git commands, each reading what the one before it writes; `input` is the first one's. */
export interface Pipeline {
  readonly commands: readonly (readonly string[])[];
  readonly input: string;
}

/** The lines of the last command as they come. */
export function streamLines(options: GitOptions, pipeline: Pipeline): AsyncGenerator<string> {
  return stream(options, pipeline, readLines);
}

/** The output of the last command as it comes, byte for byte: of files, which are text or not. */
export function streamBytes(options: GitOptions, pipeline: Pipeline): AsyncGenerator<Buffer> {
  return stream(options, pipeline, (output) => output);
}

/**
 * Runs git commands for answers that grow with the history, which simple-git would gather in our memory whole.
 * Throws MirrorError when a command fails, and ends all of them when the reader stops early.
 */
async function* stream<T>(
  options: GitOptions,
  { commands, input }: Pipeline,
  read: (output: Readable) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const children = commands.map((args) => startGit(options, args));
  const ends = children.map((child, index) => readEnd(child, commands[index]?.[0] ?? 'git'));
  // Whoever reads the output learns of a failure at its end.
  for (const end of ends) end.catch(() => undefined);
  try {
    connect(children, input);
    const last = children.at(-1)?.stdout;
    if (last) yield* read(last);
    await Promise.all(ends);
  } catch (error) {
    if (options.signal.aborted) throw toStopError(options.signal.reason);
    throw error;
  } finally {
    for (const child of children) child.kill();
  }
}

/** A line ends at a line feed and nowhere else: paths hold what else node:readline takes for its end. */
async function* readLines(output: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of output.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function startGit({ directory, env, signal }: GitOptions, args: readonly string[]) {
  const child = spawn('git', args, { cwd: directory, env, signal, stdio: 'pipe' });
  // A command that ended early closes its input: its exit code tells why, the broken pipe does not.
  child.stdin.on('error', () => undefined);
  return child;
}

function connect(children: readonly ReturnType<typeof startGit>[], input: string): void {
  children[0]?.stdin.end(input);
  for (const [index, child] of children.slice(1).entries()) children[index]?.stdout.pipe(child.stdin);
}

function readEnd(child: ChildProcess, command: string): Promise<void> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-10_000);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(programMissing('git', error.message)));
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve();
      else reject(describeGitFailure(command, { exitCode: exitCode ?? -1, stdout: '', stderr }));
    });
  });
}
