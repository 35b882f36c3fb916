import { describe, expect, it, test } from 'vitest';
import type { MirrorWorld } from '../../../src/fleet/plan/decision';
import { isShrunken, readListing } from '../../../src/fleet/plan/listing';
import { toMarker } from '../../../src/fleet/plan/marker';
import { toTaggedName } from '../../../src/fleet/plan/naming';
import { planFleet, toLookInto, toLookUp } from '../../../src/fleet/plan/planFleet';
import { atDestination, known, mirrorOf, repository, world } from './fleetWorld';

/** The decisions alone, without the repositories. */
const plan = (...worlds: MirrorWorld[]) =>
  planFleet(worlds).map(({ mirror: _mirror, place: _place, repository: _repository, ...each }) => each);

const marker = (id: number, path = 'acme/app') => toMarker({ identity: `github.com#${id}`, path }, 1_000);
const base = { identity: 'github.com#1', path: 'acme/app' };
const app = repository(1, 'app');
const followed = known(1, 'acme/app', {
  destination: 'app',
  destinationIdentity: 'codecommit#1',
  state: 'equal',
  verifiedAt: 1000,
});
const mirrored = atDestination(1, 'app', marker(1));

describe('a repository that is new', () => {
  it('is created where nothing is', () => {
    expect(plan(world({ source: [app] }))).toEqual([{ ...base, action: 'create', destination: 'app' }]);
  });

  it('is named by the template, or by its own entry', () => {
    const mirror = mirrorOf({ to: ", repository: '{owner}-{name}', names: { Acme/Lib: special }" });
    const decisions = plan(world({ mirror, source: [app, repository(2, 'lib')] }));
    expect(decisions).toMatchObject([{ destination: 'acme-app' }, { destination: 'special' }]);
  });

  it('takes over its own mirror, whatever its name is', () => {
    const found = atDestination(7, 'other', marker(1));
    expect(plan(world({ source: [app], destination: [found] }))).toEqual([
      { ...base, action: 'adopt', by: 'marker', destination: 'other', destinationIdentity: 'codecommit#7' },
    ]);
  });

  it('takes over one that is empty, and one that the operator adopts by name', () => {
    const destination = [atDestination(7, 'App')];
    const adopted = { ...base, action: 'adopt', destination: 'App', destinationIdentity: 'codecommit#7' };
    expect(plan(world({ source: [app], destination, isEmpty: [['codecommit#7', true]] }))).toEqual([
      { ...adopted, by: 'empty' },
    ]);
    const mirror = mirrorOf({ to: ', adopt: [app]' });
    expect(plan(world({ mirror, source: [app], destination, isEmpty: [['codecommit#7', false]] }))).toEqual([
      { ...adopted, by: 'name' },
    ]);
  });

  it('is not pushed over what is not ours', () => {
    const destination = [atDestination(7, 'app')];
    const foreign = world({ source: [app], destination, isEmpty: [['codecommit#7', false]] });
    expect(plan(foreign)).toMatchObject([{ action: 'conflict', because: 'foreign', destination: 'app' }]);
    const unseen = planFleet([world({ source: [app], destination })]);
    expect(unseen).toMatchObject([{ action: 'conflict', because: 'unseen' }]);
    expect(toLookInto(unseen)).toEqual(['codecommit#7']);
  });

  it('is not made where the destination could not be listed', () => {
    expect(plan(world({ source: [app], isDestinationWhole: false }))).toMatchObject([
      { action: 'conflict', because: 'unlisted' },
    ]);
  });

  it('is not made over the quota: the last ones, in the order of their paths', () => {
    const source = [repository(3, 'c'), repository(1, 'a'), repository(2, 'b')];
    expect(plan(world({ source, quota: { allowed: 12, used: 10, raise: 'Ask for more' } }))).toMatchObject([
      {
        path: 'acme/c',
        action: 'conflict',
        because: 'quota',
        remedy: 'Ask for more, or exclude repositories.',
      },
      { path: 'acme/a', action: 'create' },
      { path: 'acme/b', action: 'create' },
    ]);
  });

  it('gets another name than the mirror of the repository that it replaces', () => {
    const again = repository(2, 'app');
    const tagged = toTaggedName('codecommit', 'app', 'github.com#2');
    const decisions = plan(
      world({
        source: [again],
        known: [followed],
        destination: [mirrored],
        lookedUp: [['github.com#1', 'gone']],
      }),
    );
    expect(decisions).toEqual([
      { identity: 'github.com#2', path: 'acme/app', action: 'create', destination: tagged },
      { ...base, action: 'gone', destination: 'app' },
    ]);
    // The marker at the destination says so too, where the state was lost.
    expect(plan(world({ source: [again], destination: [mirrored] }))).toMatchObject([
      { action: 'create', destination: tagged },
    ]);
  });

  it('can not have a name that its destination can not have', () => {
    const mirror = mirrorOf({
      base: { from: 'host: github, owner: acme, token: $T', to: 'host: gitlab, group: x, token: $T' },
    });
    expect(plan(world({ mirror, source: [repository(1, '.github')] }))).toMatchObject([
      { action: 'conflict', because: 'invalid', destination: '.github' },
    ]);
  });

  it('has two mirrors at the destination: a person must say which one is right', () => {
    const destination = [atDestination(7, 'app', marker(1)), atDestination(8, 'copy', marker(1))];
    expect(plan(world({ source: [app], destination }))).toMatchObject([
      { action: 'conflict', because: 'marked-twice' },
    ]);
  });
});

