import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { SandboxCounts } from '../counts';
import type { SandboxFaults } from '../faults';

/**
 * The bytes of one connection between the socket and the SSH protocol: counted, delayed and cut off according to the
 * current faults.
 */
export class Wire extends Duplex {
  readonly #socket: Socket;
  readonly #counts: SandboxCounts;
  readonly #inbound: Lane;
  readonly #outbound: Lane;

  constructor(socket: Socket, faults: SandboxFaults, counts: SandboxCounts) {
    super();
    this.#socket = socket;
    this.#counts = counts;
    this.#inbound = new Lane(faults, 'dropAfterBytes');
    this.#outbound = new Lane(faults, 'dropAfterBytesSent');
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#inbound.pass(() => this.push(null)));
    // A reset by the client is a normal end: 'close' follows.
    socket.on('error', () => undefined);
    socket.once('close', () => this.destroy());
  }

  /** From here on, bytes count against `dropAfterBytes` and `dropAfterBytesSent`. */
  startCountdown(): void {
    this.#inbound.passed = 0;
    this.#outbound.passed = 0;
  }

  #receive(chunk: Buffer): void {
    this.#counts.bytesReceived += chunk.length;
    if (this.#inbound.isCutOff(chunk.length)) {
      this.#socket.destroy();
      return;
    }
    this.#inbound.pass(() => {
      if (!this.push(chunk)) this.#socket.pause();
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    this.#counts.bytesSent += chunk.length;
    // Completed immediately even if the socket is full: the windows of ssh2's channels limit what can wait here.
    if (this.#outbound.isCutOff(chunk.length)) this.#socket.destroy();
    else this.#outbound.pass(() => this.#socket.write(chunk));
    written();
  }

  override _final(finished: (error?: Error | null) => void): void {
    this.#outbound.pass(() => this.#socket.end());
    finished();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.#inbound.stop();
    this.#outbound.stop();
    this.#socket.destroy();
    destroyed(error);
  }
}

/** One direction of a connection. With latency, what goes in comes out later, in order. */
class Lane {
  readonly #faults: SandboxFaults;
  readonly #limit: 'dropAfterBytes' | 'dropAfterBytesSent';
  readonly #waiting: (() => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  /** When the last waiting action is due, in the time of Date.now(). */
  #due = 0;

  /** Bytes since the authentication; undefined before it. */
  passed: number | undefined;

  constructor(faults: SandboxFaults, limit: 'dropAfterBytes' | 'dropAfterBytesSent') {
    this.#faults = faults;
    this.#limit = limit;
  }

  isCutOff(length: number): boolean {
    if (this.passed === undefined) return false;
    this.passed += length;
    return this.passed >= (this.#faults[this.#limit] ?? Number.POSITIVE_INFINITY);
  }

  pass(action: () => void): void {
    const latency = this.#faults.latencyMs ?? 0;
    if (latency === 0 && this.#waiting.length === 0) {
      action();
      return;
    }
    this.#waiting.push(action);
    // Not before the previous one, even if the latency was lowered meanwhile.
    this.#due = Math.max(this.#due, Date.now() + latency);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#waiting.shift()?.();
    }, this.#due - Date.now());
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting.length = 0;
  }
}
