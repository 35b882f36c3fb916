import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { git, readRefs } from '../servers/git';
import { lfsAvailable, openLfsServer } from '../servers/lfs';
import {
  countRequests,
  countSingle,
  openDestinations,
  pipe,
  type Report,
  refsOf,
  toVerdicts,
} from './destinationsWorld';
import { expectNothingLeft } from './footprint';
import { attributes, commit, openLfsWorld } from './lfsWorld';
import { breakClone, growRival, growSource } from './scene';
import { keyId, runProgram } from './world';

describe('several destinations', () => {
  test.each([1, 2])('all become equal, and the source is asked once (%i more)', async (more) => {
    await using scene = await openDestinations(more);
    const { world, places } = scene;
    await growSource(world);
    const clone = await world.clone();
    const single = await countSingle(scene, clone);
    world.bitbucket.requests.length = 0;
    const run = await pipe(scene, {}, clone);
    expect([run.exitCode, run.output]).toEqual([
      0,
      expect.stringContaining(`${places.length} of ${places.length} destinations succeeded`),
    ]);
    const wanted = await world.sourceRefs();
    expect(await refsOf(scene)).toEqual(places.map(() => wanted));
    expect(countRequests(world)).toEqual(single);
    expect(run.report).toMatchObject({ version: 2, verdict: 'mirrored', exitCode: 0 });
    expect(toVerdicts(run)).toEqual(places.map(() => ['mirrored', 0, undefined]));
    for (const [index, { url }] of places.entries()) {
      const report = run.report.destinations[index];
      expect(report?.destination).toBe(url.replace('ssh://', `ssh://${keyId}@`));
      expect(Object.fromEntries(report?.refs.map(({ ref, new: tip }) => [ref, tip]) ?? [])).toEqual(wanted);
    }

    world.bitbucket.requests.length = 0;
    const again = await pipe(scene, {}, clone);
    expect(toVerdicts(again)).toEqual(places.map(() => ['already-equal', 0, undefined]));
    expect(countRequests(world)).toEqual({ listings: 1, fetches: 0 });
  });

  test('each line says its destination, and each has a verdict', { tags: ['slow'] }, async () => {
    await using scene = await openDestinations(1);
    await growSource(scene.world);
    const { output } = await pipe(scene, { NO_COLOR: '1' });
    for (const { sandbox } of scene.places)
      expect(output).toMatch(
        new RegExp(
          `^✔ \\[app \\(${sandbox.host}:${sandbox.port}\\)\\] Mirrored: 3 branches and 3 tags are equal`,
          'm',
        ),
      );
    expect(output.match(/^\S+ \[app/gm)?.length).toBe(output.match(/\[app/g)?.length);
  });

  test('one that is down costs only itself', async () => {
    await using scene = await openDestinations(2);
    const { world, places } = scene;
    await growSource(world);
    await places[1]?.sandbox[Symbol.asyncDispose]();
    const run = await pipe(scene, { MAX_ATTEMPTS: '2' });
    expect(run.exitCode).toBe(1);
    expect(toVerdicts(run)).toEqual([
      ['mirrored', 0, undefined],
      ['failed', 1, 'destination-unreachable'],
      ['mirrored', 0, undefined],
    ]);
    expect(run.report.verdict).toBe('not-mirrored');
    const wanted = await world.sourceRefs();
    expect(await refsOf(scene)).toEqual([wanted, {}, wanted]);
    expect(run.output).toContain(`1 of 3 destinations failed: app (127.0.0.1:${places[1]?.sandbox.port})`);
  });

  test('one that refuses the key, and one that declines a ref, cost only themselves', {
    tags: ['slow'],
  }, async () => {
    await using scene = await openDestinations(2);
    const { world, places } = scene;
    await growSource(world);
    Object.assign(places[0]?.sandbox.faults ?? {}, { refuseKeys: true });
    Object.assign(places[1]?.sandbox.faults ?? {}, { declineRefs: /release/ });
    const run = await pipe(scene);
    expect(run.exitCode).toBe(1);
    expect(toVerdicts(run)).toEqual([
      ['failed', 1, 'permission-denied'],
      ['not-mirrored', 1, undefined],
      ['mirrored', 0, undefined],
    ]);
    const wanted = await world.sourceRefs();
    const { 'refs/heads/release/1.0': _declined, ...rest } = wanted;
    expect(await refsOf(scene)).toEqual([{}, rest, wanted]);
  });

  test('a slow one does not keep the others waiting', { tags: ['slow'] }, async () => {
    await using scene = await openDestinations(1);
    const { world, places } = scene;
    await growSource(world);
    const [quick, slow] = places;
    // The push to the slow one goes on when the quick one has everything.
    let seen: Record<string, string> = {};
    Object.assign(slow?.sandbox.faults ?? {}, {
      beforeReceive: async () => {
        const wanted = await world.sourceRefs();
        while (Object.keys(seen).length < Object.keys(wanted).length) {
          await wait(20);
          seen = await readRefs(quick?.path ?? '');
        }
      },
    });
    const run = await pipe(scene);
    expect(run.exitCode).toBe(0);
    expect(await refsOf(scene)).toEqual([await world.sourceRefs(), await world.sourceRefs()]);
  });

  test('each is planned by itself: one is new, one is behind, one has a branch of its own', async () => {
    await using scene = await openDestinations(2);
    const { world, places } = scene;
    await growRival(world);
    await git(world.source, 'push', '--quiet', places[1]?.path ?? '', 'main~60:refs/heads/main');
    await git(
      world.source,
      'push',
      '--quiet',
      places[2]?.path ?? '',
      'refs/hidden/rival:refs/heads/main',
      'main~9:refs/heads/left',
    );
    const wanted = await world.sourceRefs();
    const { 'refs/heads/main': rival, 'refs/heads/left': left } = await readRefs(places[2]?.path ?? '');
    const run = await pipe(scene, { INCLUDE: '**' });
    expect(run.exitCode).toBe(1);
    expect(toVerdicts(run).map(([verdict]) => verdict)).toEqual(['mirrored', 'mirrored', 'not-mirrored']);
    const { 'refs/hidden/rival': _hidden, ...refs } = wanted;
    expect(await refsOf(scene)).toEqual([
      refs,
      refs,
      { ...refs, 'refs/heads/main': rival, 'refs/heads/left': left },
    ]);

    const forced = await pipe(scene, { FORCE: 'true', PRUNE: 'true', BACKUP: 'true' });
    expect(toVerdicts(forced)).toEqual([
      ['already-equal', 0, undefined],
      ['already-equal', 0, undefined],
      ['mirrored', 0, undefined],
    ]);
    const after = await refsOf(scene);
    expect(after.slice(0, 2)).toEqual([refs, refs]);
    const isBackup = (ref: string) => ref.startsWith('refs/heads/mirror-backup/');
    const entries = Object.entries(after[2] ?? {});
    expect(Object.fromEntries(entries.filter(([ref]) => !isBackup(ref)))).toEqual(refs);
    expect(entries.flatMap(([ref, tip]) => (isBackup(ref) ? [tip] : [])).sort()).toEqual(
      [rival, left].sort(),
    );
  });

  test('one that needs another attempt gets it, and the others are not repeated', {
    tags: ['slow'],
  }, async () => {
    await using scene = await openDestinations(1);
    const { world, places } = scene;
    await growSource(world);
    const faults = places[1]?.sandbox.faults ?? {};
    let listings = 0;
    Object.assign(faults, {
      dropAfterBytes: 10_000,
      // The first push is cut off, and no other one.
      beforeUpload: async () => {
        listings += 1;
        if (listings === 2) Object.assign(faults, { dropAfterBytes: undefined });
      },
    });
    const run = await pipe(scene, { NO_COLOR: '1' });
    expect([run.exitCode, run.output]).toEqual([0, expect.stringMatching(/WARNING: \[app .*Trying again/)]);
    expect(await refsOf(scene)).toEqual([await world.sourceRefs(), await world.sourceRefs()]);
    // The default branch alone, then the others.
    expect(places[0]?.sandbox.counts.pushes).toBe(2);
  });

  test('a source that does not answer is a failure of each', { tags: ['slow'] }, async () => {
    await using scene = await openDestinations(1);
    const { world } = scene;
    await growSource(world);
    const clone = await world.clone();
    world.bitbucket.faults.status = 500;
    const run = await pipe(scene, { MAX_ATTEMPTS: '1' }, clone);
    expect(run.exitCode).toBe(1);
    expect(toVerdicts(run)).toEqual([
      ['failed', 1, 'source-unreachable'],
      ['failed', 1, 'source-unreachable'],
    ]);
    expect(run.report.verdict).toBe('failed');
    expect(await refsOf(scene)).toEqual([{}, {}]);
  });

  test('what a broken clone does not have is fetched once for all of them', { tags: ['slow'] }, async () => {
    await using scene = await openDestinations(1);
    const { world } = scene;
    await growSource(world);
    const clone = await world.clone();
    await breakClone(world, clone);
    const run = await pipe(scene, { NO_COLOR: '1' }, clone);
    expect([run.exitCode, run.output]).toEqual([
      0,
      expect.stringMatching(/WARNING: \[app .*Objects are missing in the clone/),
    ]);
    expect(await refsOf(scene)).toEqual([await world.sourceRefs(), await world.sourceRefs()]);
  });

  test('SIGTERM stops all of them, and the report says what each has', { tags: ['slow'] }, async () => {
    await using scene = await openDestinations(1);
    const { world, places, variables } = scene;
    await growSource(world);
    const clone = await world.clone();
    const file = join(world.root, 'report.json');
    let kill: ((signal: NodeJS.Signals) => void) | undefined;
    let release = () => {};
    const ended = new Promise<void>((done) => {
      release = done;
    });
    // The first is done when the second one is asked for a push, which then never begins.
    Object.assign(places[1]?.sandbox.faults ?? {}, {
      beforeReceive: async () => {
        while (!finished) await wait(20);
        kill?.('SIGTERM');
        await ended;
      },
    });
    let finished = false;
    const asked = { ...variables, REPORT_FILE: file };
    const run = await world.pipe(clone, asked, (text, strike) => {
      finished ||= text.includes('] Mirrored:');
      kill = strike;
    });
    release();
    expect(run.exitCode).toBe(143);
    await expectNothingLeft(world);
    const report: Report = JSON.parse(await readFile(file, 'utf8'));
    expect(report).toMatchObject({ verdict: 'not-mirrored', exitCode: 143 });
    expect(report.destinations[1]).toMatchObject({ exitCode: 143, error: { code: 'stopped' } });
    expect(await refsOf(scene)).toEqual([await world.sourceRefs(), {}]);
  });
});

const slow = { tags: ['slow' as const] };

test('the Code Insights report has a line for each destination, and the worst result', slow, async () => {
  await using scene = await openDestinations(2);
  const { world, places } = scene;
  await growSource(world);
  Object.assign(places[1]?.sandbox.faults ?? {}, { refuseKeys: true });
  await pipe(scene, { CODE_INSIGHTS: 'true' });
  const [report, ...more] = world.bitbucket.reports.values();
  expect(more).toEqual([]);
  const [first, second, third] = places.map(({ sandbox }) => `app (127.0.0.1:${sandbox.port})`);
  expect(report).toMatchObject({
    result: 'FAILED',
    details: expect.stringMatching(
      /^app .* The destination is not an exact mirror[\s\S]*\[permission-denied\]/,
    ),
    data: [
      { title: second, type: 'TEXT', value: 'failed [permission-denied]' },
      { title: first, type: 'TEXT', value: 'mirrored: 0 equal, 6 new' },
      { title: third, type: 'TEXT', value: 'mirrored: 0 equal, 6 new' },
      { title: 'Duration', type: 'DURATION', value: expect.any(Number) },
    ],
  });
});

test('~/.ssh has a block for each host', slow, async () => {
  await using scene = await openDestinations(1);
  const { world, places, variables } = scene;
  await growSource(world);
  // Another name of the same machine.
  const other = `ssh://localhost:${places[1]?.sandbox.port}/v1/repos/app`;
  const known = places[1]?.sandbox.knownHosts.replace('127.0.0.1', 'localhost') ?? '';
  const run = await world.pipe(await world.clone(), {
    ...variables,
    CODECOMMIT_URL_1: other,
    KNOWN_HOSTS: `${variables['KNOWN_HOSTS']}\n${known}`,
  });
  expect([run.exitCode, run.output]).toEqual([0, run.output]);
  const config = await readFile(join(world.home, '.ssh', 'config'), 'utf8');
  expect(config.match(/^Host [^*\n]*$/gm)?.sort()).toEqual(['Host 127.0.0.1', 'Host localhost']);
});

test.runIf(lfsAvailable())('Git LFS objects are fetched once, and sent to each', slow, async () => {
  await using world = await openLfsWorld();
  await using scene = await openDestinations(1, world);
  await commit(world.source, { '.gitattributes': attributes, 'a.bin': await world.kept.keep('content a') });
  const root = join(world.root, 'second-lfs');
  await mkdir(root);
  await using second = await openLfsServer({ root });
  const stores = [world.mirrored, second];
  for (const [index, { sandbox }] of scene.places.entries())
    sandbox.faults.lfs = { href: stores[index]?.url ?? '', header: {} };
  const run = await pipe(scene, { LFS: 'push' });
  expect([run.exitCode, run.output]).toEqual([0, run.output]);
  expect(await refsOf(scene)).toEqual([await world.sourceRefs(), await world.sourceRefs()]);
  const wanted = await world.kept.contents();
  expect(await Promise.all(stores.map((store) => store.contents()))).toEqual([wanted, wanted]);
  expect(world.kept.requests.filter((request) => request.startsWith('GET'))).toHaveLength(1);
});

describe('on the command line', slow, () => {
  test('the flag is given once for each destination, and check tells of each', async () => {
    await using scene = await openDestinations(1);
    const { world, places, variables } = scene;
    await growSource(world);
    const clone = await world.clone({ kind: 'full' });
    const flags = ['--refs', 'all', ...places.flatMap(({ url }) => ['--codecommit-url', url])];
    const { home: HOME, temporary: TMPDIR } = world;
    const { KNOWN_HOSTS } = variables;
    const own = { HOME, TMPDIR, KNOWN_HOSTS, NO_COLOR: '1', CODECOMMIT_URL: undefined };
    const env = { ...clone.env, ...world.variables, ...own };
    const before = await runProgram('cli', ['check', ...flags, '--json'], clone.dir, env);
    expect(before.exitCode).toBe(1);
    const document = JSON.parse(before.output.slice(before.output.indexOf('{\n')));
    expect(document.version).toBe(2);
    expect(document.destinations).toHaveLength(2);
    for (const { differences } of document.destinations) expect(differences).toHaveLength(6);
    expect((await runProgram('cli', ['mirror', ...flags], clone.dir, env)).exitCode).toBe(0);
    expect(await refsOf(scene)).toEqual([await world.sourceRefs(), await world.sourceRefs()]);
    const after = await runProgram('cli', ['check', ...flags], clone.dir, env);
    expect(after.exitCode).toBe(0);
    expect(after.output.match(/^INFO: Destination app .*:$/gm)).toHaveLength(2);
    expect(after.output.match(/^✔ Everything is in place, and both sides are equal/gm)).toHaveLength(2);
  });
});
