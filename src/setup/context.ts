import type { PrivateKey } from '../ssh/privateKey';
import type { Context } from '../system/context';
import type { Terminal } from './ask';

/** What setup gets handed down, beside what every program does. */
export interface SetupContext extends Context {
  /** Shows text as it is, but for secrets. */
  readonly say: (text: string) => void;
  /** Makes an RSA key pair. */
  readonly createKey: () => Promise<PrivateKey>;
  /** Undefined: there is nobody to ask. */
  readonly terminal: Terminal | undefined;
}
