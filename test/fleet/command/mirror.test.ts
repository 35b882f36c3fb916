import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { git, grow, readRefs } from '../../servers/git';
import { destinationToken, openFleetHosts } from './fleetHosts';

test('previewed, mirrored, mirrored again, checked: every repository of an organisation', async () => {
  await using hosts = await openFleetHosts();
  const app = await hosts.add('app', 'main', 'feature/a');
  const lib = await hosts.add('lib', 'main');
  await hosts.add('empty');

  const preview = await hosts.fleet('preview');
  expect(preview.output).toMatch(/\+ {2}new {2}acme\/app +→ app/);
  expect(preview.output).toContain('3 repositories: 3 new.');
  expect([preview.exitCode, hosts.gitlab.repositories.all]).toEqual([0, []]);

  const first = await hosts.fleet('mirror', '--report-dir', 'reports');
  expect([first.exitCode, first.output]).toEqual([0, expect.stringContaining('3 repositories are equal')]);
  expect(first.output).toMatch(/✔ acme: acme\/app → app: 2 refs changed; 2 branches, 0 tags/);
  expect(first.output).toMatch(/– acme: acme\/empty → empty: the source is empty/);
  const expectEqual = async () => {
    for (const [name, path] of [
      ['app', app],
      ['lib', lib],
    ] as const)
      expect(await readRefs((await hosts.mirrorOf(name)) ?? '')).toEqual(await readRefs(path));
  };
  await expectEqual();
  expect(hosts.gitlab.repositories.all.every(({ isPrivate }) => isPrivate)).toBe(true);
  const report = JSON.parse(await readFile(join(hosts.root, 'work/reports/acme/app.json'), 'utf8'));
  expect(report).toMatchObject({ verdict: 'mirrored', exitCode: 0 });

  await grow(app, 'main');
  await git(app, 'branch', '-D', 'feature/a');
  await git(lib, 'tag', 'v1', 'main');
  const check = await hosts.fleet('check');
  expect([check.exitCode, check.output]).toEqual([1, expect.stringContaining('2 not equal')]);
  const second = await hosts.fleet('mirror');
  expect([second.exitCode, second.output]).toEqual([0, expect.stringContaining('2 changed')]);
  await expectEqual();
  expect(await hosts.fleet('check')).toMatchObject({ exitCode: 0 });
  const status = await hosts.fleet('status');
  expect(status.output).toMatch(/equal +acme\/app +→ app +verified 2/);
  expect(status.output).toContain('3 repositories: 2 equal, 1 empty.');
  expect(await readdir(join(hosts.root, 'tmp'))).toEqual([]);
});

test('renamed at the source a repository keeps its mirror; made anew under the old name it gets another one', async () => {
  await using hosts = await openFleetHosts();
  const app = await hosts.add('app', 'main');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  const stored = hosts.github.repositories.find('acme', 'app');
  if (stored === undefined) throw new Error('no repository');
  hosts.github.repositories.rename(stored, { name: 'application' });
  const fresh = await hosts.add('app', 'main');
  const before = await readRefs(app);
  await grow(app, 'main');

  const run = await hosts.fleet('mirror');
  expect([run.exitCode, run.output]).toEqual([0, run.output]);
  expect(await readRefs((await hosts.mirrorOf('app')) ?? '')).toEqual(await readRefs(app));
  expect(await readRefs(app)).not.toEqual(before);
  const other = hosts.gitlab.repositories.all.find(({ name }) => /^app-[0-9a-f]{8}$/.test(name));
  expect(other).toBeDefined();
  expect(await readRefs((await hosts.mirrorOf(other?.name ?? '')) ?? '')).toEqual(await readRefs(fresh));
});

test("what is at the destination already and somebody else's is never pushed to, unless it is adopted", async () => {
  await using hosts = await openFleetHosts();
  await hosts.add('app', 'main');
  const foreign = await hosts.gitlab.repositories.path(
    hosts.gitlab.repositories.add({ owner: 'mirror', name: 'app' }),
  );
  await grow(foreign, 'main');
  const before = await readRefs(foreign);

  const run = await hosts.fleet('mirror');
  expect(run.exitCode).toBe(1);
  expect(run.output).toContain('"app" already exists at the destination, is not empty');
  expect(await readRefs(foreign)).toEqual(before);
});

