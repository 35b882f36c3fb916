import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenOnLoopback } from '../../src/sandbox/loopback';

/** An HTTP proxy that opens tunnels (CONNECT) and does nothing else. */
export interface TunnelProxy extends AsyncDisposable {
  /** For https_proxy, with the login where one is asked for. */
  readonly url: string;
  /** `host:port` of each tunnel that it opened. */
  readonly tunnels: readonly string[];
}

/** `login` is `user:password`. */
export async function openTunnelProxy(login?: string): Promise<TunnelProxy> {
  const tunnels: string[] = [];
  const open = new Set<Socket>();
  const expected = login && `Basic ${Buffer.from(login).toString('base64')}`;
  const server = createServer();
  server.on('connect', (request, socket: Socket) => {
    // git's own requests come and go as they like.
    socket.on('error', () => undefined);
    if (expected && request.headers['proxy-authorization'] !== expected)
      return void socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      );
    const { hostname, port } = new URL(`https://${request.url}`);
    tunnels.push(request.url ?? '');
    const onward = connect(Number(port || 443), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    for (const each of [socket, onward]) {
      open.add(each);
      each.on('close', () => open.delete(each));
    }
  });
  const address = `127.0.0.1:${await listenOnLoopback(server)}`;
  return {
    url: `http://${login ? `${login}@` : ''}${address}`,
    tunnels,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
