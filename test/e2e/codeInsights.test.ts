// @module-tag slow
import { expect, test } from 'vitest';
import { git, grow } from '../servers/git';
import { growRival, growSource, seedDestination } from './scene';
import { openWorld } from './world';

const asked = { CODE_INSIGHTS: 'true' };

test.each(['branch', 'pull-request'] as const)(
  'a report is on the commit of a run for a %s',
  async (kind) => {
    await using world = await openWorld();
    await growSource(world);
    const branch = kind === 'branch' ? 'main' : 'topic';
    if (kind === 'pull-request') await grow(world.source, 'topic', { from: 'refs/heads/main' });
    const clone = await world.clone({ kind, branch });
    const { exitCode } = await world.pipe(clone, asked);
    expect(exitCode).toBe(0);
    const tip = await git(world.source, 'rev-parse', branch);
    expect([...world.bitbucket.reports]).toEqual([
      [
        `app/${tip}/codecommit-mirror`,
        {
          title: 'Mirror to CodeCommit',
          details: 'Each selected branch and tag has the same object ID at source and destination.',
          report_type: 'TEST',
          reporter: 'codecommit-mirror',
          link: 'https://bitbucket.org/acme/app/pipelines/results/7',
          result: 'PASSED',
          data: expect.arrayContaining([
            {
              title: 'Destination',
              type: 'TEXT',
              value: expect.stringMatching(/^ssh:\/\/.*\/v1\/repos\/app$/),
            },
            { title: 'New', type: 'NUMBER', value: 1 },
            { title: 'Not mirrored', type: 'NUMBER', value: 0 },
            { title: 'Duration', type: 'DURATION', value: expect.any(Number) },
          ]),
        },
      ],
    ]);
  },
);

test('the report of a run that failed says what, within the limits, and that of the next run replaces it', async () => {
  await using world = await openWorld();
  await growRival(world);
  const names = Array.from({ length: 40 }, (_, index) => `${'long/'.repeat(20)}${index}`);
  for (const name of names) await git(world.source, 'branch', name, 'main');
  await seedDestination(
    world,
    Object.fromEntries(['main', ...names].map((name) => [`heads/${name}`, 'refs/hidden/rival'])),
  );
  const clone = await world.clone();
  expect((await world.pipe(clone, { ...asked, REFS: 'all' })).exitCode).toBe(1);
  const [[key, failed] = []] = world.bitbucket.reports;
  expect(failed).toMatchObject({ result: 'FAILED', details: expect.stringContaining('[ref-diverged]') });
  expect((await world.pipe(clone, { ...asked, REFS: 'all', FORCE: 'true' })).exitCode).toBe(0);
  expect([...world.bitbucket.reports.keys()]).toEqual([key]);
  expect(world.bitbucket.reports.get(key ?? '')).toMatchObject({ result: 'PASSED' });
});

test('the report of a run that came to no plan says why', async () => {
  await using world = await openWorld();
  await growSource(world);
  world.sandbox.faults.refuseKeys = true;
  const run = await world.pipe(await world.clone(), asked);
  expect(run.exitCode).toBe(1);
  const [report] = world.bitbucket.reports.values();
  expect(report).toMatchObject({
    result: 'FAILED',
    details: expect.stringContaining('[permission-denied]'),
  });
});

test.each([403, 500, 'hang'] as const)('a report that fails with %s is a warning', async (fault) => {
  await using world = await openWorld();
  await growSource(world);
  world.bitbucket.faults.insights = fault;
  const run = await world.pipe(await world.clone(), { ...asked, REFS: 'all' });
  expect(run.exitCode).toBe(0);
  expect(run.output).toMatch(
    /WARNING:.* The report is not on the commit \(CODE_INSIGHTS\): .*mirror is not affected/,
  );
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
});

test('without CODE_INSIGHTS the API is not asked', async () => {
  await using world = await openWorld();
  await growSource(world);
  await world.pipe(await world.clone());
  expect(world.bitbucket.requests.filter(({ url }) => url.includes('api.bitbucket.org'))).toEqual([]);
});
