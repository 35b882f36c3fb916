import { expect, test } from 'vitest';
import { toFetchInputs } from '../../src/git/fetch';

/** So many branches, each at a commit of its own. */
function toRefs(count: number): Map<string, string> {
  return new Map(
    Array.from({ length: count }, (_, index) => [`refs/heads/b${index}`, String(index).padStart(40, '0')]),
  );
}

test.each([
  [0, false, []],
  [200, false, [200]],
  [450, false, [200, 200, 50]],
  [200, true, [200]],
])('%i refs (all wanted: %s) are fetched by name', (count, wantsAll, lengths) => {
  const inputs = toFetchInputs(toRefs(count), wantsAll);
  expect(inputs.map((input) => input.split('\n').length - 1)).toEqual(lengths);
  expect(inputs.join('')).toBe([...toRefs(count).keys()].map((ref) => `${ref}\n`).join(''));
});

test('many refs are fetched by a pattern only where every branch and tag is wanted', () => {
  expect(toFetchInputs(toRefs(201), true)).toEqual(['+refs/heads/*:refs/fetched/heads/*\n']);
});

test('refs at one commit are fetched once', () => {
  const refs = new Map(['refs/heads/a', 'refs/tags/b'].map((ref) => [ref, '1'.repeat(40)]));
  expect(toFetchInputs(refs, false)).toEqual(['refs/tags/b\n']);
});
