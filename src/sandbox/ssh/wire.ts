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
  readonly #faults: SandboxFaults;
  readonly #counts: SandboxCounts;
  readonly #inbound: Delay;
  readonly #outbound: Delay;
  #receivedAfterAuthentication: number | undefined;
  #sentAfterAuthentication: number | undefined;

  constructor(socket: Socket, faults: SandboxFaults, counts: SandboxCounts) {
    super();
    this.#socket = socket;
    this.#faults = faults;
    this.#counts = counts;
    this.#inbound = new Delay(faults);
    this.#outbound = new Delay(faults);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#inbound.pass(() => this.push(null)));
    // A reset by the client is a normal end: 'close' follows.
    socket.on('error', () => undefined);
    socket.once('close', () => this.destroy());
  }

  /** From here on, bytes count against `dropAfterBytes` and `dropAfterBytesSent`. */
  startCountdown(): void {
    this.#receivedAfterAuthentication = 0;
    this.#sentAfterAuthentication = 0;
  }

  #receive(chunk: Buffer): void {
    this.#counts.bytesReceived += chunk.length;
    if (this.#isInboundCutOff(chunk.length)) {
      this.#socket.destroy();
      return;
    }
    this.#inbound.pass(() => {
      if (!this.push(chunk)) this.#socket.pause();
    });
  }

  #isInboundCutOff(length: number): boolean {
    if (this.#receivedAfterAuthentication === undefined) return false;
    this.#receivedAfterAuthentication += length;
    return this.#receivedAfterAuthentication >= (this.#faults.dropAfterBytes ?? Number.POSITIVE_INFINITY);
  }

  #isOutboundCutOff(length: number): boolean {
    if (this.#sentAfterAuthentication === undefined) return false;
    this.#sentAfterAuthentication += length;
    return this.#sentAfterAuthentication >= (this.#faults.dropAfterBytesSent ?? Number.POSITIVE_INFINITY);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    this.#counts.bytesSent += chunk.length;
    // Completed immediately even if the socket is full: the windows of ssh2's channels limit what can wait here.
    if (this.#isOutboundCutOff(chunk.length)) this.#socket.destroy();
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

/** One direction of a connection with latency: what goes in comes out later, in order. */
class Delay {
  readonly #faults: SandboxFaults;
  readonly #waiting: (() => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  /** When the last waiting action is due, in the time of Date.now(). */
  #due = 0;

  constructor(faults: SandboxFaults) {
    this.#faults = faults;
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
