import { chmod, lstat, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toErrorText } from '../../errors';
import { replaceOwnBlock } from '../../ssh/ownBlock';
import type { Log } from '../../system/context';
import { createQueue } from '../../system/queue';
import { removeUnfinished, replaceFile } from '../../system/replaceFile';

/** What goes into the files of a ~/.ssh. */
export interface HomeBlocks {
  /** Names the block in each file. */
  readonly host: string;
  readonly config: string;
  readonly knownHosts: string;
}

/**
 * Puts one block each into `config` and `known_hosts` of a ~/.ssh, for whoever uses ssh after this run: the mirror
 * itself depends on neither. All other bytes stay, and so do owner and symbolic links. What can't be written is left
 * as it is, with a warning.
 */
export async function writeHomeFiles(directory: string, blocks: HomeBlocks, log: Log): Promise<void> {
  await inTurn(() => writeBlocks(directory, blocks, log));
}

/** Parallel mirrors of this process change the same files. */
const inTurn = createQueue();

async function writeBlocks(directory: string, blocks: HomeBlocks, log: Log): Promise<void> {
  const { host, config, knownHosts } = blocks;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    await ensureBlock(join(directory, 'known_hosts'), host, knownHosts);
    await ensureBlock(join(directory, 'config'), host, config);
  } catch (error) {
    log.warn(
      `${directory} is not updated: ${toErrorText(error)}. The mirror goes on: it does not need these files.`,
    );
  }
}

async function ensureBlock(file: string, name: string, block: string): Promise<void> {
  const path = await toTarget(file);
  const found = await stat(path).catch(() => undefined);
  // As latin1, every byte is a character and comes back as it was.
  const before = found === undefined ? '' : await readFile(path, 'latin1');
  const text = replaceOwnBlock(before, name, Buffer.from(block).toString('latin1'));
  if (text === before) await removeUnfinished(path);
  else await replaceFile(path, Buffer.from(text, 'latin1'), { mode: 0o600, owner: found });
}

/** What a symbolic link leads to: the link itself stays. Throws where it leads nowhere. */
async function toTarget(file: string): Promise<string> {
  const found = await lstat(file).catch(() => undefined);
  return found === undefined ? file : await realpath(file);
}
