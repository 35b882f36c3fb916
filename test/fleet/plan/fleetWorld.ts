import { parseConfiguration } from '../../../src/fleet/configuration/configuration';
import type { HostRepository } from '../../../src/fleet/hosts/repository';
import type { MirrorWorld } from '../../../src/fleet/plan/decision';
import { type RepositoryState, toNewState } from '../../../src/fleet/state/repositoryState';

/** A repository of GitHub's acme, `github.com#<id>`, unless something else is said. */
export function repository(id: number, name: string, more: Partial<HostRepository> = {}): HostRepository {
  return {
    identity: `github.com#${id}`,
    owner: 'acme',
    name,
    url: `https://github.com/acme/${name}.git`,
    description: '',
    isPrivate: true,
    isArchived: false,
    isFork: false,
    isBeingDeleted: false,
    changedAt: undefined,
    bytes: undefined,
    ...more,
  };
}

/** A repository at the destination, `codecommit#<id>`. */
export function atDestination(id: number, name: string, description = ''): HostRepository {
  return repository(id, name, { identity: `codecommit#${id}`, owner: '', description });
}

/** The state of `github.com#<id>`. */
export function known(id: number, path: string, more: Partial<RepositoryState> = {}): RepositoryState {
  return { ...toNewState('one', `github.com#${id}`, path), ...more };
}

const usual = {
  from: 'host: github, owner: acme, token: $T',
  to: 'host: codecommit, region: eu-west-1',
};

/** The mirror `name`, with the keys of its source and destination in YAML's flow style. */
export function mirrorOf({ name = 'one', from = '', to = '', base = usual } = {}) {
  const text = `mirrors: [{ name: ${name}, from: { ${base.from}${from} }, to: { ${base.to}${to} } }]`;
  const [mirror] = parseConfiguration(text, 'mirrors.yaml').mirrors;
  if (mirror === undefined) throw new Error('no mirror');
  return mirror;
}

interface WorldOptions {
  readonly mirror?: MirrorWorld['mirror'];
  readonly source?: readonly HostRepository[];
  readonly isWhole?: boolean;
  readonly destination?: readonly HostRepository[];
  readonly isDestinationWhole?: boolean;
  readonly known?: readonly RepositoryState[];
  readonly lookedUp?: readonly [string, HostRepository | 'gone'][];
  readonly isEmpty?: readonly [string, boolean][];
  readonly quota?: MirrorWorld['quota'];
}

export function world(options: WorldOptions = {}): MirrorWorld {
  return {
    mirror: options.mirror ?? mirrorOf(),
    source: { repositories: options.source ?? [], isWhole: options.isWhole ?? true },
    destination: { repositories: options.destination ?? [], isWhole: options.isDestinationWhole ?? true },
    known: options.known ?? [],
    lookedUp: new Map(options.lookedUp),
    isEmpty: new Map(options.isEmpty),
    quota: options.quota,
  };
}
