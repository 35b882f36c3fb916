import type { PrivateKey } from '../ssh/privateKey';
import type { Context } from '../system/context';
import type { Terminal } from './ask';

/** The context of setup, in addition to that of every program. */
export interface SetupContext extends Context {
  /** Prints text; only secrets are masked. */
  readonly say: (text: string) => void;
  /** Creates an RSA key pair. */
  readonly createKey: () => Promise<PrivateKey>;
  /** Undefined if there is no terminal. */
  readonly terminal: Terminal | undefined;
}
