import { homedir } from 'node:os';
import { join } from 'node:path';
import { findCloneFolder, isPipelinesLog, isPipelinesStep } from './pipe/run';
import { type Asked, readSettings, toProgram } from './pipe/settings';
import { type Environment, withoutEmpty } from './pipe/variables';
import { type Ending, runEntry } from './program/runEntry';
import { runProgram } from './program/runMirror';
import { createStopSignal } from './program/stopSignal';
import { readWorkstation } from './shell/workstation';

/** A user without an entry in /etc/passwd has no home and no ~/.ssh. */
function findSshDirectory(home: string | undefined): string | undefined {
  try {
    return join(home || homedir(), '.ssh');
  } catch {
    return undefined;
  }
}

/** The Bitbucket pipe: no arguments, only environment variables. */
async function runPipe(): Promise<Ending> {
  const { stdout } = process;
  const env = withoutEmpty(process.env);
  const signal = createStopSignal(process);
  const asked: Asked = {
    env,
    stdout,
    signal,
    isLogColoured: isPipelinesLog(env),
    readUsage: () => process.resourceUsage(),
    readSettings: () => readPipeSettings(env, signal),
  };
  if (env['CHECK'] !== 'true') return { exitCode: await runProgram(toProgram(asked)) };
  const { runCheck } = await import('./check/run');
  return { exitCode: await runCheck({ ...asked, stderr: stdout, json: false }) };
}

async function readPipeSettings(env: Environment, signal: AbortSignal) {
  const [cwd, sshDirectory] = [process.cwd(), findSshDirectory(env['HOME'])];
  if (isPipelinesStep(env)) return await readSettings(env, { cwd, sshDirectory });
  // Outside Pipelines, `docker run` in a clone: the source is the clone's origin.
  const workstation = await readWorkstation(findCloneFolder(env) ?? cwd, { env, signal });
  const { origin, branch, isClone } = workstation;
  return await readSettings(
    { SOURCE_URL: origin, ...env },
    { cwd, sshDirectory, currentBranch: branch, isClone },
  );
}

void runEntry(runPipe, process, 'stdout');
