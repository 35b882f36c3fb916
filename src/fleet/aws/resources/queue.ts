import type { AnyMessage } from './message';

/** The queue of what is to be done. */
export interface Queue {
  /** Puts messages in, each into its group. Throws MirrorError when one of them was not taken. */
  send(messages: readonly AnyMessage[]): Promise<void>;
  /** Hides a received message for so many seconds. A message that is gone, or another's by now, is passed over. */
  hide(receipt: string, seconds: number): Promise<void>;
}

/** A message as it was received. */
export interface Received {
  readonly messageId: string;
  readonly receipt: string;
  /** Undefined for what this program did not write. */
  readonly message: AnyMessage | undefined;
  readonly group: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** Milliseconds since 1970, by the queue's clock. */
  readonly sentAt: number;
}
