import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { git, gitWith, grow, readRefs } from '../servers/git';
import { toHistory } from './scene';
import { openWorld, type World } from './world';

interface ReportedRef {
  readonly ref: string;
  readonly status: string;
  readonly lost?: readonly string[];
}

/** Runs the pipe with a report; gives both. */
async function pipeWithReport(
  world: World,
  variables: Readonly<Record<string, string>>,
  onOutput?: Parameters<World['pipe']>[2],
) {
  const file = join(world.root, 'report.json');
  const run = await world.pipe(await world.clone(), { REPORT_FILE: file, ...variables }, onOutput);
  const report: { exitCode: number; verdict: string; refs: readonly ReportedRef[] } = JSON.parse(
    await readFile(file, 'utf8'),
  );
  return { run, report, main: report.refs.find(({ ref }) => ref === 'refs/heads/main') };
}

/** Both sides have main, and the source has rewritten it since. Gives the old and the new tip. */
async function rewriteMain(world: World, commits = 3): Promise<{ old: string; tip: string }> {
  await grow(world.source, 'main', { count: commits });
  await git(world.source, 'push', '--quiet', world.destination, 'main');
  const old = await git(world.source, 'rev-parse', 'main');
  await git(world.source, 'update-ref', 'refs/heads/main', 'main~1');
  return { old, tip: await grow(world.source, 'main', { file: 'rewritten' }) };
}

/** The server's hooks go on for as long as the folder has the file `busy`. */
async function keepServerBusy({ sandbox, root }: World): Promise<void> {
  await writeFile(join(root, 'busy'), '');
  const hook = `#!/bin/sh\nwhile [ -e ${join(root, 'busy')} ]; do sleep 0.05; done\n`;
  await writeFile(join(sandbox.hooks, 'post-receive'), hook, { mode: 0o755 });
}

async function waitForMain(world: World, tip: string): Promise<void> {
  while ((await world.destinationRefs())['refs/heads/main'] !== tip) await wait(20);
}

async function free(world: World): Promise<void> {
  await writeFile(join(world.sandbox.hooks, 'post-receive'), '#!/bin/sh\n', { mode: 0o755 });
  await rm(join(world.root, 'busy'));
}

describe('a value that FORCE takes away is logged and reported', () => {
  test('when a signal ends the run after the server replaced it', async () => {
    await using world = await openWorld();
    const { old, tip } = await rewriteMain(world);
    await keepServerBusy(world);
    let stopped = false;
    const { run, report, main } = await pipeWithReport(world, { FORCE: 'true' }, (text, kill) => {
      if (stopped || !text.includes('will replace')) return;
      stopped = true;
      void waitForMain(world, tip).then(() => kill('SIGTERM'));
    });
    await free(world);
    expect([run.exitCode, report.exitCode]).toEqual([143, 143]);
    expect(run.output).toContain(`will replace refs/heads/main, was ${old}`);
    expect(run.output).toMatch(new RegExp(`main: .* unverified, was ${old}`));
    expect(main).toMatchObject({ status: 'unverified', lost: [old] });
    expect(report.verdict).toBe('not-mirrored');
    expect((await world.destinationRefs())['refs/heads/main']).toBe(tip);
  });

  test.each([0, 1_500])('when the line is cut after that, and down for %i ms', async (milliseconds) => {
    await using world = await openWorld();
    const { old, tip } = await rewriteMain(world);
    await keepServerBusy(world);
    let cut: Promise<void> | undefined;
    const { run, main } = await pipeWithReport(world, { FORCE: 'true' }, (text) => {
      if (cut !== undefined || !text.includes('will replace')) return;
      cut = waitForMain(world, tip).then(async () => {
        world.sandbox.faults.refuseConnections = true;
        world.sandbox.cut();
        await free(world);
        await wait(milliseconds);
        world.sandbox.faults.refuseConnections = undefined;
      });
    });
    expect(run.exitCode).toBe(0);
    expect(run.output).toMatch(new RegExp(`branch main: .* forced, was ${old}`));
    expect(run.output).toContain('Mirrored: ');
    expect(main).toMatchObject({ status: 'forced', lost: [old] });
    expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
  });

  test('and so is one that PRUNE deletes, before the push', async () => {
    await using world = await openWorld();
    await grow(world.source, 'main');
    await git(world.source, 'push', '--quiet', world.destination, 'main', 'main:refs/heads/old');
    const old = await git(world.source, 'rev-parse', 'main');
    const { run, report } = await pipeWithReport(world, { REFS: 'all', PRUNE: 'true' });
    const lines = run.output.split('\n');
    const announced = lines.findIndex((line) => line.includes(`will delete refs/heads/old, was ${old}`));
    const told = lines.findIndex((line) =>
      line.includes(`branch old: ${old.slice(0, 8)} → (none) deleted, was ${old}`),
    );
    expect(announced).toBeGreaterThan(0);
    expect(told).toBeGreaterThan(announced);
    expect(report.refs).toContainEqual(expect.objectContaining({ ref: 'refs/heads/old', lost: [old] }));
  });
});

