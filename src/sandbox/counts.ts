/** What has happened since the sandbox was opened. */
export interface SandboxCounts {
  /** TCP connections accepted. */
  connections: number;
  /** Connections that proved to hold an allowed key. */
  authentications: number;
  /** Different keys offered, summed over the connections. */
  offeredKeys: number;
  /** SSH sessions opened (refused ones don't count). */
  sessions: number;
  /** Bytes on the wire, from the clients. */
  bytesReceived: number;
  /** Bytes on the wire, to the clients. */
  bytesSent: number;
  /** Sessions with git-receive-pack in which a command was sent, whether it succeeded or not. */
  pushes: number;
}

export function createCounts(): SandboxCounts {
  return {
    connections: 0,
    authentications: 0,
    offeredKeys: 0,
    sessions: 0,
    bytesReceived: 0,
    bytesSent: 0,
    pushes: 0,
  };
}
