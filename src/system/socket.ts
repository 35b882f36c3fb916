import { once } from 'node:events';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { toErrorText } from '../errors';
import type { Context } from './context';
import { socketRefused } from './errors';
import { openTemporaryFolder, shortRoot, type TemporaryFolder } from './temporaryFolder';

/**
 * The maximum bytes of a Unix socket's path: `sun_path` has 104 on macOS and 108 on Linux (unix(7)), including a NUL.
 */
const pathBytes = 103;

/**
 * The path of a socket in a folder. Undefined if it would be too long: Node 20 truncates such a path silently, and the
 * socket would be outside the folder. `spare` are the bytes that a program appends while it creates the socket.
 */
export function toSocketPath(folder: string, spare = 0): string | undefined {
  const path = join(folder, 's');
  return Buffer.byteLength(path) + spare <= pathBytes ? path : undefined;
}

/**
 * Lets a server listen on a socket in its own folder, which only this user can enter: in TMPDIR, or in /tmp if the path
 * is too long or the file system does not support sockets. Throws MirrorError `socket-refused`.
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
      cause = toErrorText(error);
    }
    refused.push(folder.path);
    await folder[Symbol.asyncDispose]();
  }
  throw socketRefused(refused, cause);
}
