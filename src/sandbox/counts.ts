/** What has happened since the sandbox was opened. */
export type SandboxCounts = ReturnType<typeof createCounts>;

export function createCounts() {
  return {
    /** TCP connections accepted. */
    connections: 0,
    /** Connections that proved to hold an allowed key. */
    authentications: 0,
    /** Different keys offered, summed over the connections. */
    offeredKeys: 0,
    /** SSH sessions opened (refused ones don't count). */
    sessions: 0,
    /** Bytes on the wire, from the clients. */
    bytesReceived: 0,
    /** Bytes on the wire, to the clients. */
    bytesSent: 0,
    /** Sessions with git-receive-pack in which a command was sent, whether it succeeded or not. */
    pushes: 0,
  };
}