test('the session that lists after the push is opened during the push', async () => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main');
  const { faults, counts } = world.sandbox;
  let during = 0;
  faults.beforeReceive = async () => {
    for (let turn = 0; turn < 500 && counts.sessions < 2; turn++) await wait(20);
    during = counts.sessions;
  };
  const { run } = await pipeWithReport(world, {});
  expect(run).toEqual({ exitCode: 0, output: run.output });
  expect([during, counts.sessions]).toEqual([2, 2]);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
});

test('a rewritten branch of a shallow clone is mirrored in the second attempt, too', async () => {
  await using world = await openWorld();
  const { old, tip } = await rewriteMain(world, 70);
  world.sandbox.faults.beforeReceive = async () => {
    world.sandbox.faults.beforeReceive = undefined;
    world.sandbox.cut();
  };
  const { run, main } = await pipeWithReport(world, { FORCE: 'true' });
  expect(run.output).toContain('Trying again in ');
  expect([run.exitCode, main?.status, main?.lost]).toEqual([0, 'forced', [old]]);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
});

describe('slices', { tags: ['slow'] }, () => {
  test('a cut push goes in slices also when the line stays down for a while', async () => {
    await using world = await openWorld();
    await gitWith({ input: toHistory(1_500) }, world.source, 'fast-import', '--quiet');
    const { faults, counts } = world.sandbox;
    faults.dropAfterBytes = 1_500_000;
    let isUp = true;
    const line = setInterval(() => {
      if (!isUp || counts.bytesReceived < 1_400_000) return;
      [isUp, faults.refuseConnections] = [false, true];
      setTimeout(() => {
        faults.refuseConnections = undefined;
      }, 300);
    }, 10);
    // The second attempt knows that the first was cut, though nothing could be listed after it.
    const run = await world.pipe(await world.clone(), { REFS: 'all', MAX_ATTEMPTS: '2' });
    clearInterval(line);
    expect(run.output).toContain('Sending the history in slices of ');
    expect([run.exitCode, await world.destinationRefs()]).toEqual([0, await world.sourceRefs()]);
  });

  test('the progress of another run stays, and so it is not sent again', async () => {
    await using world = await openWorld();
    await gitWith({ input: toHistory(400) }, world.source, 'fast-import', '--quiet');
    await git(world.source, 'branch', 'small', 'main~399');
    const middle = await git(world.source, 'rev-parse', 'main~100');
    const slice = `refs/tags/codecommit-mirror-slice/0a1b2c3d/${middle}`;
    await git(world.source, 'push', '--quiet', world.destination, `${middle}:${slice}`);
    const small = await world.pipe(await world.clone({ kind: 'branch', branch: 'small' }), {});
    expect([small.exitCode, Object.keys(await world.destinationRefs())]).toEqual([
      0,
      ['refs/heads/small', slice],
    ]);
    expect(small.output).toContain(
      'Temporary tags codecommit-mirror-slice/… of another mirror run remain (1): it may not be done.',
    );
    const before = world.sandbox.counts.bytesReceived;
    const whole = await world.pipe(await world.clone(), { REFS: 'all' });
    expect([whole.exitCode, await world.destinationRefs()]).toEqual([0, await world.sourceRefs()]);
    expect(world.sandbox.counts.bytesReceived - before).toBeLessThan(400_000);
  });

  test('a slice of a run that nothing continued for a week is removed; a younger one stays', async () => {
    await using world = await openWorld();
    await grow(world.source, 'main');
    await git(world.source, 'push', '--quiet', world.destination, 'main');
    const orphan = await git(world.source, 'commit-tree', '-m', 'rewritten since', 'main^{tree}');
    const slices = [8, 6].map((days) => {
      const day = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
      return `refs/tags/codecommit-mirror-slice/${day}-0a1b2c3d/${orphan}`;
    });
    await git(world.source, 'push', '--quiet', world.destination, ...slices.map((ref) => `${orphan}:${ref}`));
    const run = await world.pipe(await world.clone());
    expect([run.exitCode, Object.keys(await world.destinationRefs())]).toEqual([
      0,
      ['refs/heads/main', slices[1]],
    ]);
  });

  test('a tag that the server does not delete is named', async () => {
    await using world = await openWorld();
    const tip = await grow(world.source, 'main');
    await git(world.source, 'push', '--quiet', world.destination, 'main');
    const slice = `refs/tags/codecommit-mirror-slice/0a1b2c3d/${tip}`;
    await git(world.destination, 'update-ref', slice, tip);
    world.sandbox.faults.declineRefs = /slice/;
    const run = await world.pipe(await world.clone());
    expect(run.output).toMatch(/Temporary tags .* remain \(1\): the destination refuses to delete them: \w+/);
    expect([run.exitCode, Object.keys(await world.destinationRefs())]).toEqual([
      0,
      ['refs/heads/main', slice],
    ]);
  });
});

