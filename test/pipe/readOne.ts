import { type ReadOptions, readSettings } from '../../src/pipe/settings';
import type { Environment } from '../../src/pipe/variables';

/** The settings of a run with one destination, and what is its own. */
export async function readOne(env: Environment, options: ReadOptions) {
  const settings = await readSettings(env, options);
  const [only, ...more] = settings.destinations;
  if (only === undefined || more.length > 0)
    throw new Error(`${settings.destinations.length} destinations in place of one`);
  return { ...settings, ...only };
}
