import type { Order, Program } from '../program/runMirror';
import { remedies } from './remedies';
import { findSecrets } from './secrets';
import { type Settings, toJob } from './settings';

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
  const { insights, selection, source, destination, clone, reportFile, timeoutMilliseconds, secrets } =
    settings;
  const what = selection.refs === 'all' ? 'all branches and tags' : selection.ref;
  return {
    toJob: () => toJob(settings),
    title: `${what} of ${source?.url ?? clone} → ${destination.name}`,
    source: source?.url,
    destination: destination.url,
    clone,
    reportFile,
    insights,
    timeoutMilliseconds,
    secrets,
  };
}