const deep = `${'d/'.repeat(25)}f`;

/** Adds a commit with these files. */
async function commitFiles(
  { source }: World,
  branch: string,
  files: Readonly<Record<string, string>>,
  ...parents: readonly string[]
): Promise<void> {
  const entries = Object.entries(files).map(
    ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
  );
  let parent = '';
  for (const [index, name] of parents.entries())
    parent += `${index === 0 ? 'from' : 'merge'} ${await git(source, 'rev-parse', name)}\n`;
  const head = `commit refs/heads/${branch}\ncommitter Ada <ada@example.com> 1800000000 +0000\ndata 1\nx\n${parent}`;
  await gitWith({ input: head + entries.join('') }, source, 'fast-import', '--quiet', '--force');
}

describe('files that CodeCommit declines', { tags: ['slow'] }, () => {
  test('BACKUP makes no branch for a ref that is not replaced', async () => {
    await using world = await openWorld();
    const { old } = await rewriteMain(world);
    await commitFiles(world, 'main', { [deep]: 'x' }, 'main');
    for (let runs = 0; runs < 2; runs++) {
      const run = await world.pipe(await world.clone(), { FORCE: 'true', BACKUP: 'true' });
      expect(run.exitCode).toBe(1);
      expect(run.output).toContain('[limit-exceeded]');
      expect(await readRefs(world.destination)).toEqual({ 'refs/heads/main': old });
    }
  });

  test('each ref is withheld that has one in its own history, under any path, and no other', async () => {
    await using world = await openWorld();
    const tip = await grow(world.source, 'main');
    // The same file in two unrelated commits; an empty one at the top and far below; one that a merge adds.
    await commitFiles(world, 'one', { [deep]: 'same' }, 'main');
    await commitFiles(world, 'two', { [deep]: 'same' }, 'main');
    await commitFiles(world, 'empty', { 'a/.gitkeep': '', [deep]: '' });
    await grow(world.source, 'after', { from: 'refs/heads/empty', count: 2 });
    await git(world.source, 'tag', '--annotate', '--message', 'x', 'annotated', 'after');
    await commitFiles(world, 'fine', { '.gitkeep': '', 'ä/\u2028\t"': 'same' }, 'main');
    await commitFiles(world, 'merged', { [deep]: 'of the merge' }, 'main', 'fine');
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    expect(run.exitCode).toBe(1);
    const refs = await world.sourceRefs();
    expect(await world.destinationRefs()).toEqual({
      'refs/heads/main': tip,
      'refs/heads/fine': refs['refs/heads/fine'],
    });
    for (const name of [
      'branch one',
      'branch two',
      'branch empty',
      'branch after',
      'branch merged',
      'tag annotated',
    ])
      expect(run.output).toMatch(
        new RegExp(`${name}: .*the destination does not accept it: commit \\w+ has .*\\[limit-exceeded\\]`),
      );
  });
});
