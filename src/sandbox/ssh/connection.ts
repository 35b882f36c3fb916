import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, {
  type Algorithms,
  type AuthContext,
  type Connection,
  type ParsedKey,
  type PublicKeyAuthContext,
  type ServerChannel,
} from 'ssh2';
import { greet, refuse, type SessionContext, serveCommand } from './session';
import { Wire } from './wire';

export interface ConnectionContext extends Omit<SessionContext, 'isCut'> {
  readonly hostKey: ParsedKey;
  /** The one RSA public key of each SSH key ID. */
  readonly keys: ReadonlyMap<string, ParsedKey>;
}

/**
 * The algorithms that CodeCommit was seen to offer. It also has diffie-hellman-group-exchange-sha256, which ssh2 can't
 * serve; group14 with SHA-256 replaces it. ssh2 always announces rsa-sha2-256 for user signatures, so
 * `HostKeyAlgorithms=+ssh-rsa` is needed as with CodeCommit, but `PubkeyAcceptedAlgorithms=+ssh-rsa` is not.
 */
const algorithms: Algorithms = {
  kex: ['diffie-hellman-group14-sha256', 'diffie-hellman-group14-sha1'],
  serverHostKey: ['ssh-rsa'],
  cipher: ['aes128-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1'],
  compress: ['none'],
};

/** ssh2 documents injectSocket() for any duplex stream; its types allow only sockets. */
interface StreamServer {
  injectSocket(stream: Duplex): void;
}

/** Speaks SSH on one socket. Fulfilled when that is closed and every process that it started has ended. */
export async function serveConnection(context: ConnectionContext, socket: Socket): Promise<void> {
  const running = new Set<Promise<void>>();
  const wire = new Wire(socket, context.faults, context.counts);
  const server: StreamServer = new ssh2.Server(
    { hostKeys: [{ key: context.hostKey }], ident: 'AWSCodeCommit', algorithms },
    (connection) => {
      connection.on('authentication', createAuthenticator(context));
      connection.on('ready', () => wire.startCountdown());
      // Any error of a connection closes it; the client reports it.
      connection.on('error', () => socket.destroy());
      serveSessions({ ...context, isCut: () => socket.destroyed }, connection, running);
    },
  );
  server.injectSocket(wire);
  await new Promise((resolve) => socket.once('close', resolve));
  await Promise.all(running);
}

/** Returns the function that decides on the authentication requests of one connection. */
function createAuthenticator(context: ConnectionContext): (request: AuthContext) => void {
  const offered = new Set<string>();
  return (request) => {
    if (request.method !== 'publickey') return request.reject(['publickey']);
    // OpenSSH asks about a key before it signs with it: the same key, offered once.
    const key = request.key.data.toString('base64');
    if (!offered.has(key)) context.counts.offeredKeys += 1;
    offered.add(key);
    if (!isAccepted(context, request)) return request.reject(['publickey']);
    if (request.signature !== undefined) context.counts.authentications += 1;
    request.accept();
  };
}

/** Whether this is the key of that user and, once there is a signature, whether the signature is the key's. */
function isAccepted({ keys, faults }: ConnectionContext, request: PublicKeyAuthContext): boolean {
  const key = keys.get(request.username);
  if (key === undefined || faults.refuseKeys === true) return false;
  if (request.key.algo !== 'ssh-rsa' || !request.key.data.equals(key.getPublicSSH())) return false;
  if (request.signature === undefined) return true;
  return request.blob !== undefined && key.verify(request.blob, request.signature, request.hashAlgo);
}

function serveSessions(context: SessionContext, connection: Connection, running: Set<Promise<void>>): void {
  const disconnection = new AbortController();
  connection.once('close', () => disconnection.abort());
  let sessions = 0;
  connection.on('session', (accept, reject) => {
    if (sessions > 0 && context.faults.refuseSecondSession === true) {
      reject();
      return;
    }
    sessions += 1;
    context.counts.sessions += 1;
    const session = accept();
    // The end of the session, not of its channel, which waits until everything received was read.
    const end = new AbortController();
    session.once('close', () => end.abort());
    session.once('shell', (acceptShell) => greet(acceptShell()));
    session.once('exec', (acceptCommand, _rejectCommand, { command }) => {
      const gone = AbortSignal.any([disconnection.signal, end.signal]);
      const served = run(context, acceptCommand(), command, gone);
      running.add(served);
      served.finally(() => running.delete(served));
    });
  });
}

/** Never rejects: an error of the sandbox itself (or of an injected fault) is reported to the client. */
async function run(
  context: SessionContext,
  channel: ServerChannel,
  command: string,
  gone: AbortSignal,
): Promise<void> {
  try {
    await serveCommand(context, channel, command, gone);
  } catch (error) {
    if (!gone.aborted) refuse(channel, 128, String(error));
  }
}
