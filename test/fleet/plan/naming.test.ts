import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { assignNames, type NameRequest } from '../../../src/fleet/plan/assignNames';
import { parseMarker, toMarker } from '../../../src/fleet/plan/marker';
import {
  type DestinationKind,
  fillTemplate,
  findNameFault,
  toNameFields,
  toNameKey,
  toTaggedName,
} from '../../../src/fleet/plan/naming';

const kinds: readonly DestinationKind[] = [
  'codecommit',
  'github',
  'gitlab',
  'bitbucket',
  'bitbucket-datacenter',
];

describe('a template', () => {
  const flat = toNameFields({ owner: 'acme', name: 'app' }, 'acme');
  const nested = toNameFields({ owner: 'acme/platform/web', name: 'app' }, 'Acme/Platform');
  const ownerless = toNameFields({ owner: '', name: 'app' }, undefined);
  const listed = toNameFields({ owner: 'acme/web', name: 'app' }, undefined);

  test.each([
    ['{slug}', 'app', 'web.app', 'app', 'web.app'],
    ['{name}', 'app', 'app', 'app', 'app'],
    ['{owner}-{name}', 'acme-app', 'Acme.Platform-app', 'app', 'acme-app'],
    ['{group}-{name}', 'app', 'web-app', 'app', 'web-app'],
    ['{name}--{group}', 'app', 'app--web', 'app', 'app--web'],
    ['x-{group}_{owner}.{name}', 'x-acme.app', 'x-web_Acme.Platform.app', 'x-app', 'x-web_acme.app'],
    [
      'mirror-{slug}-of-{owner}',
      'mirror-app-of-acme',
      'mirror-web.app-of-Acme.Platform',
      'mirror-app-of',
      'mirror-web.app-of-acme',
    ],
  ])('%s', (template, ...expected) => {
    expect([flat, nested, ownerless, listed].map((fields) => fillTemplate(template, fields))).toEqual(
      expected,
    );
  });

  it('takes all groups of a repository that is not below the owner', () => {
    expect(toNameFields({ owner: 'other/web', name: 'app' }, 'acme').slug).toBe('other.web.app');
  });
});

describe('the names of each host', () => {
  test.each<[string, DestinationKind[]]>([
    ['app', [...kinds]],
    ['a.b_c-d9', [...kinds]],
    ['App', ['codecommit', 'github', 'gitlab']],
    ['.github', ['codecommit', 'github', 'bitbucket']],
    ['_app', ['codecommit', 'github', 'bitbucket']],
    ['-app', ['codecommit', 'github']],
    ['app-', ['codecommit', 'github', 'bitbucket-datacenter']],
    ['a--b', ['codecommit', 'github', 'bitbucket-datacenter']],
    ['a._b', ['codecommit', 'github', 'bitbucket', 'bitbucket-datacenter']],
    ['app.git', []],
    ['app.wiki', ['codecommit', 'gitlab', 'bitbucket', 'bitbucket-datacenter']],
    ['app.atom', ['codecommit', 'github', 'bitbucket', 'bitbucket-datacenter']],
    ['refs', ['codecommit', 'github', 'bitbucket', 'bitbucket-datacenter']],
    ['', []],
    ['.', []],
    ['..', []],
    ['a b', []],
    ['äpp', []],
    ['a/b', []],
    ['a\n', []],
    ['a'.repeat(62), [...kinds]],
    ['a'.repeat(63), ['codecommit', 'github', 'gitlab', 'bitbucket-datacenter']],
    ['a'.repeat(100), ['codecommit', 'github', 'gitlab', 'bitbucket-datacenter']],
    ['a'.repeat(101), ['gitlab', 'bitbucket-datacenter']],
    ['a'.repeat(128), ['gitlab', 'bitbucket-datacenter']],
    ['a'.repeat(129), ['gitlab']],
    ['a'.repeat(256), []],
  ])('%j', (name, expected) => {
    expect(kinds.filter((kind) => findNameFault(kind, name) === undefined)).toEqual(expected);
  });

  it('can have an ending, however long the name', () => {
    for (const kind of kinds)
      for (const name of ['app', 'a'.repeat(300), `${'a'.repeat(52)}-${'b'.repeat(300)}`, 'a-'.repeat(150)]) {
        const tagged = toTaggedName(kind, name, 'github.com#1');
        expect(findNameFault(kind, tagged)).toBeUndefined();
        expect(tagged).toMatch(/-[0-9a-f]{8}$/);
      }
  });
});

