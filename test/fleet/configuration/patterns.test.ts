import { expect, test } from 'vitest';
import { toNameFilter } from '../../../src/fleet/configuration/patterns';

const repositories = [
  { owner: 'acme', name: 'svc-pay' },
  { owner: 'acme/old', name: 'svc-pay' },
  { owner: 'acme', name: 'svc-old-pay' },
  { owner: 'acme', name: 'Svc-big' },
  { owner: '', name: 'svc' },
];

test.each([
  [{ exclude: [] }, ['acme/svc-pay', 'acme/old/svc-pay', 'acme/svc-old-pay', 'acme/Svc-big', 'svc']],
  [{ match: '^svc-', exclude: [] }, ['acme/svc-pay', 'acme/old/svc-pay', 'acme/svc-old-pay']],
  [{ match: '^svc-', exclude: ['svc-old-*'] }, ['acme/svc-pay', 'acme/old/svc-pay']],
  // With a slash: the whole path.
  [{ match: '^acme/[^/]+$', exclude: [] }, ['acme/svc-pay', 'acme/svc-old-pay', 'acme/Svc-big']],
  [{ exclude: ['acme/svc-*'] }, ['acme/old/svc-pay', 'acme/Svc-big', 'svc']],
  // Between slashes: a regular expression, held against the name.
  [{ exclude: ['/pay$/'] }, ['acme/Svc-big', 'svc']],
  [{ exclude: ['/old/pay$/', '/^acme/old//'] }, ['acme/svc-pay', 'acme/svc-old-pay', 'acme/Svc-big', 'svc']],
  // A pattern is held against all of the name, an expression against any part of it.
  [{ exclude: ['svc'] }, ['acme/svc-pay', 'acme/old/svc-pay', 'acme/svc-old-pay', 'acme/Svc-big']],
])('%j leaves %j', (rules, expected) => {
  const leaveOut = toNameFilter(rules);
  const left = repositories.filter((each) => leaveOut(each) === undefined);
  expect(left.map(({ owner, name }) => (owner === '' ? name : `${owner}/${name}`))).toEqual(expected);
});

test('what leaves a repository out is told', () => {
  const leaveOut = toNameFilter({ match: '^svc', exclude: ['*-old', '/-test$/'] });
  expect(leaveOut({ owner: 'acme', name: 'lib' })).toEqual({ rule: 'match', pattern: '^svc' });
  expect(leaveOut({ owner: 'acme', name: 'svc-test' })).toEqual({ rule: 'exclude', pattern: '/-test$/' });
});
