import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { ParsedKey } from 'ssh2';
import { toFingerprint } from '../ssh/knownHosts';
import { createCounts, type SandboxCounts } from './counts';
import type { SandboxFaults } from './faults';
import { createKeyPair, parseRsaKey, toPublicLine } from './keys';
import { writeReceiveHooks } from './receive-hooks';
import { createRepository } from './repository';
import { type ConnectionContext, serveConnection } from './ssh/connection';

export type { SandboxCounts } from './counts';
export type { SandboxFaults } from './faults';
export { createKeyPair } from './keys';

export interface SandboxOptions {
  /** The existing folder for the bare repositories. It is kept when the sandbox is closed. */
  readonly root: string;
  /** The RSA host key in PEM; default: a new one. */
  readonly hostKey?: string;
  /** The address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Default: chosen by the system. */
  readonly port?: number;
  /** Read at each use, so changes take effect immediately. */
  readonly faults?: SandboxFaults;
  /** Receives a line for each command, and for each ref of a push. */
  readonly announce?: (line: string) => void;
}

/** A local CodeCommit. Disposing of it stops its connections and processes, and can be repeated. */
export interface Sandbox extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly root: string;
  /** The known_hosts line: `[host]:port ssh-rsa AAAA…`. */
  readonly knownHosts: string;
  /** The host key's, as OpenSSH shows it: `SHA256:…`. */
  readonly fingerprint: string;
  readonly faults: SandboxFaults;
  readonly counts: Readonly<SandboxCounts>;
  /** The folder of receive-pack's hooks, to which a test may add its own. */
  readonly hooks: string;
  /**
   * Closes every connection immediately; git continues a push that has arrived completely. New connections are
   * accepted.
   */
  cut(): void;
  /** Accepts a public key (OpenSSH's line) under this SSH key ID. Throws if it is not an RSA key. */
  allow(sshKeyId: string, publicKey: string): void;
  /** `ssh://[<sshKeyId>@]<host>:<port>/v1/repos/<name>` */
  url(name: string, sshKeyId?: string): string;
  /**
   * Creates an empty bare repository below the root and returns its path. Throws for a name that CodeCommit refuses.
   */
  createRepository(name: string): Promise<string>;
}

/** Opens a local CodeCommit: an SSH server in this process, with real git behind it. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const host = options.host ?? '127.0.0.1';
  const hostKey = parseRsaKey(options.hostKey ?? createKeyPair().privateKey);
  const keys = new Map<string, ParsedKey>();
  const context = { ...createContext(options), hostKey, keys, hooks: await writeReceiveHooks() };
  const listener = new Listener(context);
  const port = await listener.listen(host, options.port ?? 0);
  const authority = port === 22 ? host : `[${host}]:${port}`;
  return {
    host,
    port,
    root: options.root,
    knownHosts: `${authority} ${toPublicLine(hostKey)}`,
    fingerprint: toFingerprint(hostKey.getPublicSSH().toString('base64'), 'sha256'),
    faults: context.faults,
    counts: context.counts,
    hooks: context.hooks,
    cut: () => listener.cut(),
    allow: (sshKeyId, publicKey) => void keys.set(sshKeyId, parseRsaKey(publicKey)),
    url: (name, sshKeyId) =>
      `ssh://${sshKeyId === undefined ? '' : `${sshKeyId}@`}${host}:${port}/v1/repos/${name}`,
    createRepository: (name) => createRepository(options.root, name),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

function createContext(options: SandboxOptions): Omit<ConnectionContext, 'hooks' | 'hostKey' | 'keys'> {
  return {
    root: options.root,
    faults: options.faults ?? {},
    announce: options.announce ?? (() => undefined),
    counts: createCounts(),
  };
}

/** The listening socket and its connections. */
class Listener {
  readonly #context: ConnectionContext;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(context: ConnectionContext) {
    this.#context = context;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Returns the port. Throws if the address is not available. */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      await this.#removeHooks();
      throw error;
    }
    const address = this.#server.address();
    if (address === null || typeof address === 'string')
      throw new Error('the sandbox listens on no TCP port');
    return address.port;
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#context.counts.connections += 1;
    if (this.#context.faults.refuseConnections === true) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#context.faults.silentBanner === true) {
      keepSilent(socket);
      return;
    }
    const { closed } = serveConnection(this.#context, socket);
    this.#connections.add(closed);
    closed.finally(() => this.#connections.delete(closed));
  }

  async #closeAll(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await Promise.all([closed, ...this.#connections]);
    await this.#removeHooks();
  }

  #removeHooks(): Promise<void> {
    return rm(this.#context.hooks, { recursive: true, force: true });
  }
}

function keepSilent(socket: Socket): void {
  socket.on('error', () => undefined);
  // The socket must be read, or the client's end is never seen.
  socket.resume();
}
