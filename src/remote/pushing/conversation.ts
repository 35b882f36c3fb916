import { type Child, type ChildOptions, startChild } from '../../system/child';
import { toStopError } from '../../system/errors';
import { untilAborted } from '../../system/untilAborted';
import { createWatch, type Watch, type WatchLimits } from '../../system/watch';

/** How to start the program that connects to a server: ssh or git. */
export type Start = Pick<ChildOptions, 'program' | 'args' | 'env'>;

/** All conversations with one server. Disposing of it stops those that are still running, and waits for their end. */
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

/** A program that connects its standard input and output to a server. */
export class Conversation {
  /** Ends every part of it. */
  readonly signal: AbortSignal;
  readonly #child: Child;
  readonly #output: AsyncIterator<Buffer>;
  /** Output that was asked for, and that nobody has read yet. */
  #ahead: Promise<IteratorResult<Buffer> | undefined> | undefined;
  #isOver = false;
  #watch: Watch | undefined;
  #onStderr: ((text: string) => void) | undefined;

  constructor(start: Start, signal: AbortSignal) {
    const onStderr = (text: string) => {
      this.#watch?.see(Buffer.from(text), text);
      this.#onStderr?.(text);
    };
    this.signal = signal;
    this.#child = startChild({ ...start, signal, name: start.program, onStderr });
    this.#output = this.#child.output[Symbol.asyncIterator]();
    void this.#child.exited.then(() => {
      this.#isOver = true;
    });
  }

  /** Whether more can be sent. */
  get isOpen(): boolean {
    return !this.#isOver && this.#child.stdin.writable;
  }

  /** Waits for the first output of the other side. False if it ended without any. */
  async hasBegun(): Promise<boolean> {
    this.#ahead ??= this.#next();
    return (await this.#ahead)?.done === false;
  }

  /** What comes from the other side, until it ends. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      const reading = this.#ahead ?? this.#next();
      this.#ahead = undefined;
      const next = await reading;
      if (next === undefined || next.done) return;
      this.#watch?.see(next.value, '');
      yield next.value;
    }
  }

  /** If it was stopped, the caller that stopped it reports why. */
  #next(): Promise<IteratorResult<Buffer> | undefined> {
    return this.#output.next().catch(() => undefined);
  }

  /** Returns false if the other side has closed its input. */
  say(bytes: string | Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.isOpen) this.#child.stdin.write(bytes, (error) => resolve(!error));
      else resolve(false);
    });
  }

  /** Standard error, once the program has ended. Throws MirrorError if it can't be started. */
  async lastWords(): Promise<string> {
    return (await this.#child.end).stderr;
  }

  /**
   * Runs one part of the conversation. Stops the program and throws MirrorError if the part fails, if the other side is
   * silent for too long or sends too much, or if `signal` is aborted.
   */
  async within<T>(
    { name, signal, onStderr, ...limits }: Part,
    work: (watch: Watch) => Promise<T>,
  ): Promise<T> {
    const watch = createWatch(name, limits, signal);
    [this.#watch, this.#onStderr] = [watch, onStderr];
    try {
      return await untilAborted(work(watch), watch.signal);
    } catch (error) {
      await this.#child.stop();
      throw signal.aborted ? toStopError(signal.reason) : error;
    } finally {
      watch.end();
      [this.#watch, this.#onStderr] = [undefined, undefined];
    }
  }

  /** Closes the input, so that the program ends by itself. */
  leave(): void {
    this.#child.stdin.end();
    // The end is only noticed when all output has been read.
    void this.#child.exited.then(async () => {
      for await (const _piece of this.pieces());
    });
  }
}

/** One part of a conversation, and how long it may take. `name` is for the error if it stalls. */
export interface Part extends WatchLimits {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onStderr?: (text: string) => void;
}
