import type { Message } from './message';

/** The queue of places to look at. */
export interface Queue {
  /** Puts messages in, each into the group of its place. Throws MirrorError when one of them was not taken. */
  send(messages: readonly Message[]): Promise<void>;
  /** Hides a received message for so many seconds. A message that is gone, or another's by now, is passed over. */
  hide(receipt: string, seconds: number): Promise<void>;
}

/** A message as it was received. */
export interface Received {
  readonly messageId: string;
  readonly receipt: string;
  /** Undefined for what this program did not write. */
  readonly message: Message | undefined;
  readonly group: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** Milliseconds since 1970, by the queue's clock. */
  readonly sentAt: number;
}
