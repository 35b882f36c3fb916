import type { RepositoryState } from '../state/repositoryState';
import { conditions, type FleetView } from './views';

/** Prometheus's text format (https://prometheus.io/docs/instrumenting/exposition_formats/). `now` in milliseconds. */
export function toMetrics(
  { mirrors, repositories }: FleetView,
  counts: Readonly<Record<string, number>>,
  now: number,
): string {
  const label = (text: string) => JSON.stringify(text.replaceAll('\n', ' '));
  // By the ID too: a repository that was deleted and made again has the name of the one before.
  const toLabels = ({ mirror, path, identity }: RepositoryState) =>
    `mirror=${label(mirror)},repository=${label(path)},id=${label(identity)}`;
  const followed = repositories.filter(({ state }) => isFollowed(state));
  const verified = followed.map(
    ({ state }) =>
      `codecommit_mirror_seconds_since_verified{${toLabels(state)}} ${toAge(state.verifiedAt, now)}`,
  );
  const listed = mirrors.map(
    ({ name, state }) =>
      `codecommit_mirror_seconds_since_listed{mirror=${label(name)}} ${toAge(state?.listedAt, now)}`,
  );
  const states = conditions.map((each) => {
    const count = repositories.filter(({ condition }) => condition === each).length;
    return `codecommit_mirror_repositories{state=${label(each)}} ${count}`;
  });
  const failures = followed.map(
    ({ state }) => `codecommit_mirror_failures_in_a_row{${toLabels(state)}} ${state.failures}`,
  );
  const queue = Object.entries(counts).map(
    ([lane, count]) => `codecommit_mirror_queue{lane=${label(lane)}} ${count}`,
  );
  return [
    ...toFamily('codecommit_mirror_repositories', 'Repositories by state.', states),
    ...toFamily(
      'codecommit_mirror_seconds_since_verified',
      'Seconds since both sides were seen equal.',
      verified,
    ),
    ...toFamily(
      'codecommit_mirror_seconds_since_listed',
      'Seconds since the source was last listed whole.',
      listed,
    ),
    ...toFamily('codecommit_mirror_failures_in_a_row', 'Runs that failed, one after the other.', failures),
    ...toFamily('codecommit_mirror_queue', 'Repositories that wait in each lane, or run.', queue),
    '',
  ].join('\n');
}

/** Whether somebody waits for it: not for one that is gone, frozen, or was always empty. */
function isFollowed({ state, verifiedAt }: RepositoryState): boolean {
  if (state === 'gone' || state === 'frozen') return false;
  return state !== 'empty' || verifiedAt !== undefined;
}

/** Seconds; `+Inf` for never. */
function toAge(time: number | undefined, now: number): string {
  return time === undefined ? '+Inf' : ((now - time) / 1_000).toFixed(3);
}

function toFamily(name: string, help: string, lines: readonly string[]): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines];
}
