import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Look, type Plan, planMirror, planRefusal, toPushes } from '../../src/plan/plan';
import { type RefMap, type Selection, selectRefs } from '../../src/plan/refs';

const all: Selection = { refs: 'all', include: [], exclude: [] };
const policy = { force: false, prune: false, pruneLimit: 10 };
const [a, b, c] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];

/** Refs in the order of their names. */
function toRefs(entries: readonly (readonly [string, string])[]): RefMap {
  return new Map([...new Map(entries)].sort(([one], [two]) => (one < two ? -1 : 1)));
}

function look(source: Record<string, string>, destination: Record<string, string>): Look {
  const refs = (map: Record<string, string>) =>
    toRefs(Object.entries(map).map(([name, oid]) => [`refs/${name}`, oid]));
  return { source: refs(source), destination: refs(destination), defaultBranch: 'refs/heads/main' };
}

function actions(plan: Plan): Record<string, string> {
  return Object.fromEntries(
    plan.updates
      .filter(({ action }) => action !== 'none')
      .map((update) => [
        update.ref.replace('refs/', ''),
        update.action === 'keep' ? `keep: ${update.because}` : update.action,
      ]),
  );
}

describe('planMirror', () => {
  const moved = look({ 'heads/main': b, 'tags/v1': b }, { 'heads/main': a, 'tags/v1': a });
  const shrunk = look({ 'heads/other': a }, { 'heads/main': a, 'heads/old': a, 'heads/other': a });
  it.each([
    [
      'creates what is missing',
      look({ 'heads/main': a, 'tags/v1': b }, {}),
      [],
      policy,
      { 'heads/main': 'create', 'tags/v1': 'create' },
    ],
    ['says nothing of what is equal', look({ 'heads/main': a }, { 'heads/main': a }), [], policy, {}],
    [
      'fast-forwards a branch',
      look({ 'heads/main': b }, { 'heads/main': a }),
      ['heads/main'],
      policy,
      { 'heads/main': 'fast-forward' },
    ],
    [
      'keeps what diverged',
      moved,
      [],
      policy,
      { 'heads/main': 'keep: diverged', 'tags/v1': 'keep: diverged' },
    ],
    [
      'forces it when asked',
      moved,
      [],
      { ...policy, force: true },
      { 'heads/main': 'force', 'tags/v1': 'force' },
    ],
    [
      'never takes a moved tag for a fast-forward',
      moved,
      ['tags/v1'],
      policy,
      { 'heads/main': 'keep: diverged', 'tags/v1': 'keep: diverged' },
    ],
    [
      'keeps what only the destination has',
      shrunk,
      [],
      policy,
      { 'heads/main': 'keep: not-pruned', 'heads/old': 'keep: not-pruned' },
    ],
    [
      'prunes when asked, but not the default branch',
      shrunk,
      [],
      { ...policy, prune: true },
      { 'heads/main': 'keep: default-branch', 'heads/old': 'delete' },
    ],
    [
      'leaves other namespaces alone',
      look({ 'heads/main': a, 'pull/1/head': b }, { 'notes/x': c }),
      [],
      { ...policy, prune: true },
      { 'heads/main': 'create' },
    ],
  ])('%s', (_title, seen, fastForwards, asked, expected) => {
    const names = new Set(fastForwards.map((name) => `refs/${name}`));
    expect(actions(planMirror(seen, all, names, asked))).toEqual(expected);
  });

  it('holds each update to the value that was seen', () => {
    const plan = planMirror(moved, all, new Set(['refs/heads/main']), { ...policy, force: true });
    expect([...plan.updates]).toEqual([
      { action: 'fast-forward', ref: 'refs/heads/main', old: a, new: b },
      { action: 'force', ref: 'refs/tags/v1', old: a, new: b },
    ]);
  });

  it('speaks of the one ref alone when the selection is current', () => {
    const plan = planMirror(moved, { refs: 'current', ref: 'refs/heads/main' }, new Set(), {
      ...policy,
      force: true,
    });
    expect(actions(plan)).toEqual({ 'heads/main': 'force' });
  });
});

