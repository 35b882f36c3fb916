import { setTimeout as wait } from 'node:timers/promises';
import { MirrorError } from '../../errors';
import { collectFaults, SettingsError } from '../../faults';
import { toGitEnvironment } from '../../git/environment';
import { createGit } from '../../git/git';
import { readDestinations } from '../../pipe/destinations';
import { parseVariables } from '../../pipe/parseVariables';
import { remedies } from '../../pipe/remedies';
import { probePush } from '../../push/probe';
import { openRemote } from '../../remote/remote';
import { withRemedy } from '../../report/remedies';
import type { Context } from '../../system/context';
import { openTemporaryFolder } from '../../system/temporaryFolder';
import { unproven } from '../errors';

/** The pipe's variables for which setup has values. */
export interface ProofVariables {
  readonly CODECOMMIT_URL: string;
  readonly CODECOMMIT_ENDPOINT?: string;
  readonly SSH_KEY_ID: string;
  readonly SSH_KEY: string;
  readonly KNOWN_HOSTS: string;
}

/** IAM is eventually consistent: a new key or policy is effective after seconds, at worst after a minute. */
export const patience = { seconds: 120, pauseSeconds: 3 };

/**
 * Lists the refs of the destination with these variables and tests the permission to push, as a mirror does. Returns
 * the number of refs. Retries while a new key or policy may not be effective yet. Throws MirrorError, `setup-unproven`
 * after the last attempt.
 */
export async function prove(
  variables: ProofVariables,
  context: Context,
  { seconds, pauseSeconds }: { seconds: number; pauseSeconds: number },
): Promise<number> {
  const started = performance.now();
  for (;;) {
    try {
      return await tryOnce(variables, context);
    } catch (error) {
      if (!isPerhapsTooEarly(error)) throw error;
      const passed = Math.round((performance.now() - started) / 1000);
      if (passed + pauseSeconds > seconds) throw unproven(withRemedy(error, remedies), passed);
      context.log.progress(`Waiting for IAM to know the key everywhere: ${passed} s of ${seconds} s`);
      await wait(pauseSeconds * 1000, undefined, { signal: context.signal });
    }
  }
}

function isPerhapsTooEarly(error: unknown): error is MirrorError {
  return (
    error instanceof MirrorError &&
    ['permission-denied', 'destination-not-found', 'destination-failed', 'connection-dropped'].includes(
      error.code,
    )
  );
}

async function tryOnce(variables: ProofVariables, context: Context): Promise<number> {
  const env = { ...variables };
  const faults = collectFaults();
  const [found] = await readDestinations(env, parseVariables(env).values, faults);
  if (found === undefined) throw new SettingsError(faults.faults);
  await using folder = await openTemporaryFolder(context);
  const git = createGit({
    directory: folder.path,
    env: toGitEnvironment(context.env),
    signal: context.signal,
  });
  await git.read(['init', '--quiet', '--bare']);
  await using destination = await openRemote(found.remote, 'destination', {
    directory: folder.path,
    context,
  });
  const { refs } = await destination.refs();
  await probePush(destination);
  return refs.size;
}
