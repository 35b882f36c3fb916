import { homedir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from './pipe/settings';
import { type Environment, withoutEmpty } from './pipe/variables';
import { type Ending, runEntry } from './program/runEntry';
import { type Program, runProgram } from './program/runMirror';
import { createStopSignal } from './program/stopSignal';
import { readWorkstation } from './shell/workstation';

/** A user without an entry in /etc/passwd has no home, and no ~/.ssh. */
function findSshDirectory(home: string | undefined): string | undefined {
  try {
    return join(home || homedir(), '.ssh');
  } catch {
    return undefined;
  }
}

/** The Bitbucket pipe: no arguments, everything by environment. */
async function runPipe(): Promise<Ending> {
  const { stdout } = process;
  const env = withoutEmpty(process.env);
  const signal = createStopSignal(process);
  const program: Program = {
    env,
    stdout,
    signal,
    home: { sshDirectory: findSshDirectory(env['HOME']), usersGit: false },
    readUsage: () => process.resourceUsage(),
    readSettings: () => readPipeSettings(env, signal),
  };
  if (env['CHECK'] !== 'true') return { exitCode: await runProgram(program) };
  const { runCheck } = await import('./check/run');
  return { exitCode: await runCheck({ ...program, stderr: stdout, json: false }) };
}

async function readPipeSettings(env: Environment, signal: AbortSignal) {
  const cwd = process.cwd();
  if (env['BITBUCKET_GIT_HTTP_ORIGIN'] !== undefined) return await readSettings(env, { cwd });
  // Outside Pipelines, `docker run` in a clone: the source is the clone's origin.
  const workstation = await readWorkstation(env['BITBUCKET_CLONE_DIR'] ?? cwd, { env, signal });
  const { origin, branch, isClone } = workstation;
  return await readSettings({ SOURCE_URL: origin, ...env }, { cwd, currentBranch: branch, isClone });
}

void runEntry(runPipe, process, 'stdout');
