import { once } from 'node:events';
import type { Server } from 'node:net';
import { join } from 'node:path';
import type { Context } from './context';
import { socketRefused } from './errors';
import { openTemporaryFolder, shortRoot, type TemporaryFolder } from './temporaryFolder';

/** Bytes of a Unix socket's path: `sun_path` has 104 on macOS and 108 on Linux (unix(7)), and ends with a NUL. */
const pathBytes = 103;

/**
 * The path of a socket in a folder; undefined where it would be too long. Node 20 cuts such a path off without a
 * word, and the socket would be outside its folder. `spare` is what a program adds to it while it makes the socket.
 */
export function toSocketPath(folder: string, spare = 0): string | undefined {
  const path = join(folder, 's');
  return Buffer.byteLength(path) + spare <= pathBytes ? path : undefined;
}

/**
 * Lets a server listen on a socket in a folder of its own, which only this user can enter: in TMPDIR, or in /tmp where
 * the path is too long or the file system has no sockets. Throws MirrorError `socket-refused`.
 */
export async function listenInFolder(
  server: Server,
  context: Pick<Context, 'env'>,
): Promise<{ readonly folder: TemporaryFolder; readonly path: string }> {
  const refused: string[] = [];
  let cause = 'the path of a socket there would be too long';
  for (const root of [undefined, shortRoot]) {
    const folder = await openTemporaryFolder(context, root);
    const path = toSocketPath(folder.path);
    try {
      if (path !== undefined) {
        server.listen(path);
        await once(server, 'listening');
        return { folder, path };
      }
    } catch (error) {
      cause = error instanceof Error ? error.message : String(error);
    }
    refused.push(folder.path);
    await folder[Symbol.asyncDispose]();
  }
  throw socketRefused(refused, cause);
}
