import { outOfMemory } from '../../git/errors';
import { describeGitFailure } from '../../git/failures';
import type { Git } from '../../git/git';
import type { ChildEnd } from '../../system/child';

/** A pack to make: the arguments of `git pack-objects`, and the revisions to pack. */
export interface PackOrder {
  readonly command: readonly string[];
  readonly input: string;
}

/** A pack that is being made. */
export interface Pack {
  /** Its bytes, once. `hear` gets git's progress. Throws MirrorError if it can't be made. */
  read(hear: (text: string) => void): AsyncGenerator<Buffer>;
  /** Ends git, and waits for that. */
  stop(): Promise<void>;
}

/** Makes the packs of one server's pushes, the next one ahead. Disposing of it stops the one that was not used. */
export class Packer implements AsyncDisposable {
  #ahead: Promise<{ readonly order: PackOrder; readonly pack: Pack } | undefined> | undefined;

  /** Begins to make a pack that the next push will probably need. A failure is that push's to report. */
  prepare(git: Git, ordering: Promise<PackOrder>): void {
    this.#ahead ??= ordering.then((order) => ({ order, pack: startPack(git, order) })).catch(() => undefined);
  }

  /** The pack for this order: the one that was prepared, if it is the same. */
  async take(git: Git, order: PackOrder): Promise<Pack> {
    const ahead = await this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined && toKey(ahead.order) === toKey(order)) return ahead.pack;
    await ahead?.pack.stop();
    return startPack(git, order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#ahead)?.pack.stop();
  }
}

function toKey({ command, input }: PackOrder): string {
  return [...command, input].join('\n');
}

function startPack(git: Git, { command, input }: PackOrder): Pack {
  const stopping = new AbortController();
  let early = '';
  let hear = (text: string) => {
    early += text;
  };
  const pieces = git.until(stopping.signal).bytes(command, input, {
    onStderr: (text) => hear(text),
    describeFailure: (name: string, end: ChildEnd) =>
      // A signal ended it.
      end.exitCode < 0 ? outOfMemory('a signal ended git pack-objects') : describeGitFailure(name, end),
  });
  // git starts now, and works until its output is full.
  const first = pieces.next();
  first.catch(() => undefined);
  return {
    async *read(listener) {
      hear = listener;
      listener(early);
      try {
        const { value, done } = await first;
        if (!done) yield value;
        yield* pieces;
      } finally {
        await pieces.return(undefined);
      }
    },
    async stop() {
      stopping.abort();
      await first.catch(() => undefined);
      await pieces.return(undefined).catch(() => undefined);
    },
  };
}
