import { expect, test } from 'vitest';
import { toMetrics } from '../../../src/fleet/service/metrics';
import { toCondition } from '../../../src/fleet/service/views';
import { type RepositoryState, toNewState } from '../../../src/fleet/state/repositoryState';

const view = (...states: readonly RepositoryState[]) => ({
  mirrors: [],
  isStopped: false,
  repositories: states.map((state) => ({
    state,
    condition: toCondition(state, undefined),
    lastRun: undefined,
  })),
});
const known = (id: number, path: string, more: Partial<RepositoryState>): RepositoryState => ({
  ...toNewState('acme', `github.com#${id}`, path),
  ...more,
});

test('the age of a mirror is told for what is to be mirrored alone, once for each', () => {
  const metrics = toMetrics(
    view(
      known(1, 'acme/app', { state: 'gone', verifiedAt: 0 }),
      // Made again under the old name.
      known(2, 'acme/app', { state: 'equal', verifiedAt: 5_000 }),
      known(3, 'acme/old', { state: 'frozen', verifiedAt: 0 }),
      known(4, 'acme/empty', { state: 'empty' }),
      known(5, 'acme/emptied', { state: 'empty', verifiedAt: 0 }),
      known(6, 'acme/new', { state: 'failing', failures: 3 }),
    ),
    {},
    10_000,
  );
  const ages = metrics
    .split('\n')
    .filter((line) => line.startsWith('codecommit_mirror_seconds_since_verified'));
  expect(ages).toEqual([
    'codecommit_mirror_seconds_since_verified{mirror="acme",repository="acme/app",id="github.com#2"} 5.000',
    'codecommit_mirror_seconds_since_verified{mirror="acme",repository="acme/emptied",id="github.com#5"} 10.000',
    'codecommit_mirror_seconds_since_verified{mirror="acme",repository="acme/new",id="github.com#6"} +Inf',
  ]);
  expect(metrics).toContain(
    'codecommit_mirror_failures_in_a_row{mirror="acme",repository="acme/new",id="github.com#6"} 3',
  );
  expect(metrics).toContain('codecommit_mirror_repositories{state="source gone"} 1');
});
