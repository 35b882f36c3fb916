import type { Server } from 'node:net';

/** Listens on 127.0.0.1; gives the port, which the system chooses by default. Throws if the port is taken. */
export function listenOnLoopback(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error(`no port in the address ${address}`));
    });
  });
}
