import type { FleetView } from './views';
import { conditions } from './views';

/** Prometheus's text format (https://prometheus.io/docs/instrumenting/exposition_formats/). `now` in milliseconds. */
export function toMetrics(
  { mirrors, repositories }: FleetView,
  counts: Readonly<Record<string, number>>,
  now: number,
): string {
  const label = (text: string) => JSON.stringify(text.replaceAll('\n', ' '));
  const verified = repositories.map(({ state }) => {
    const labels = `mirror=${label(state.mirror)},repository=${label(state.path)}`;
    return `codecommit_mirror_seconds_since_verified{${labels}} ${toAge(state.verifiedAt, now)}`;
  });
  const listed = mirrors.map(
    ({ name, state }) =>
      `codecommit_mirror_seconds_since_listed{mirror=${label(name)}} ${toAge(state?.listedAt, now)}`,
  );
  const states = conditions.map((each) => {
    const count = repositories.filter(({ condition }) => condition === each).length;
    return `codecommit_mirror_repositories{state=${label(each)}} ${count}`;
  });
  const failures = repositories.map(({ state }) => {
    const labels = `mirror=${label(state.mirror)},repository=${label(state.path)}`;
    return `codecommit_mirror_failures_in_a_row{${labels}} ${state.failures}`;
  });
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

/** Seconds; `+Inf` for never. */
function toAge(time: number | undefined, now: number): string {
  return time === undefined ? '+Inf' : ((now - time) / 1_000).toFixed(3);
}

function toFamily(name: string, help: string, lines: readonly string[]): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines];
}