test('a token that is refused is told once, and nothing is called gone', async () => {
  await using hosts = await openFleetHosts();
  await hosts.add('app', 'main');
  await hosts.add('lib', 'main');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  hosts.github.tokens.clear();
  const run = await hosts.fleet('mirror');
  expect(run.exitCode).toBe(1);
  expect(run.output.match(/\[fleet-token-refused\]/g)).toHaveLength(1);
  expect((await hosts.fleet('status')).output).toContain('2 repositories: 2 equal.');
});

test('named repositories alone are mirrored; a name that means nothing is a fault', async () => {
  await using hosts = await openFleetHosts();
  await hosts.add('app', 'main');
  await hosts.add('lib', 'main');
  expect(await hosts.fleet('mirror', 'acme/a*')).toMatchObject({ exitCode: 0 });
  expect(hosts.gitlab.repositories.all.map(({ name }) => name)).toEqual(['app']);
  const wrong = await hosts.fleet('mirror', 'acme/other');
  expect([wrong.exitCode, wrong.output]).toEqual([2, expect.stringContaining('[fleet-nothing-named]')]);
});

test('a repository that is made again under its name between the plan and the run does not reach the old mirror', async () => {
  await using hosts = await openFleetHosts();
  await hosts.add('app', 'main');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  const mirror = (await hosts.mirrorOf('app')) ?? '';
  const before = await readRefs(mirror);
  const { repositories, faults } = hosts.github;
  const old = repositories.find('acme', 'app');
  if (old === undefined) throw new Error('no repository');
  const replaced = { path: '' };
  faults.push({
    when: new RegExp(`^GET /api/v3/repositories/${old.id}`),
    times: 1,
    async until() {
      repositories.remove(old);
      replaced.path = await hosts.add('app', 'main');
    },
  });
  const run = await hosts.fleet('mirror', '--report-dir', 'reports');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[fleet-source-changed]')]);
  expect(await readRefs(mirror)).toEqual(before);
  const report = JSON.parse(await readFile(join(hosts.root, 'work/reports/fleet.json'), 'utf8'));
  expect(report).toMatchObject({
    version: 1,
    repositories: [{ source: 'acme/app', outcome: 'failed', code: 'fleet-source-changed' }],
  });
  // The new one gets a mirror of its own.
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  expect(await readRefs(mirror)).toEqual(before);
  const other = hosts.gitlab.repositories.all.find(({ name }) => /^app-[0-9a-f]{8}$/.test(name));
  expect(await readRefs((await hosts.mirrorOf(other?.name ?? '')) ?? '')).toEqual(
    await readRefs(replaced.path),
  );
});

test('a secret that a host repeats in its answer reaches neither the log nor the state', async () => {
  await using hosts = await openFleetHosts();
  await hosts.add('app', 'main');
  hosts.gitlab.faults.push({
    when: /^POST \/api\/v4\/projects/,
    status: 400,
    body: { message: `Not with the token ${destinationToken}.` },
  });
  const run = await hosts.fleet('mirror');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('Not with the token ******')]);
  const state = await readFile(join(hosts.root, 'work/mirrors.state/state.jsonl'), 'utf8');
  expect(state).toContain('Not with the token');
  expect(state).not.toContain(destinationToken);
  // What shows the state asks no host, and so knows no secret that it could hide.
  expect((await hosts.fleet('status')).output).not.toContain(destinationToken);
});

test('each fault of the file is told with its own remedy', async () => {
  await using hosts = await openFleetHosts();
  await hosts.configure("    prune_limit: 'many'\n    forse: true");
  const run = await hosts.fleet('preview');
  expect(run.exitCode).toBe(2);
  expect(run.output.match(/\[fleet-configuration-invalid\]/g)).toHaveLength(2);
  expect(run.output).toMatch(/mirrors\.yaml:\d+:\d+: .*prune_limit.*\n {2}.*\[fleet/);
});

test('init says when its input ends before the last answer, and writes nothing', async () => {
  await using hosts = await openFleetHosts();
  const run = await hosts.fleet('init', '--config', 'other.yaml');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('Nothing was written.')]);
  expect(await readdir(join(hosts.root, 'work'))).not.toContain('other.yaml');
});
