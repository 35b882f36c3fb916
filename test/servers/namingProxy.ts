import { createServer as createHttpServer, request } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { listenOnLoopback } from '../../src/sandbox/loopback';

/** An HTTP proxy on loopback that alone knows the way to some hosts, which speak TLS. */
export interface NamingProxy extends AsyncDisposable {
  readonly url: string;
  /** The certificate of all of these hosts, in PEM. */
  readonly authority: string;
  /** `<host>:<port>` of each tunnel that was asked for. */
  readonly asked: string[];
}

/**
 * `hosts`: names that are nowhere else, and the http:// server on loopback that stands behind each. With `login`
 * (`user:password`) the proxy refuses whoever comes without it.
 */
export async function openNamingProxy(
  hosts: Readonly<Record<string, string>>,
  login?: string,
): Promise<NamingProxy> {
  const names = Object.keys(hosts);
  const certificate = createCertificate(names);
  const faces = names.map((name) =>
    createHttpsServer(certificate, (incoming, response) => {
      const { method, headers, url = '' } = incoming;
      const outgoing = request(new URL(url, hosts[name]), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(outgoing);
    }),
  );
  for (const face of faces) await listenOnLoopback(face);
  const asked: string[] = [];
  const expected = login && `Basic ${Buffer.from(login).toString('base64')}`;
  const proxy = createHttpServer().on('connect', (incoming, socket) => {
    asked.push(incoming.url ?? '');
    const face = faces[names.indexOf(incoming.url?.split(':')[0] ?? '')];
    const isLetIn = !expected || incoming.headers['proxy-authorization'] === expected;
    if (face === undefined || !isLetIn)
      return void socket.end(
        `HTTP/1.1 ${isLetIn ? '502 Bad Gateway' : '407 Proxy Authentication Required'}\r\n\r\n`,
      );
    const there = connect((face.address() as AddressInfo).port, '127.0.0.1', () =>
      socket.write('HTTP/1.1 200 OK\r\n\r\n'),
    );
    there.pipe(socket).pipe(there);
    for (const each of [there, socket]) each.on('error', () => there.destroy());
  });
  const port = await listenOnLoopback(proxy);
  return {
    url: `http://${login ? `${login}@` : ''}127.0.0.1:${port}`,
    authority: certificate.cert,
    asked,
    async [Symbol.asyncDispose]() {
      for (const face of faces) {
        face.closeAllConnections();
        face.close();
      }
      proxy.close();
    },
  };
}
