import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A session of the shared connection in which no command runs yet. */
export interface PreparedSession {
  /** Runs a command of the server, once. Its standard output, until it ends; throws if there is no session. */
  run(command: string): AsyncGenerator<Buffer>;
  /** Closes the session at once. */
  stop(): void;
}

/** Messages between ssh and a client of its control socket (OpenSSH, PROTOCOL.mux, "Protocol numbers"). */
const mux = { hello: 0x1, terminate: 0x10000005, proxy: 0x1000000f, proxying: 0x8000000f };
const muxVersion = 4;

/** Messages of the SSH connection protocol (RFC 4250, section 4.1.2; RFC 4254, section 5). */
const ssh = { open: 90, opened: 91, data: 94, end: 96, close: 97, request: 98, refused: 100 };
/** Our number of the channel; ssh translates the numbers of each client. */
const channel = 0;
/** The bytes that the server may send: more than any listing has. */
const window = 2 ** 31 - 1;
const packetBytes = 32_768;

/** Milliseconds for ssh to end: it waits for nothing. */
const endMilliseconds = 10_000;

/**
 * Begins to open a session before its command is known, which saves a round trip later. `path` is the control socket of
 * an ssh that is connected.
 */
export function prepareSession(path: string): PreparedSession {
  const stopping = new AbortController();
  const opening = openChannel(path, stopping.signal);
  // `run` throws it.
  opening.catch(() => undefined);
  return {
    async *run(command) {
      const { socket, messages, theirs } = await opening;
      const wantsReply = Buffer.of(1);
      send(socket, toMessage(ssh.request), toFields(theirs, 'exec'), wantsReply, toFields(command));
      for await (const message of messages) {
        const type = message[1] ?? ssh.close;
        if (type === ssh.data) yield message.subarray(10);
        if (type === ssh.end || type === ssh.close || type === ssh.refused) return;
      }
    },
    stop: () => stopping.abort(),
  };
}

interface Channel {
  readonly socket: Socket;
  readonly messages: AsyncGenerator<Buffer>;
  /** The server's number of the channel. */
  readonly theirs: number;
}

async function openChannel(path: string, signal: AbortSignal): Promise<Channel> {
  const socket = await openControl(path, signal);
  const messages = readMessages(socket);
  send(socket, toFields(mux.proxy, 0));
  let type: number;
  do type = (await messages.next()).value?.readUInt32BE() ?? 0;
  while (type === mux.hello);
  if (type !== mux.proxying) throw new Error(`ssh answered with ${type}.`);
  send(socket, toMessage(ssh.open), toFields('session', channel, window, packetBytes));
  const opened = (await messages.next()).value;
  if (opened?.[1] !== ssh.opened) throw new Error('The server refused the session.');
  return { socket, messages, theirs: opened.readUInt32BE(6) };
}

/** Ends the ssh that listens on this control socket, with all of its sessions, and waits until it has ended. */
export async function endConnection(path: string): Promise<void> {
  try {
    const socket = await openControl(path);
    send(socket, toFields(mux.terminate, 0));
    socket.setTimeout(endMilliseconds, () => socket.destroy()).resume();
    await once(socket, 'close');
  } catch {
    // There is none.
  }
}

async function openControl(path: string, signal?: AbortSignal): Promise<Socket> {
  const socket = connect({ path, ...(signal && { signal }) });
  await once(socket, 'connect');
  // The reader gets the error.
  socket.on('error', () => undefined);
  send(socket, toFields(mux.hello, muxVersion));
  return socket;
}

/** In both protocols, each message begins with its length. */
function send(socket: Socket, ...parts: readonly Buffer[]): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  socket.write(Buffer.concat([toFields(length), ...parts]));
}

async function* readMessages(socket: Socket): AsyncGenerator<Buffer> {
  let bytes = Buffer.alloc(0);
  for await (const piece of socket) {
    bytes = Buffer.concat([bytes, piece]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) {
      const end = 4 + bytes.readUInt32BE();
      yield bytes.subarray(4, end);
      bytes = bytes.subarray(end);
    }
  }
}

/** The length of the padding, none, and the type. */
function toMessage(type: number): Buffer {
  return Buffer.of(0, type);
}

/** Numbers as uint32, texts with their length before them (RFC 4251, section 5). */
function toFields(...values: readonly (number | string)[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const field = Buffer.alloc(4);
      field.writeUInt32BE(typeof value === 'number' ? value : Buffer.byteLength(value));
      return typeof value === 'number' ? field : Buffer.concat([field, Buffer.from(value)]);
    }),
  );
}
