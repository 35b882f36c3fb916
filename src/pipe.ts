import { homedir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './program';
import { readSettings } from './settings/settings';
import { readWorkstation } from './source/workstation';
import { createStopSignal } from './stopSignal';

/** A user without an entry in /etc/passwd has no home, and no ~/.ssh. */
function findSshDirectory(home: string | undefined): string | undefined {
  try {
    return join(home || homedir(), '.ssh');
  } catch {
    return undefined;
  }
}

/** The Bitbucket pipe: no arguments, everything by environment. */
async function runPipe(): Promise<number> {
  const { env, stdout } = process;
  const cwd = process.cwd();
  const signal = createStopSignal(process);
  const home = { sshDirectory: findSshDirectory(env['HOME']), credentialHelpers: [] };
  // Outside Pipelines, `docker run` in a clone: the source is the clone's origin.
  const isInPipelines = env['BITBUCKET_GIT_HTTP_ORIGIN'] !== undefined;
  return await runProgram({
    env,
    stdout,
    signal,
    home,
    readUsage: () => process.resourceUsage(),
    readSettings: async () => {
      if (isInPipelines) return await readSettings(env, { cwd });
      const { origin, branch } = await readWorkstation(env['BITBUCKET_CLONE_DIR'] ?? cwd, { env, signal });
      return await readSettings({ SOURCE_URL: origin, ...env }, { cwd, currentBranch: branch });
    },
  });
}

// All is told and cleared away: a timer or a handle of some library is no reason to wait.
void runPipe().then((exitCode) => process.exit(exitCode));
