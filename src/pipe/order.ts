import type { Order, Program } from '../program/runMirror';
import { remedies } from './remedies';
import { findSecrets } from './secrets';
import { type Settings, toJobs } from './settings';

/** What an entry provides, whatever it does with the settings. */
export interface Asked extends Omit<Program, 'readOrder' | 'secrets'> {
  /** Throws SettingsError with every fault. */
  readonly readSettings: () => Promise<Settings>;
}

/** The mirror that the variables describe, as a program. */
export function toProgram({ readSettings, ...rest }: Asked): Program {
  const readOrder = async () => toOrder(await readSettings());
  return { ...rest, readOrder, remedies, secrets: findSecrets(rest.env) };
}

function toOrder(settings: Settings): Order {
  const { insights, selection, source, clone, reportFile, timeoutMilliseconds, secrets } = settings;
  const destinations = settings.destinations.map(({ destination }) => destination);
  const what = selection.refs === 'all' ? 'all branches and tags' : selection.ref;
  return {
    toJobs: () => toJobs(settings),
    title: `${what} of ${source?.url ?? clone} → ${destinations.map(({ name }) => name).join(', ')}`,
    source: source?.url,
    destinations,
    clone,
    reportFile,
    insights,
    timeoutMilliseconds,
    secrets,
  };
}
