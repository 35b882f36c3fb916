import { setTimeout as wait } from 'node:timers/promises';
import { type ErrorCode, hasCode } from '../../errors';
import { collectFaults, SettingsError } from '../../faults';
import { toGitEnvironment } from '../../git/environment';
import { createGit } from '../../git/git';
import { readDestinations } from '../../pipe/destinations';
import { parseVariables } from '../../pipe/parseVariables';
import { remedies } from '../../pipe/remedies';
import type { Environment } from '../../pipe/variables';
import { probePush } from '../../push/probe';
import { openRemote } from '../../remote/remote';
import { withRemedy } from '../../report/remedies';
import type { Context } from '../../system/context';
import { openTemporaryFolder } from '../../system/temporaryFolder';
import { unproven } from '../errors';

/** IAM is eventually consistent: a new key or policy is effective after seconds, at worst after a minute. */
const patience = { seconds: 120, pauseSeconds: 3 };

/**
 * Lists the refs of the destination with these variables of the pipe and tests the permission to push, as a mirror does. Returns
 * the number of refs. Retries while a new key or policy may not be effective yet. Throws MirrorError, `setup-unproven`
 * after the last attempt.
 */
export async function prove(
  variables: Environment,
  context: Context,
  { seconds, pauseSeconds } = patience,
): Promise<number> {
  const started = performance.now();
  for (;;) {
    try {
      return await tryOnce(variables, context);
    } catch (error) {
      if (!hasCode(error, perhapsTooEarly)) throw error;
      const passed = Math.round((performance.now() - started) / 1000);
      if (passed + pauseSeconds > seconds) throw unproven(withRemedy(error, remedies), passed);
      context.log.progress(`Waiting for IAM to know the key everywhere: ${passed} s of ${seconds} s`);
      await wait(pauseSeconds * 1000, undefined, { signal: context.signal });
    }
  }
}

const perhapsTooEarly: readonly ErrorCode[] = [
  'permission-denied',
  'destination-not-found',
  'destination-failed',
  'connection-dropped',
];

async function tryOnce(env: Environment, context: Context): Promise<number> {
  const faults = collectFaults();
  const [found] = await readDestinations(env, parseVariables(env).values, faults);
  if (found === undefined) throw new SettingsError(faults.faults);
  await using folder = await openTemporaryFolder(context);
  const { path: directory } = folder;
  const git = createGit({ directory, env: toGitEnvironment(context.env), signal: context.signal });
  await git.read(['init', '--quiet', '--bare']);
  await using destination = await openRemote(found.remote, 'destination', { directory, context });
  const { refs } = await destination.refs();
  await probePush(destination);
  return refs.size;
}
