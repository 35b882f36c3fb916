import type { MirrorError } from '../errors';
import { type Child, type ChildEnd, type ChildOptions, startChild } from '../system/child';
import { readLines } from '../system/lines';

/** What a command reads; as pieces where it is more than memory should hold. */
export type Input = string | AsyncIterable<string>;

/** Git commands, each reading what the one before it writes; `input` is the first one's. */
export interface Pipeline {
  readonly commands: readonly ChildOptions[];
  readonly input: Input;
  /** What it means that the command with this index exited with another code than 0. */
  readonly describeFailure: (index: number, end: ChildEnd) => MirrorError;
}

/** The lines of the last command as they come, some at a time. */
export function streamLines(pipeline: Pipeline): AsyncGenerator<readonly string[]> {
  return stream(pipeline, readLines);
}

/** The output of the last command as it comes, byte for byte: of files, which are text or not. */
export function streamBytes(pipeline: Pipeline): AsyncGenerator<Buffer> {
  return stream(pipeline, (output) => output);
}

/**
 * Runs git commands for answers that grow with the history or the number of refs: nobody gathers them in memory. Throws
 * MirrorError when a command fails or stalls; all of them have ended when this does, also when the reader stops early.
 */
async function* stream<T>(
  { commands, input, describeFailure }: Pipeline,
  read: (output: AsyncIterable<Buffer>) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const children = commands.map(startChild);
  // The first one that fails ends the others, which may wait for each other.
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

/** Gives a command its input, piece by piece; whatever comes of it, the command must not wait for more. */
async function feed({ stdin }: Child, input: Input): Promise<void> {
  try {
    for await (const piece of typeof input === 'string' ? [input] : input) {
      const failure = await new Promise((written) => stdin.write(piece, written));
      // It ended early: its exit code tells why.
      if (failure) return;
    }
  } finally {
    stdin.end();
  }
}
