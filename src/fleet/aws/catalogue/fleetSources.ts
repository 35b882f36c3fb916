import type { FleetConfiguration } from '../../configuration/configuration';
import { toNameFilter } from '../../configuration/patterns';
import { toIdentity } from '../../hosts/host';
import { toRules } from '../../plan/fleetMirror';
import type { EventSources } from './catalogue';

/** The repositories of CodeCommit that a mirrors.yaml names, as their events tell of them. */
export function toFleetSources({ mirrors }: FleetConfiguration): EventSources {
  const sources = mirrors.flatMap((mirror) => {
    const { from, name } = mirror;
    return from.host === 'codecommit'
      ? [{ name, region: from.region, leaveOut: toNameFilter(toRules(mirror)) }]
      : [];
  });
  return {
    findByRepository: ({ region, name: path, id }) =>
      sources
        .filter(
          (source) => source.region === region && source.leaveOut({ owner: '', name: path }) === undefined,
        )
        .map(({ name }) => ({
          mirror: name,
          identity: toIdentity(`codecommit.${region}`, id),
          path,
        })),
  };
}
