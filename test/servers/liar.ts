import { createServer, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { parseRsaKey, toPublicLine } from '../../src/sandbox/keys';
import { listenOnLoopback } from '../../src/sandbox/loopback';

/** How a liar answers one git command; `command` is as the client sent it, such as `git-upload-pack '/v1/repos/app'`. */
export type Answer = (channel: ServerChannel, command: string) => void | Promise<void>;

export interface LiarOptions {
  /** Private key in PEM. */
  readonly hostKey: string;
  readonly answer: Answer;
  /** What is said before anybody has logged in (RFC 4252, 5.4). */
  readonly banner?: string;
  /** Speaks in place of SSH, on the bare connection. */
  readonly speak?: (socket: Socket) => void;
}

/** An SSH server that lets everybody in and says whatever it is told to. */
export interface Liar extends AsyncDisposable {
  readonly knownHosts: string;
  /** `ssh://127.0.0.1:<port>/v1/repos/<name>` */
  url(name: string): string;
  /** The commands that clients asked for. */
  readonly commands: readonly string[];
}

export async function openLiar({ hostKey, answer, banner, speak }: LiarOptions): Promise<Liar> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const settings = { hostKeys: [hostKey], ...(banner === undefined ? {} : { banner }) };
  const server = new ssh2.Server(settings, (connection) =>
    serve(connection, (channel, command) => {
      commands.push(command);
      return answer(channel, command);
    }),
  );
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    if (speak === undefined) server.injectSocket(socket);
    else speak(socket);
  });
  const port = await listenOnLoopback(listener);
  return {
    knownHosts: `[127.0.0.1]:${port} ${toPublicLine(parseRsaKey(hostKey))}`,
    url: (name) => `ssh://127.0.0.1:${port}/v1/repos/${name}`,
    commands,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serve(connection: Connection, answer: Answer): void {
  connection.on('authentication', (request) => request.accept());
  connection.on('error', () => undefined);
  connection.on('session', (accept) => {
    accept().once('exec', (acceptCommand, _reject, { command }) => {
      const channel = acceptCommand();
      channel.on('error', () => undefined);
      channel.stderr.on('error', () => undefined);
      Promise.resolve(answer(channel, command)).catch(() => channel.end());
    });
  });
}

/** Says a text on standard output and ends with an exit code. */
export function say(channel: ServerChannel, text: string, exitCode = 0): void {
  channel.write(text);
  channel.exit(exitCode);
  channel.end();
}

/** Writes so many pieces, as fast as the client takes them, or until it is gone. */
export async function sayMuch(
  channel: ServerChannel,
  count: number,
  piece: (index: number) => string,
): Promise<void> {
  let gone = false;
  const closed = new Promise<void>((resolve) => channel.once('close', resolve)).then(() => {
    gone = true;
  });
  for (let index = 0; index < count && !gone; index++) {
    const isTaken = channel.write(piece(index));
    if (!isTaken) await Promise.race([closed, new Promise((resolve) => channel.once('drain', resolve))]);
  }
}
