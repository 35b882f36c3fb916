import type { MirrorError } from '../errors';
import { type Child, type ChildEnd, type ChildOptions, startChild } from '../system/child';
import { readLines } from '../system/lines';

/** The input of a command; in pieces if it is too large to keep in memory. */
export type Input = string | AsyncIterable<string>;

/** Git commands; each reads the output of the one before it. `input` is for the first one. */
export interface Pipeline {
  readonly commands: readonly ChildOptions[];
  readonly input: Input;
  /** The error for a non-zero exit code of the command with this index. */
  readonly describeFailure: (index: number, end: ChildEnd) => MirrorError;
}

/** Streams the lines of the last command, several at a time. */
export function streamLines(pipeline: Pipeline): AsyncGenerator<readonly string[]> {
  return stream(pipeline, readLines);
}

/** Streams the output of the last command as bytes: files may not be text. */
export function streamBytes(pipeline: Pipeline): AsyncGenerator<Buffer> {
  return stream(pipeline, (output) => output);
}

/**
 * Runs git commands whose output grows with the history or the number of refs, without keeping it in memory. Throws
 * MirrorError if a command fails or stalls. When this returns, all commands have ended, also if the reader stops early.
 */
async function* stream<T>(
  { commands, input, describeFailure }: Pipeline,
  read: (output: AsyncIterable<Buffer>) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const children = commands.map(startChild);
  // The first failure stops the others, which may wait for each other.
  const ends = children.map(async (child, index) => {
    const end = await child.end;
    if (end.exitCode !== 0) throw describeFailure(index, end);
  });
  for (const end of ends) end.catch(() => undefined);
  try {
    const [first, last] = [children[0], children.at(-1)];
    if (first === undefined || last === undefined) return;
    for (const [index, next] of children.slice(1).entries()) children[index]?.pipe(next);
    const fed = feed(first, input);
    fed.catch(() => undefined);
    yield* read(last.output);
    await Promise.all([...ends, fed]);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

/** Writes the input of a command, piece by piece. Always closes it, so that the command does not wait for more. */
async function feed({ stdin }: Child, input: Input): Promise<void> {
  try {
    for await (const piece of typeof input === 'string' ? [input] : input) {
      const failure = await new Promise((written) => stdin.write(piece, written));
      // The command ended early; its exit code has the reason.
      if (failure) return;
    }
  } finally {
    stdin.end();
  }
}
