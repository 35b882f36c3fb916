import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preparedVariable } from './servers/prepared';

/** Opens a folder for the repositories that many tests start with; it is gone when the test run has ended. */
export default async function openPrepared(): Promise<() => Promise<void>> {
  const root = await mkdtemp(join(tmpdir(), 'ccm-prepared-'));
  process.env[preparedVariable] = root;
  return () => rm(root, { recursive: true, force: true });
}
