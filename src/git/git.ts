import { Readable } from 'node:stream';
import { GitError, GitPluginError, type SimpleGitOptions, simpleGit } from 'simple-git';
import { toStopError } from '../system/errors';
import { programMissing } from './errors';
import { describeGitFailure } from './failures';
import {
  type GitOptions,
  type GitResult,
  type Input,
  type StreamOptions,
  streamBytes,
  streamLines,
} from './stream';
import { createWatch } from './watch';

export interface RunOptions {
  readonly input?: string;
  /** Environment for this command alone, over the repository's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text that git writes to standard error while it runs: progress, mostly. */
  readonly onStderr?: (text: string) => void;
  /** End git when it has written nothing for this long; where that depends on what it is at: on what it wrote last. */
  readonly stallMilliseconds?: number | ((stderr: string) => number);
}

export interface Git {
  readonly directory: string;
  /** Runs git; gives its end as a value. Throws only when git can't be started, is aborted or stalls. */
  run(args: readonly string[], options?: RunOptions): Promise<GitResult>;
  /** Runs git where only success makes sense; gives what it printed. Throws MirrorError otherwise. */
  read(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Gives the lines of the last of these commands as they come, some at a time; each reads what the one before it writes. */
  lines(
    commands: readonly (readonly string[])[],
    input: Input,
    options?: StreamOptions,
  ): AsyncGenerator<readonly string[]>;
  /** The same runner, whose commands end when this signal is aborted, too. */
  until(signal: AbortSignal): Git;
  /** Gives what one command prints, as it comes and as it is. */
  bytes(command: readonly string[], input: string): AsyncGenerator<Buffer>;
}

/** The GIT_* names that we hand to git; simple-git removes every other one. */
const handedDown = [
  'GIT_ASKPASS',
  'GIT_AUTHOR_EMAIL',
  'GIT_AUTHOR_NAME',
  'GIT_COMMITTER_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_DIR',
  'GIT_PROXY_SSL_CAINFO',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
  'GIT_TERMINAL_PROMPT',
];

/** What a command may write whose answer we hold in memory: a push tells one line for each of its 4,000 refs. */
const gatheredBytes = 16 * 2 ** 20;

/** A non-zero exit on its way through simple-git, which keeps the fields of its own error class only. */
class NonZeroExit extends GitError {
  constructor(readonly result: GitResult) {
    super(undefined, `git exited with ${result.exitCode}`);
  }
}

/** A git that could not be started, on the same way. */
class NotStarted extends GitError {}

/** Opens a runner for one repository. Every command speaks English (LC_ALL=C), so that its failures can be read. */
export function createGit(options: GitOptions): Git {
  async function run(args: readonly string[], runOptions: RunOptions = {}): Promise<GitResult> {
    try {
      return { exitCode: 0, ...(await runOnce(options, args, runOptions)) };
    } catch (error) {
      if (error instanceof NonZeroExit) return error.result;
      if (error instanceof NotStarted) throw programMissing('git', error.message);
      throw error;
    }
  }
  async function read(args: readonly string[], runOptions: RunOptions = {}): Promise<string> {
    const result = await run(args, runOptions);
    if (result.exitCode !== 0) throw describeGitFailure(toSubcommand(args), result);
    return result.stdout;
  }
  return {
    directory: options.directory,
    run,
    read,
    until: (signal) => createGit({ ...options, signal: AbortSignal.any([options.signal, signal]) }),
    lines: (commands, input, more) => streamLines(options, { ...more, commands, input }),
    bytes: (command, input) => streamBytes(options, { commands: [command], input }),
  };
}

async function runOnce(options: GitOptions, args: readonly string[], run: RunOptions) {
  const stderr: Buffer[] = [];
  const outputs: NodeJS.ReadableStream[] = [];
  const command = `git ${toSubcommand(args)}`;
  const watch = createWatch(command, { stall: run.stallMilliseconds, bytes: gatheredBytes }, options.signal);
  const { signal } = watch;
  const git = simpleGit(toSimpleGitOptions({ ...options, signal }, run))
    .env({ ...options.env, ...run.env })
    .outputHandler((_command, stdout, stderrStream) => {
      outputs.push(stdout, stderrStream);
      // What is still said once git is ended is not wanted, and may be much.
      signal.addEventListener('abort', () => leave(outputs));
      stdout.on('data', (chunk: Buffer) => watch.see(chunk, ''));
      stderrStream.on('data', (chunk: Buffer) => {
        const text = chunk.toString();
        watch.see(chunk, text);
        stderr.push(chunk);
        run.onStderr?.(text);
      });
    });
  try {
    const stdout = await git.raw([...args]);
    return { stdout, stderr: Buffer.concat(stderr).toString() };
  } catch (error) {
    if (options.signal.aborted) throw toStopError(options.signal.reason);
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    watch.end();
    // Else what git left behind would keep this program from ending.
    leave(outputs);
  }
}

/** `push` of `git -c name=value push …`. */
function toSubcommand(args: readonly string[]): string {
  return args.find((arg, index) => arg !== '-c' && args[index - 1] !== '-c') ?? 'git';
}

function leave(outputs: readonly NodeJS.ReadableStream[]): void {
  for (const output of outputs) if (output instanceof Readable) output.destroy();
}

/**
 * When git is stopped, ssh and git-remote-http outlive it and hold its output open for as long as the server is
 * silent: so long they are waited for. Of a git that ended by itself, the last output is here within moments; after
 * simple-git's own 50 ms, on a busy machine, it may not be.
 */
const orphanMilliseconds = 2_000;

/** simple-git takes a process that a signal ended, or that failed in silence, for a success; we don't. */
function toExit(result: { exitCode: number | null; stdOut: Buffer[]; stdErr: Buffer[] }) {
  if (result.exitCode === 0) return undefined;
  const [stdout, stderr] = [Buffer.concat(result.stdOut).toString(), Buffer.concat(result.stdErr).toString()];
  if (/^Error: spawn \S* ?E/.test(stderr)) {
    const [, cause = ''] = /^Error: (.*)/.exec(stderr) ?? [];
    return new NotStarted(undefined, cause);
  }
  return new NonZeroExit({ exitCode: result.exitCode ?? -1, stdout, stderr });
}

function toSimpleGitOptions(options: GitOptions, { input }: RunOptions): Partial<SimpleGitOptions> {
  return {
    baseDir: options.directory,
    abort: options.signal,
    allowEnvironment: handedDown,
    completion: { onClose: true, onExit: orphanMilliseconds },
    unsafe: {
      allowUnsafeSshCommand: true,
      allowUnsafeAskPass: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeConfigEnvCount: true,
      // Only ever to switch helpers off.
      allowUnsafeCredentialHelper: true,
    },
    errors: (error, result) => {
      if (Buffer.isBuffer(error) || error === undefined) return toExit(result);
      return error instanceof GitPluginError ? error : toExit(result);
    },
    // As a buffer: of an empty text simple-git would leave the input open, and git would wait for its end for ever.
    ...(input === undefined ? {} : { input: () => Buffer.from(input) }),
  };
}
