import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a temporary folder; it and all below it are gone when disposed. */
export async function openFolder(): Promise<Folder> {
  const path = await mkdtemp(join(await realpath(tmpdir()), 'mirror-'));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
