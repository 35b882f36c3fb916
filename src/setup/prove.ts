import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from '../context';
import { openDestination } from '../destination/destination';
import { MirrorError } from '../errors';
import { toGitEnvironment } from '../git/environment';
import { createGit } from '../git/git';
import { readDestination } from '../settings/destinationSettings';
import { collectFaults, SettingsError } from '../settings/faults';
import { parseVariables } from '../settings/variables';
import { openTemporaryFolder } from '../temporaryFolder';
import { unproven } from './errors';

/** The variables of the pipe that setup has made values for. */
export interface ProofVariables {
  readonly CODECOMMIT_URL: string;
  readonly CODECOMMIT_ENDPOINT?: string;
  readonly SSH_KEY_ID: string;
  readonly SSH_KEY: string;
  readonly KNOWN_HOSTS: string;
}

/** IAM is eventually consistent: a new key or policy is known everywhere after seconds, on a bad day after a minute. */
export const patience = { seconds: 120, pauseSeconds: 3 };

/**
 * Lists the refs over there, with these variables and as a mirror would; gives how many there are. Tries again
 * while the key or the right to use it is not known yet. Throws MirrorError, `setup-unproven` when it stays so.
 */
export async function prove(
  variables: ProofVariables,
  context: Context,
  { seconds, pauseSeconds }: { seconds: number; pauseSeconds: number },
): Promise<number> {
  const started = Date.now();
  for (;;) {
    try {
      return await listOnce(variables, context);
    } catch (error) {
      if (!isPerhapsTooEarly(error)) throw error;
      const passed = Math.round((Date.now() - started) / 1000);
      if (passed + pauseSeconds > seconds) throw unproven(error, passed);
      context.log.info(
        `Not yet: ${error.message} IAM takes a few seconds to know a new key; trying again in ${pauseSeconds} s.`,
      );
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

async function listOnce(variables: ProofVariables, context: Context): Promise<number> {
  const env = { ...variables };
  const faults = collectFaults();
  const settings = await readDestination(env, parseVariables(env).values, faults);
  if (settings === undefined) throw new SettingsError(faults.faults);
  await using folder = await openTemporaryFolder(context);
  const git = createGit({
    directory: folder.path,
    env: toGitEnvironment(context.env),
    signal: context.signal,
  });
  await using destination = await openDestination(settings, { git, directory: undefined, context });
  return (await destination.refs()).refs.size;
}
