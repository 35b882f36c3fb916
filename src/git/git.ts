import type { MirrorError } from '../errors';
import { type ChildEnd, type ChildOptions, type RunOptions, runChild } from '../system/child';
import { describeGitFailure } from './failures';
import { type Input, streamBytes, streamLines } from './stream';

/** How one git command ended, and what it wrote. */
export interface GitResult extends ChildEnd {
  readonly stdout: string;
}

/** Where git commands run. */
export interface GitOptions {
  /** The repository that the commands run in. */
  readonly directory: string;
  /** The whole environment of git: nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface GitRunOptions extends Pick<RunOptions, 'input' | 'onStderr' | 'stall'> {
  /** For this command alone, over the repository's. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface StreamOptions {
  /** Ends git when it falls silent, or writes too much; a walk over a history may take long and say much. */
  readonly limits?: ChildOptions['limits'];
  /** What the end of a command means that exited with another code than 0. */
  readonly describeFailure?: (command: string, end: ChildEnd) => MirrorError;
}

export interface Git {
  readonly directory: string;
  /** Runs git; gives its end as a value. Throws only when git can't be started, is aborted or stalls. */
  run(args: readonly string[], options?: GitRunOptions): Promise<GitResult>;
  /** Runs git where only success makes sense; gives what it printed. Throws MirrorError otherwise. */
  read(args: readonly string[], options?: GitRunOptions): Promise<string>;
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

/** Opens a runner for one repository. Every command speaks English (LC_ALL=C), so that its failures can be read. */
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
    { limits = {}, describeFailure = describeGitFailure }: StreamOptions = {},
  ) {
    return {
      commands: commands.map((args) => ({ ...toChild(args), limits })),
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
    bytes: (command, input) => streamBytes(toPipeline([command], input)),
  };
}

/** `push` of `git -c name=value push …`. */
function toSubcommand(args: readonly string[]): string {
  return args.find((arg, index) => arg !== '-c' && args[index - 1] !== '-c') ?? 'git';
}