describe('a repository that is left out', () => {
  const source = [
    repository(1, 'svc-a'),
    repository(2, 'lib-a'),
    repository(3, 'svc-old-a'),
    repository(4, 'svc-fork', { isFork: true }),
    repository(5, 'svc-archived', { isArchived: true }),
    repository(6, 'svc-b-deletion_scheduled-77', { isBeingDeleted: true }),
    repository(7, 'svc-mirror', { description: 'codecommit-mirror: gitlab.com#9 other/app' }),
  ];
  const mirror = mirrorOf({
    from: ", match: '^svc-', exclude: ['svc-old-*'], archived: false, forks: false",
  });

  it('is told with why', () => {
    expect(
      plan(world({ mirror, source })).map((each) =>
        'detail' in each ? [each.because, each.detail] : [each.action],
      ),
    ).toEqual([
      ['create'],
      ['match', '^svc-'],
      ['exclude', 'svc-old-*'],
      ['fork', 'forks: false'],
      ['archived', 'archived: false'],
      ['deletion-scheduled', 'svc-b-deletion_scheduled-77'],
      ['mirror', 'gitlab.com#9 other/app'],
    ]);
  });

  it('keeps the mirror that it has', () => {
    const state = known(2, 'acme/lib-a', { destination: 'lib-a' });
    expect(plan(world({ mirror, source: [repository(2, 'lib-a')], known: [state] }))).toMatchObject([
      { action: 'excluded', because: 'match', destination: 'lib-a' },
    ]);
  });
});