describe('planRefusal', () => {
  const four = look(
    { 'heads/x': a },
    { 'heads/main': a, 'heads/1': a, 'heads/2': a, 'heads/3': a, 'heads/x': a },
  );
  const prune = { ...policy, prune: true };
  it.each([
    ['an empty source', look({}, { 'heads/main': a }), all, prune, 'source-empty'],
    ['patterns that match nothing', four, { ...all, include: ['typo/*'] }, prune, 'nothing-selected'],
    ['more deletions than the limit', four, all, { ...prune, pruneLimit: 2 }, 'prune-limit'],
    ['as many deletions as the limit', four, all, { ...prune, pruneLimit: 3 }, undefined],
    ['deletions that the policy does not want', four, all, { ...policy, pruneLimit: 0 }, undefined],
    [
      'a current ref that is gone',
      four,
      { refs: 'current' as const, ref: 'refs/heads/gone' },
      policy,
      undefined,
    ],
  ])('%s', (_title, seen, selection, asked, expected) => {
    expect(planRefusal(seen, selection, asked)?.because).toBe(expected);
  });
});

describe('any two ref maps under any policy', () => {
  const name = fc.constantFrom(
    'heads/main',
    'heads/a',
    'heads/a/b',
    'heads/release/1',
    'tags/v1',
    'tags/a',
    'notes/n',
    'pull/1/head',
  );
  const refs = fc
    .array(fc.tuple(name, fc.constantFrom(a, b, c)))
    .map((entries) => toRefs(entries.map(([ref, oid]) => [`refs/${ref}`, oid])));
  const pattern = fc.constantFrom('*', 'a*', 'release/*', 'refs/tags/*', 'refs/heads/?', 'main');
  const selections: fc.Arbitrary<Selection> = fc.oneof(
    fc.record({
      refs: fc.constant('all' as const),
      include: fc.array(pattern, { maxLength: 2 }),
      exclude: fc.array(pattern, { maxLength: 2 }),
    }),
    fc.record({ refs: fc.constant('current' as const), ref: name.map((ref) => `refs/${ref}`) }),
  );
  const policies = fc.record({ force: fc.boolean(), prune: fc.boolean(), pruneLimit: fc.nat(4) });
  const fastForwards = fc.array(name).map((names) => new Set(names.map((ref) => `refs/${ref}`)));

  /** What a server that obeys makes of the plan. */
  function apply(plan: Plan, before: RefMap): RefMap {
    const after = new Map(before);
    for (const push of toPushes(plan)) {
      expect(after.get(push.ref)).toBe(push.old);
      if (push.new === undefined) after.delete(push.ref);
      else after.set(push.ref, push.new);
    }
    return toRefs([...after]);
  }

  it('end as promised, and nothing outside the policy changes', () => {
    fc.assert(
      fc.property(
        refs,
        refs,
        selections,
        policies,
        fastForwards,
        (source, destination, selection, asked, ff) => {
          const seen = { source, destination, defaultBranch: 'refs/heads/main' };
          const plan = planMirror(seen, selection, ff, asked);
          const after = apply(plan, destination);
          const wanted = new Map(selectRefs(source, selection));
          const ruled = new Map(selectRefs(toRefs([...source, ...destination]), selection));
          for (const [ref, oid] of destination) {
            if (!ruled.has(ref)) expect(after.get(ref)).toBe(oid);
            if (!wanted.has(ref) && (!asked.prune || ref === 'refs/heads/main'))
              expect(after.get(ref)).toBe(oid);
          }
          for (const ref of after.keys()) expect(destination.has(ref) || wanted.has(ref)).toBe(true);
          for (const [ref, oid] of wanted) {
            const isRewrite =
              destination.has(ref) &&
              destination.get(ref) !== oid &&
              !(ff.has(ref) && ref.startsWith('refs/heads/'));
            expect(after.get(ref)).toBe(isRewrite && !asked.force ? destination.get(ref) : oid);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('are equal after a second run with nothing to do', () => {
    fc.assert(
      fc.property(refs, refs, selections, policies, (source, destination, selection, asked) => {
        const once = planMirror(
          { source, destination, defaultBranch: undefined },
          selection,
          new Set(),
          asked,
        );
        const after = apply(once, destination);
        const twice = planMirror(
          { source, destination: after, defaultBranch: undefined },
          selection,
          new Set(),
          asked,
        );
        expect([...toPushes(twice)]).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
