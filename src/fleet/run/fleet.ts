import { setMaxListeners } from 'node:events';
import type { Context } from '../../system/context';
import type { FleetConfiguration, MirrorConfiguration } from '../configuration/configuration';
import { type Clock, createLimiters, systemClock } from '../hosts/api/limiter';
import type { HostContext } from '../hosts/api/settings';
import type { Host } from '../hosts/host';
import { openHost } from '../hosts/open';
import type { AwsSecretReader } from '../secrets/resolve';
import type { FleetStore } from '../state/store';
import { toHostSettings } from './hostSettings';

/** What every command of a fleet works with. */
export interface Fleet {
  readonly configuration: FleetConfiguration;
  readonly store: FleetStore;
  readonly context: Context;
  /** Throws RangeError for a name that mirrors.yaml does not have. */
  mirrorNamed(name: string): MirrorConfiguration;
  /** The two hosts of a mirror, opened once: their limits hold for all that is asked of them. */
  hostsOf(mirror: Pick<MirrorConfiguration, 'name'>): Hosts;
  /** What a repository of this mirror keeps busy, for the limits of a host. */
  hostKeysOf(mirror: string): readonly string[];
}

export interface Hosts {
  readonly source: Host;
  readonly destination: Host;
}

/** Opens a fleet. Nothing is asked of a host yet. */
export async function openFleet(
  configuration: FleetConfiguration,
  store: FleetStore,
  context: Context,
  aws: AwsSecretReader,
  clock: Clock = systemClock,
): Promise<Fleet> {
  const { env, signal, log } = context;
  // Every repository of a run waits for the same stop.
  setMaxListeners(0, signal);
  const limiters = createLimiters(configuration.concurrencyPerHost);
  const hostContext: HostContext = {
    env,
    signal,
    clock,
    limiters,
    onWait: (host, milliseconds, said) =>
      log.warn(`${host} asks to wait for ${Math.ceil(milliseconds / 1_000)} s: ${said}`),
  };
  const secrets = { env, aws, conceal: log.conceal };
  const opened = new Map<string, Hosts>();
  for (const { name, from, to } of configuration.mirrors) {
    const source = await openHost(toHostSettings(from, secrets), hostContext);
    const destination = await openHost(toHostSettings(to, secrets), hostContext);
    opened.set(name, { source, destination });
  }
  const mirrors = new Map(configuration.mirrors.map((mirror) => [mirror.name, mirror]));
  function mirrorNamed(name: string): MirrorConfiguration {
    const mirror = mirrors.get(name);
    if (mirror === undefined) throw new RangeError(`no mirror is named ${JSON.stringify(name)}`);
    return mirror;
  }
  function hostsOf({ name }: Pick<MirrorConfiguration, 'name'>): Hosts {
    const hosts = opened.get(name);
    if (hosts === undefined) throw new RangeError(`no mirror is named ${JSON.stringify(name)}`);
    return hosts;
  }
  function hostKeysOf(name: string): readonly string[] {
    const { source, destination } = hostsOf(mirrorNamed(name));
    return [source.authority, destination.authority];
  }
  return { configuration, store, context, mirrorNamed, hostsOf, hostKeysOf };
}