describe('a repository that has its mirror', () => {
  const destination = [mirrored];
  const follow = { ...base, action: 'follow', destination: 'app', destinationIdentity: 'codecommit#1' };

  it('keeps it', () => {
    expect(plan(world({ source: [app], known: [followed], destination }))).toEqual([follow]);
  });

  it('keeps it when it is renamed, and when another one gets its old name', () => {
    const source = [repository(1, 'new-app'), repository(2, 'app')];
    expect(plan(world({ source, known: [followed], destination }))).toEqual([
      { ...follow, path: 'acme/new-app', renamedFrom: 'acme/app' },
      {
        identity: 'github.com#2',
        path: 'acme/app',
        action: 'create',
        destination: toTaggedName('codecommit', 'app', 'github.com#2'),
      },
    ]);
  });

  it('keeps it when the template changes, and when the description at the destination is edited', () => {
    const mirror = mirrorOf({ to: ", repository: 'x-{name}'" });
    const edited = [atDestination(1, 'app', 'The app.')];
    expect(plan(world({ mirror, source: [app], known: [followed], destination: edited }))).toEqual([follow]);
  });

  it('keeps it when its own description claims that it is a mirror itself', () => {
    const source = [repository(1, 'app', { description: marker(9) })];
    expect(plan(world({ source, known: [followed], destination }))).toEqual([follow]);
  });

  it('gets it again, under the same name, when it was deleted over there', () => {
    expect(plan(world({ source: [app], known: [followed] }))).toEqual([
      { ...base, action: 'create', destination: 'app' },
    ]);
  });

  it('is stopped when its mirror was renamed over there', () => {
    const renamed = [atDestination(1, 'moved', marker(1))];
    expect(plan(world({ source: [app], known: [followed], destination: renamed }))).toMatchObject([
      {
        action: 'conflict',
        because: 'renamed-there',
        destination: 'app',
        destinationIdentity: 'codecommit#1',
      },
    ]);
  });

  it('is stopped when another repository stands under its name', () => {
    const other = [atDestination(5, 'app')];
    const states = { source: [app], known: [followed], destination: other };
    expect(plan(world({ ...states, isEmpty: [['codecommit#5', false]] }))).toMatchObject([
      { because: 'foreign' },
    ]);
    expect(plan(world({ ...states, isEmpty: [['codecommit#5', true]] }))).toMatchObject([
      { action: 'adopt', by: 'empty' },
    ]);
    const claimed = [atDestination(1, 'app', marker(2))];
    expect(plan(world({ source: [app], known: [followed], destination: claimed }))).toMatchObject([
      { action: 'conflict', because: 'foreign' },
    ]);
  });

  it('is followed when neither side could be listed', () => {
    expect(plan(world({ isWhole: false, isDestinationWhole: false, known: [followed] }))).toEqual([follow]);
  });
});

describe('a repository that is not listed any more', () => {
  const destination = [mirrored];
  const states = { known: [followed], destination };

  it('is only a candidate, until a direct look-up says 404', () => {
    const candidates = planFleet([world(states)]);
    expect(candidates).toMatchObject([{ ...base, action: 'gone-candidate', destination: 'app' }]);
    expect(toLookUp(candidates)).toEqual(candidates);
    expect(plan(world({ ...states, lookedUp: [['github.com#1', 'gone']] }))).toEqual([
      { ...base, action: 'gone', destination: 'app' },
    ]);
  });

  it('is elsewhere when the look-up finds it', () => {
    const moved = repository(1, 'app', { owner: 'other' });
    expect(plan(world({ ...states, lookedUp: [['github.com#1', moved]] }))).toEqual([
      { ...base, action: 'frozen', because: 'moved', destination: 'app' },
    ]);
  });

  it('is nothing of the kind when the listing was not whole', () => {
    expect(plan(world({ ...states, isWhole: false, lookedUp: [['github.com#1', 'gone']] }))).toMatchObject([
      { action: 'follow' },
    ]);
  });

  it('stays gone, and is followed again when it comes back', () => {
    const gone = known(1, 'acme/app', { ...followed, state: 'gone' });
    expect(plan(world({ known: [gone], destination, isWhole: false }))).toMatchObject([{ action: 'gone' }]);
    expect(plan(world({ source: [app], known: [gone], destination }))).toMatchObject([{ action: 'follow' }]);
  });
});

describe('a repository that is archived', () => {
  const archived = (changedAt?: Date) => repository(1, 'app', { isArchived: true, changedAt });
  const destination = [mirrored];

  it('is frozen by a run after which it was equal, until its time stamp moves', () => {
    const frozen = known(1, 'acme/app', { ...followed, state: 'frozen', hint: new Date(1000).toISOString() });
    const states = { known: [frozen], destination };
    for (const source of [archived(), archived(new Date(1000))])
      expect(plan(world({ ...states, source: [source] }))).toEqual([
        { ...base, action: 'frozen', because: 'archived', destination: 'app' },
      ]);
    expect(plan(world({ ...states, source: [archived(new Date(1001))] }))).toMatchObject([
      { action: 'follow' },
    ]);
  });

  it('is followed once more when it was equal before, however old its time stamp is', () => {
    expect(plan(world({ source: [archived(new Date(0))], known: [followed], destination }))).toMatchObject([
      { action: 'follow' },
    ]);
  });

  it('is followed while its mirror fails', () => {
    const failing = known(1, 'acme/app', { ...followed, state: 'failing' });
    expect(plan(world({ source: [archived()], known: [failing], destination }))).toMatchObject([
      { action: 'follow' },
    ]);
  });

  it('is mirrored when it is new, unless archived ones are left out', () => {
    expect(plan(world({ source: [archived()] }))).toMatchObject([{ action: 'create' }]);
  });
});

