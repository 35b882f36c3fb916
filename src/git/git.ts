import type { MirrorError } from '../errors';
import { type ChildEnd, type ChildOptions, type RunOptions, runChild } from '../system/child';
import { describeGitFailure } from './failures';
import { type Input, streamBytes, streamLines } from './stream';

/** The result of a git command. */
export interface GitResult extends ChildEnd {
  readonly stdout: string;
}

/** Where git commands run. */
export interface GitOptions {
  /** The repository in which commands run. */
  readonly directory: string;
  /** The whole environment of git: nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface GitRunOptions extends Pick<RunOptions, 'input' | 'onStderr' | 'stall'> {
  /** For this command only; overrides the repository's. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface StreamOptions {
  /** When to stop git: silent for too long, or too much output. A walk over a history may need neither limit. */
  readonly limits?: ChildOptions['limits'];
  /** Receives the standard error of the commands, which is mostly progress. */
  readonly onStderr?: (text: string) => void;
  /** The error for a command with a non-zero exit code. */
  readonly describeFailure?: (command: string, end: ChildEnd) => MirrorError;
}

export interface Git {
  readonly directory: string;
  /**
   * Runs git and returns its result, whatever the exit code. Throws only if git can't be started, is aborted or stalls.
   */
  run(args: readonly string[], options?: GitRunOptions): Promise<GitResult>;
  /** Runs git and returns its output. Throws MirrorError for a non-zero exit code. */
  read(args: readonly string[], options?: GitRunOptions): Promise<string>;
  /** Streams the lines of the last command, several at a time. Each command reads the output of the one before it. */
  lines(
    commands: readonly (readonly string[])[],
    input: Input,
    options?: StreamOptions,
  ): AsyncGenerator<readonly string[]>;
  /** The same runner; its commands also stop when this signal is aborted. */
  until(signal: AbortSignal): Git;
  /** Streams the output of one command as bytes. */
  bytes(command: readonly string[], input: string, options?: StreamOptions): AsyncGenerator<Buffer>;
}

/**
 * Creates a runner for one repository. Every command runs in English (LC_ALL=C), so that its failures can be parsed.
 */
export function createGit(options: GitOptions): Git {
  const toChild = (args: readonly string[]): ChildOptions => ({
    ...options,
    program: 'git',
    args,
    name: `git ${toSubcommand(args)}`,
  });
  function toPipeline(
    commands: readonly (readonly string[])[],
    input: Input,
    { limits = {}, onStderr, describeFailure = describeGitFailure }: StreamOptions = {},
  ) {
    return {
      commands: commands.map((args) => ({ ...toChild(args), limits, ...(onStderr && { onStderr }) })),
      input,
      describeFailure: (index: number, end: ChildEnd) =>
        describeFailure(toSubcommand(commands[index] ?? []), end),
    };
  }
  async function run(args: readonly string[], { env, ...more }: GitRunOptions = {}): Promise<GitResult> {
    const child = toChild(args);
    return await runChild({ ...child, ...more, env: { ...child.env, ...env } });
  }
  async function read(args: readonly string[], more: GitRunOptions = {}): Promise<string> {
    const result = await run(args, more);
    if (result.exitCode !== 0) throw describeGitFailure(toSubcommand(args), result);
    return result.stdout;
  }
  return {
    directory: options.directory,
    run,
    read,
    until: (signal) => createGit({ ...options, signal: AbortSignal.any([options.signal, signal]) }),
    lines: (commands, input, more) => streamLines(toPipeline(commands, input, more)),
    bytes: (command, input, more) => streamBytes(toPipeline([command], input, more)),
  };
}

/** `push` of `git -c name=value push …`. */
function toSubcommand(args: readonly string[]): string {
  return args.find((arg, index) => arg !== '-c' && args[index - 1] !== '-c') ?? 'git';
}
