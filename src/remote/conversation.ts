import { type Child, type ChildOptions, startChild } from '../system/child';
import { toStopError } from '../system/errors';
import { createWatch, type Watch, type WatchLimits } from '../system/watch';

/** How to start a program that brings us to a server: ssh, or git. */
export type Start = Pick<ChildOptions, 'program' | 'args' | 'env'>;

/** The conversations with one server. Disposing of it ends those that still go on, and waits for their end. */
export class Conversations implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #ends: Promise<unknown>[] = [];
  /** Aborted at the end of the run, or of this. */
  readonly signal: AbortSignal;

  constructor(stop: AbortSignal) {
    this.signal = AbortSignal.any([stop, this.#ending.signal]);
  }

  begin(start: Start): Conversation {
    const conversation = new Conversation(start, this.signal);
    this.#ends.push(conversation.lastWords().catch(() => undefined));
    return conversation;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#ends);
  }
}

/** A program that speaks for a server on its standard input and output, for as long as we have something to say. */
export class Conversation {
  readonly #child: Child;
  readonly #output: AsyncIterator<Buffer>;
  #isOver = false;
  #watch: Watch | undefined;
  #onStderr: ((text: string) => void) | undefined;

  constructor(start: Start, signal: AbortSignal) {
    const onStderr = (text: string) => {
      this.#watch?.see(Buffer.from(text), text);
      this.#onStderr?.(text);
    };
    this.#child = startChild({ ...start, signal, name: start.program, onStderr });
    this.#output = this.#child.output[Symbol.asyncIterator]();
    void this.#child.exited.then(() => {
      this.#isOver = true;
    });
  }

  /** Nothing speaks against saying something more. */
  get isOpen(): boolean {
    return !this.#isOver && this.#child.stdin.writable;
  }

  /** What comes from the other side, until it ends. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      // Where it was ended, whoever did so knows why.
      const next = await this.#output.next().catch(() => undefined);
      if (next === undefined || next.done) return;
      this.#watch?.see(next.value, '');
      yield next.value;
    }
  }

  /** Gives false where nobody listens any more. */
  say(bytes: string | Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.isOpen) this.#child.stdin.write(bytes, (error) => resolve(!error));
      else resolve(false);
    });
  }

  /** What was written to standard error, once the program has ended. Throws MirrorError where it can't be started. */
  async lastWords(): Promise<string> {
    return (await this.#child.end).stderr;
  }

  /**
   * Does a part of the conversation. Ends all of it, and throws MirrorError, when that fails, when the other side is
   * silent for too long or says too much, and when `signal` is aborted.
   */
  async within<T>(
    { name, signal, onStderr, ...limits }: Part,
    work: (watch: Watch) => Promise<T>,
  ): Promise<T> {
    const watch = createWatch(name, limits, signal);
    [this.#watch, this.#onStderr] = [watch, onStderr];
    const stopped = new Promise<never>((_resolve, reject) => {
      const stop = () => reject(watch.signal.reason);
      if (watch.signal.aborted) stop();
      watch.signal.addEventListener('abort', stop);
    });
    try {
      return await Promise.race([work(watch), stopped]);
    } catch (error) {
      await this.#child.stop();
      throw signal.aborted ? toStopError(signal.reason) : error;
    } finally {
      watch.end();
      [this.#watch, this.#onStderr] = [undefined, undefined];
    }
  }

  /** Leaves it to end by itself, as it has heard all. */
  leave(): void {
    this.#child.stdin.end();
    // Its end is not seen before all that it said is read.
    void this.#child.exited.then(async () => {
      for await (const _piece of this.pieces());
    });
  }
}

/** A part of a conversation, and how long it may take; `name` says in an error what was silent. */
export interface Part extends WatchLimits {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onStderr?: (text: string) => void;
}
