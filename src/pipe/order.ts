import type { Order, Program } from '../program/runMirror';
import { findSecrets } from './secrets';
import { type Settings, toJob } from './settings';

/** What an entry of this room has, whatever it is asked to do with the settings. */
export interface Asked extends Omit<Program, 'readOrder' | 'secrets'> {
  /** Throws SettingsError with every fault. */
  readonly readSettings: () => Promise<Settings>;
}

/** A mirror as the variables ask for it, as a program. */
export function toProgram({ readSettings, ...rest }: Asked): Program {
  const readOrder = async () => toOrder(await readSettings());
  return { ...rest, readOrder, secrets: findSecrets(rest.env) };
}

function toOrder(settings: Settings): Order {
  const { selection, source, destination, clone, reportFile, timeoutMilliseconds, secrets } = settings;
  const what = selection.refs === 'all' ? 'all branches and tags' : selection.ref;
  return {
    toJob: () => toJob(settings),
    title: `${what} of ${source?.url ?? clone} → ${destination.name}`,
    source: source?.url,
    destination: destination.url,
    clone,
    reportFile,
    timeoutMilliseconds,
    secrets,
  };
}