describe('assigned names', () => {
  const request = (identity: string, wanted: string, more: Partial<NameRequest> = {}): NameRequest => ({
    identity,
    wanted,
    kind: 'codecommit',
    place: 'here',
    isChosen: false,
    ...more,
  });

  const assign = (requests: readonly NameRequest[], taken: Record<string, string> = {}) => [
    ...assignNames(requests, new Map([['here', new Map(Object.entries(taken))]])).values(),
  ];

  const tagged = (name: string, identity: string) => ({
    name: toTaggedName('codecommit', name, identity),
  });

  it('are those of the template', () => {
    expect(assign([request('h#1', 'a'), request('h#2', 'B')])).toEqual([{ name: 'a' }, { name: 'B' }]);
  });

  it('get an ending, all of them, when they differ in case alone', () => {
    expect(assign([request('h#1', 'app'), request('h#2', 'App')])).toEqual([
      tagged('app', 'h#1'),
      tagged('App', 'h#2'),
    ]);
  });

  it('get an ending when the name belongs to another repository, and none when it is their own', () => {
    expect(assign([request('h#2', 'App')], { app: 'h#1' })).toEqual([tagged('App', 'h#2')]);
    expect(assign([request('h#1', 'App')], { app: 'h#1' })).toEqual([{ name: 'App' }]);
  });

  it('are apart at each place', () => {
    expect(assign([request('h#1', 'app'), request('h#2', 'app', { place: 'there' })])).toEqual([
      { name: 'app' },
      { name: 'app' },
    ]);
  });

  it('that the operator chose are taken as they are, or not at all', () => {
    expect(assign([request('h#1', 'app', { isChosen: true })], { app: 'h#2' })).toMatchObject([
      { fault: 'collision' },
    ]);
    expect(assign([request('h#1', 'a'.repeat(101), { isChosen: true })])).toMatchObject([
      { fault: 'invalid' },
    ]);
  });

  it('that can not be are said to be so', () => {
    expect(assign([request('h#1', '.github', { kind: 'gitlab' })])).toEqual([
      {
        name: '.github',
        fault: 'invalid',
        detail: expect.stringContaining('begins and ends with a letter or digit'),
      },
    ]);
  });

  it('never collide, whatever is asked', () => {
    const names = fc.constantFrom(
      'a',
      'A',
      'b',
      'a-1',
      'a.b',
      'x'.repeat(99),
      'x'.repeat(120),
      'x'.repeat(121),
      '.git',
      '-',
    );
    const requests = fc.uniqueArray(
      fc.record({
        identity: fc.nat(30).map((id) => `h#${id}`),
        wanted: names,
        kind: fc.constantFrom(...kinds),
        place: fc.constantFrom('here', 'there'),
        isChosen: fc.boolean(),
      }),
      { selector: ({ identity }) => identity, maxLength: 20 },
    );
    const taken = fc.dictionary(
      names.map(toNameKey),
      fc.nat(30).map((id) => `h#${id}`),
    );
    fc.assert(
      fc.property(requests, taken, (asked, holders) => {
        const places = new Map([['here', new Map(Object.entries(holders))]]);
        const seen = new Map<string, string>();
        for (const [{ identity, place, kind }, assigned] of assignNames(asked, places)) {
          if ('fault' in assigned) continue;
          expect(findNameFault(kind, assigned.name)).toBeUndefined();
          const holder = places.get(place)?.get(toNameKey(assigned.name));
          expect([undefined, identity]).toContain(holder);
          const key = `${place} ${toNameKey(assigned.name)}`;
          expect(seen.get(key)).toBeUndefined();
          seen.set(key, identity);
        }
      }),
    );
  });

  it('do not depend on the order of the requests', () => {
    const requests = [
      request('h#1', 'app'),
      request('h#2', 'App'),
      request('h#3', 'lib'),
      request('h#4', 'LIB'),
    ];
    const inOrder = assignNames(requests, new Map());
    const reversed = assignNames([...requests].reverse(), new Map());
    for (const each of requests) expect(reversed.get(each)).toEqual(inOrder.get(each));
  });
});

describe('a marker', () => {
  test.each([255, 350, 1_000, 2_000])('is read as it was written: %s characters', (most) => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z.:]{1,60}#[^\s]{1,60}$/),
        fc.string({ maxLength: 400 }),
        (identity, path) => {
          const text = toMarker({ identity, path }, most);
          expect([...text].length).toBeLessThanOrEqual(most);
          expect(parseMarker(text)?.identity).toBe(identity);
        },
      ),
    );
    expect(parseMarker(toMarker({ identity: 'github.com#1', path: 'acme/app' }, most))).toEqual({
      identity: 'github.com#1',
      path: 'acme/app',
    });
  });

  test.each([
    '',
    'an app',
    ' codecommit-mirror: github.com#1 acme/app',
    'of codecommit-mirror: github.com#1 acme/app',
    'codecommit-mirror: github.com',
    'codecommit-mirror: ',
    'codecommit-mirror:github.com#1',
  ])('is not %j', (description) => {
    expect(parseMarker(description)).toBeUndefined();
  });
});
