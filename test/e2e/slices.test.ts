import { expect, test } from 'vitest';
import { git, gitWith, grow } from '../servers/git';
import { toHistory } from './scene';
import { openWorld } from './world';

test('a history bigger than one push goes in slices, over one connection, and no tag of ours stays', {
  tags: ['slow'],
}, async () => {
  await using world = await openWorld();
  await gitWith({ input: toHistory(1_500) }, world.source, 'fast-import', '--quiet');
  const run = await world.pipe(await world.clone(), { PUSH_SIZE: '1', REFS: 'all' });
  expect(run.output).toContain('Sending the history in slices of ');
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(world.sandbox.counts.connections).toBe(1);
  expect(world.sandbox.counts.pushes).toBeGreaterThan(5);
});

test('a connection that is cut again and again still brings the whole history over, each slice once', {
  tags: ['slow'],
}, async () => {
  await using world = await openWorld();
  await gitWith({ input: toHistory(1_500) }, world.source, 'fast-import', '--quiet');
  world.sandbox.faults.dropAfterBytes = 1_500_000;
  const run = await world.pipe(await world.clone(), { PUSH_SIZE: '1', REFS: 'all', MAX_ATTEMPTS: '2' });
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(world.sandbox.counts.connections).toBeGreaterThan(2);
  // The history is some 2.9 MB: what came through before a cut was not sent again.
  expect(world.sandbox.counts.bytesReceived).toBeLessThan(5_000_000);
});

test('tags that a killed run left are cleared, even when nothing else is to be done', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const clone = await world.clone();
  expect((await world.pipe(clone)).exitCode).toBe(0);
  const refs = await world.destinationRefs();
  const tip = refs['refs/heads/main'] ?? '';
  await git(world.destination, 'update-ref', `refs/tags/codecommit-mirror-slice/${tip}`, tip);
  const run = await world.pipe(clone);
  expect([run.exitCode, await world.destinationRefs()]).toEqual([0, refs]);
});
