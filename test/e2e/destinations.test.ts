import { mkdir, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openSandbox, type Sandbox } from '../../src/sandbox/server';
import { git, readRefs } from '../servers/git';
import { expectNothingLeft } from './footprint';
import { growRival, growSource } from './scene';
import { keyId, keyPair, openWorld, type Run, type World } from './world';

/** One of several destinations, each on a server of its own. */
interface Place {
  readonly sandbox: Sandbox;
  /** A bare repository on disk. */
  readonly path: string;
  readonly url: string;
}

interface Scene extends AsyncDisposable {
  readonly world: World;
  readonly places: readonly Place[];
  /** CODECOMMIT_URL as Pipelines passes a list, and the known hosts. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A world with so many more destinations beside its own, which is the first. */
async function openScene(more: number): Promise<Scene> {
  const world = await openWorld();
  const places: Place[] = [
    { sandbox: world.sandbox, path: world.destination, url: world.sandbox.url('app') },
  ];
  for (let index = 1; index <= more; index++) {
    const root = join(world.root, `codecommit-${index}`);
    await mkdir(root);
    const sandbox = await openSandbox({ root });
    sandbox.allow(keyId, keyPair.publicKey);
    places.push({ sandbox, path: await sandbox.createRepository('app'), url: sandbox.url('app') });
  }
  const urls = places.map(({ url }, index) => [`CODECOMMIT_URL_${index}`, url]);
  return {
    world,
    places,
    variables: {
      ...Object.fromEntries(urls),
      CODECOMMIT_URL_COUNT: String(places.length),
      KNOWN_HOSTS: places.map(({ sandbox }) => sandbox.knownHosts).join('\n'),
      REFS: 'all',
    },
    async [Symbol.asyncDispose]() {
      for (const { sandbox } of places.slice(1)) await sandbox[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Runs the pipe with a report, and gives both. */
async function pipe(
  { world, variables }: Scene,
  more: Readonly<Record<string, string>> = {},
  clone?: Awaited<ReturnType<World['clone']>>,
): Promise<Run & { readonly report: Report }> {
  const file = join(world.root, 'report.json');
  const run = await world.pipe(clone ?? (await world.clone()), { ...variables, REPORT_FILE: file, ...more });
  await expectNothingLeft(world);
  return { ...run, report: JSON.parse(await readFile(file, 'utf8')) };
}

interface Report {
  readonly version: number;
  readonly verdict: string;
  readonly exitCode: number;
  readonly destinations: readonly {
    readonly destination: string;
    readonly verdict: string;
    readonly exitCode: number;
    readonly refs: readonly { readonly ref: string; readonly new: string | null; readonly code?: string }[];
    readonly error: { readonly code: string } | null;
  }[];
}

const refsOf = ({ places }: Scene) => Promise.all(places.map(({ path }) => readRefs(path)));

/** What the source is asked in a run with one destination, which is new as well. */
async function countSingle({ world, variables }: Scene, clone: Awaited<ReturnType<World['clone']>>) {
  await world.sandbox.createRepository('single');
  world.bitbucket.requests.length = 0;
  const only = { ...variables, CODECOMMIT_URL_COUNT: '1', CODECOMMIT_URL_0: world.sandbox.url('single') };
  expect((await world.pipe(clone, only)).exitCode).toBe(0);
  expect(countRequests(world).listings).toBeGreaterThan(0);
  return countRequests(world);
}

/** What the source was asked: listings of refs and fetches of objects. */
function countRequests({ bitbucket }: World) {
  const count = (command: string) =>
    bitbucket.requests.filter((request) => request.command === command).length;
  return { listings: count('ls-refs'), fetches: count('fetch') };
}

const toVerdicts = ({ report }: { report: Report }) =>
  report.destinations.map(({ verdict, exitCode, error }) => [verdict, exitCode, error?.code]);

describe('several destinations', () => {
  test.each([1, 2])('all become equal, and the source is asked once (%i more)', async (more) => {
    await using scene = await openScene(more);
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

  test('each line says its destination, and each has a verdict', async () => {
    await using scene = await openScene(1);
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
    await using scene = await openScene(2);
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

  test('one that refuses the key, and one that declines a ref, cost only themselves', async () => {
    await using scene = await openScene(2);
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

  test('a slow one does not keep the others waiting', async () => {
    await using scene = await openScene(1);
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
    await using scene = await openScene(2);
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

  test('one that needs another attempt gets it, and the others are not repeated', async () => {
    await using scene = await openScene(1);
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
    expect(places[0]?.sandbox.counts.pushes).toBe(1);
  });

  test('a source that does not answer is a failure of each', async () => {
    await using scene = await openScene(1);
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

  test('what a broken clone does not have is fetched once for all of them', async () => {
    await using scene = await openScene(1);
    const { world } = scene;
    await growSource(world);
    const clone = await world.clone();
    const packs = join(clone.dir, '.git', 'objects', 'pack');
    for (const name of await readdir(packs)) await truncate(join(packs, name), 100);
    world.bitbucket.requests.length = 0;
    const run = await pipe(scene, {}, clone);
    expect([run.exitCode, run.output]).toEqual([
      0,
      expect.stringContaining('fetching everything from the source'),
    ]);
    expect(await refsOf(scene)).toEqual([await world.sourceRefs(), await world.sourceRefs()]);
  });

  test('SIGTERM stops all of them, and the report says what each has', async () => {
    await using scene = await openScene(1);
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
