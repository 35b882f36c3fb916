import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { ParsedKey } from 'ssh2';
import { toFingerprint } from '../ssh/knownHosts';
import { createCounts, type SandboxCounts } from './counts';
import type { SandboxFaults } from './faults';
import { createKeyPair, parseRsaKey, toPublicLine } from './keys';
import { listenOnLoopback } from './loopback';
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
  /** Default: chosen by the system. */
  readonly port?: number;
  /** Read at each use, so changes take effect immediately. */
  readonly faults?: SandboxFaults;
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

const host = '127.0.0.1';

/** Opens a local CodeCommit: an SSH server in this process, with real git behind it. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const hostKey = parseRsaKey(options.hostKey ?? createKeyPair().privateKey);
  const keys = new Map<string, ParsedKey>();
  const hooks = await writeReceiveHooks();
  const { root, faults = {} } = options;
  const shared = { root, hooks, faults, counts: createCounts() };
  const listener = openListener({ ...shared, hostKey, keys });
  const port = await listener.listen(options.port);
  return {
    ...shared,
    host,
    port,
    knownHosts: `[${host}]:${port} ${toPublicLine(hostKey)}`,
    fingerprint: toFingerprint(hostKey.getPublicSSH().toString('base64'), 'sha256'),
    cut: listener.cut,
    allow: (sshKeyId, publicKey) => void keys.set(sshKeyId, parseRsaKey(publicKey)),
    url: (name, sshKeyId) =>
      `ssh://${sshKeyId === undefined ? '' : `${sshKeyId}@`}${host}:${port}/v1/repos/${name}`,
    createRepository: (name) => createRepository(root, name),
    [Symbol.asyncDispose]: listener.close,
  };
}

/** The listening socket and its connections. */
function openListener(context: ConnectionContext) {
  const { faults, counts, hooks } = context;
  const sockets = new Set<Socket>();
  const connections = new Set<Promise<void>>();
  const server = createServer({ noDelay: true }, accept);
  const removeHooks = () => rm(hooks, { recursive: true, force: true });
  let closed: Promise<void> | undefined;

  function accept(socket: Socket) {
    counts.connections += 1;
    if (faults.refuseConnections === true) return socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (faults.silentBanner === true) return keepSilent(socket);
    const served = serveConnection(context, socket);
    connections.add(served);
    served.finally(() => connections.delete(served));
  }
  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }
  async function closeAll(): Promise<void> {
    const ended = once(server, 'close');
    server.close();
    cut();
    await Promise.all([ended, ...connections]);
    await removeHooks();
  }
  return {
    cut,
    /** Returns the port. Throws if it is not available. */
    async listen(port?: number): Promise<number> {
      try {
        return await listenOnLoopback(server, port);
      } catch (error) {
        await removeHooks();
        throw error;
      }
    },
    close(): Promise<void> {
      closed ??= closeAll();
      return closed;
    },
  };
}

function keepSilent(socket: Socket): void {
  socket.on('error', () => undefined);
  // The socket must be read, or the client's end is never seen.
  socket.resume();
}
