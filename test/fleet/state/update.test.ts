import { expect, test } from 'vitest';
import { openJournalStore } from '../../../src/fleet/state/journalStore';
import { toNewState } from '../../../src/fleet/state/repositoryState';
import { updateRepository } from '../../../src/fleet/state/update';
import { openFolder } from '../../servers/folder';

test('what two change of one repository at the same time is in the state, each', async () => {
  await using folder = await openFolder();
  await using store = await openJournalStore(folder.path);
  const who = { mirror: 'acme', identity: 'github.com#1' };
  await store.write([{ kind: 'repository', state: toNewState(who.mirror, who.identity, 'acme/app') }]);
  const update = (more: object) =>
    updateRepository(store, who, (known) =>
      known ? [{ kind: 'repository', state: { ...known, ...more } }] : [],
    );
  await Promise.all([update({ isPaused: true }), update({ failures: 3 }), update({ dueAt: 7 })]);
  expect(await store.readRepository(who.mirror, who.identity)).toMatchObject({
    isPaused: true,
    failures: 3,
    dueAt: 7,
  });
});

test('an update that fails holds up none of the others', async () => {
  await using folder = await openFolder();
  await using store = await openJournalStore(folder.path);
  const who = { mirror: 'acme', identity: 'github.com#1' };
  const failing = updateRepository(store, who, () => {
    throw new Error('as expected');
  });
  const next = updateRepository(store, who, () => [
    { kind: 'repository', state: toNewState(who.mirror, who.identity, 'acme/app') },
  ]);
  await expect(failing).rejects.toThrow('as expected');
  await next;
  expect(await store.readRepository(who.mirror, who.identity)).toMatchObject({ path: 'acme/app' });
});
