import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFleetDemo } from './fleetDemo';
import { runMirrorDemo } from './mirrorDemo';
import type { DemoShell } from './shell';
import { createWrapper } from './wrapper';

/**
 * Runs real mirrors on this machine only, both successes and failures: first of one repository, then of a fleet, whose
 * status page stays until the signal is aborted, or with `isOnce` until it shows what is expected. Returns 0 if each run
 * ended as expected. Leaves nothing behind.
 */
export async function runDemo(shell: DemoShell, isOnce: boolean): Promise<number> {
  const root = await mkdtemp(join(shell.env['TMPDIR'] || tmpdir(), 'ccm-demo-'));
  const wrapped = { ...shell, stdout: createWrapper(shell.stdout) };
  try {
    const ended = await runMirrorDemo(wrapped, root);
    if (ended !== 0 || shell.signal.aborted) return ended;
    return await runFleetDemo(wrapped, root, isOnce);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