describe('two mirrors', () => {
  const back = (from = '') =>
    mirrorOf({
      name: 'two',
      from,
      base: { from: 'host: codecommit, region: eu-west-1', to: 'host: github, owner: other, token: $T' },
    });

  it('do not mirror mirrors', () => {
    const first = world({ source: [app], known: [followed], destination: [mirrored] });
    const second = world({
      mirror: back(),
      source: [atDestination(1, 'app', 'edited'), atDestination(2, 'own')],
    });
    expect(plan(first, second).slice(1)).toMatchObject([
      { path: 'app', action: 'excluded', because: 'mirror' },
      { path: 'own', action: 'create', destination: 'own' },
    ]);
  });

  it('do not use a source as a destination', () => {
    const own = atDestination(2, 'app');
    const first = world({ source: [app], destination: [own], isEmpty: [['codecommit#2', true]] });
    const second = world({ mirror: back(), source: [own] });
    expect(plan(first, second)).toMatchObject([
      { action: 'conflict', because: 'loop', destination: 'app' },
      { action: 'create' },
    ]);
  });

  it('do not use it either when its description says that it is the mirror', () => {
    const own = atDestination(2, 'app', marker(1));
    const state = known(1, 'acme/app', { destination: 'app' });
    const first = world({ source: [app], known: [state], destination: [own] });
    const followedBack = { ...known(2, 'app', { destination: 'app' }), identity: 'codecommit#2' };
    const second = world({ mirror: back(), source: [own], known: [followedBack] });
    expect(plan(first, second)[0]).toMatchObject({ action: 'conflict', because: 'loop', destination: 'app' });
  });

  it('of one place do not give a name twice', () => {
    const second = mirrorOf({
      name: 'two',
      base: { from: 'host: github, owner: beta, token: $T', to: 'host: codecommit, region: eu-west-1' },
    });
    const other = repository(2, 'App', { owner: 'beta' });
    expect(plan(world({ source: [app] }), world({ mirror: second, source: [other] }))).toMatchObject([
      { destination: toTaggedName('codecommit', 'app', 'github.com#1') },
      { destination: toTaggedName('codecommit', 'App', 'github.com#2') },
    ]);
  });

  it('of one repository to one place: the one that has a mirror keeps it', () => {
    const second = mirrorOf({ name: 'two', from: ', exclude: [x]' });
    const first = world({ source: [app], known: [followed], destination: [mirrored] });
    expect(plan(first, world({ mirror: second, source: [app], destination: [mirrored] }))).toMatchObject([
      { action: 'follow' },
      { action: 'conflict', because: 'collision' },
    ]);
  });
});

describe('a listing', () => {
  test.each([
    [undefined, 0, false],
    [10, 5, false],
    [10, 4, true],
    [1000, 900, false],
    [1000, 899, true],
    [3, 0, false],
    [6, 0, true],
    [5, 9, false],
  ])('of %s, then %s: shrunken %s', (before, now, expected) => {
    expect(isShrunken(before, now)).toBe(expected);
  });

  it('is read to its end, and fails as a whole', async () => {
    async function* pages(fails: boolean) {
      yield [repository(1, 'a'), repository(2, 'b')];
      // While pages are read, a change can move a repository from one to the next.
      yield [repository(2, 'b'), repository(3, 'c')];
      if (fails) throw new Error('502');
    }
    const { repositories, isWhole } = await readListing({ list: () => pages(false) }, 4);
    expect([repositories.map(({ name }) => name), isWhole]).toEqual([['a', 'b', 'c'], true]);
    expect((await readListing({ list: () => pages(false) }, 40)).isWhole).toBe(false);
    await expect(readListing({ list: () => pages(true) })).rejects.toThrow('502');
  });
});
