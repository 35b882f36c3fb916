import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { git, run as runCommand } from '../servers/git';
import { lfsAvailable, openLfsServer, toOid, toPointer } from '../servers/lfs';
import { attributes, commit, openLfsWorld } from './lfsWorld';
import { runProgram } from './world';

test('12: files kept in Git LFS are mirrored as pointers, and the run says which files are not there', async () => {
  await using world = await openLfsWorld();
  await commit(world.source, {
    '.gitattributes': attributes,
    'a.bin': await world.kept.keep('content a'),
    'b.bin': await world.kept.keep('content b'.repeat(1_000)),
    'again.bin': toPointer('content a'),
  });
  const file = join(world.root, 'report.json');
  const run = await world.pipe(await world.clone(), { REPORT_FILE: file });
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(run.output).toContain(
    'WARNING: Not at the destination: 2 Git LFS objects (8.8 KiB: "a.bin", "b.bin"). A git push carries only the pointers',
  );
  expect(run.output).toMatch(/✔ Mirrored: .*, without 2 Git LFS objects; 1 new/);
  expect(JSON.parse(await readFile(file, 'utf8')).lfs).toEqual({
    objects: 2,
    bytes: 9_009,
    paths: ['a.bin', 'b.bin'],
    sent: false,
  });
  expect(world.kept.requests).toEqual([]);
});

test('a push that brings a new pointer is noticed though the attributes are at the destination already', {
  tags: ['slow'],
}, async () => {
  await using world = await openLfsWorld();
  await commit(world.source, { '.gitattributes': attributes });
  const first = await world.pipe(await world.clone());
  expect(first.exitCode).toBe(0);
  expect(first.output).toContain('INFO: The repository uses Git LFS, but no file');
  await commit(world.source, { 'deep/er/a.bin': toPointer('content a') });
  const second = await world.pipe(await world.clone(), { LFS: 'fail' });
  expect(second.exitCode).toBe(1);
  expect(second.output).toContain('"deep/er/a.bin"');
  expect(await world.destinationRefs()).not.toEqual(await world.sourceRefs());
});

test('with LFS: fail nothing is pushed, neither the branch with the pointer nor another, and nothing is deleted', async () => {
  await using world = await openLfsWorld();
  await commit(world.source, { 'README.md': 'x' });
  await git(world.source, 'branch', 'old', 'main');
  const clone = await world.clone({ kind: 'full' });
  expect((await world.pipe(clone, { REFS: 'all', LFS: 'fail' })).exitCode).toBe(0);
  const before = await world.destinationRefs();
  const { pushes } = world.sandbox.counts;
  await git(world.source, 'branch', '-m', 'old', 'other');
  await commit(world.source, { 'a.bin': toPointer('content a') });
  const all = { REFS: 'all', PRUNE: 'true', LFS: 'fail' };
  const dry = await world.pipe(clone, { ...all, DRY_RUN: 'true' });
  expect(dry.exitCode).toBe(1);
  expect(dry.output).toMatch(/✖ Dry run: nothing was pushed; a run would not mirror main/);
  const run = await world.pipe(clone, all);
  expect(run.exitCode).toBe(1);
  expect(run.output).toContain('1 Git LFS object (9 bytes: "a.bin")');
  expect(run.output).toContain('[lfs-found]');
  expect(run.output).toMatch(/✖ Not mirrored: main, old, other; nothing changed/);
  expect(await world.destinationRefs()).toEqual(before);
  expect(world.sandbox.counts.pushes).toBe(pushes);
});

test.runIf(lfsAvailable())(
  'with LFS: push the objects are at the destination before the refs, each once',
  async () => {
    await using world = await openLfsWorld();
    const header = { Authorization: 'Basic bGZzOnRva2Vu' };
    world.mirrored.authorization = header.Authorization;
    world.sandbox.faults.lfs = { href: world.mirrored.url, header };
    let atPush: Record<string, string> = {};
    world.sandbox.faults.beforeReceive = async () => {
      atPush = await world.mirrored.contents();
    };
    await commit(world.source, { 'a.bin': await world.kept.keep('content a') });
    await commit(world.source, {
      'a.bin': await world.kept.keep('content b'),
      'dir/ä b.bin': toPointer('content a'),
    });
    const clone = await world.clone();
    const dry = await world.pipe(clone, { LFS: 'push', DRY_RUN: 'true' });
    expect([dry.exitCode, await world.mirrored.contents()]).toEqual([0, {}]);

    const file = join(world.root, 'report.json');
    const run = await world.pipe(clone, { LFS: 'push', REPORT_FILE: file });
    expect(run.output).toMatch(/✔ Mirrored: 1 branch and 0 tags are equal at source and destination; 1 new/);
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(atPush).toEqual(await world.kept.contents());
    expect(await world.mirrored.contents()).toEqual(atPush);
    expect(JSON.parse(await readFile(file, 'utf8')).lfs).toMatchObject({ objects: 2, bytes: 18, sent: true });

    await commit(world.source, { 'c.bin': await world.kept.keep('content c') });
    world.mirrored.requests.length = 0;
    expect((await world.pipe(clone, { LFS: 'push' })).exitCode).toBe(0);
    expect(await world.mirrored.contents()).toEqual(await world.kept.contents());
    expect(world.mirrored.requests).toEqual([
      'POST /lfs/objects/batch',
      `PUT /lfs/objects/${toOid('content c')}`,
    ]);
  },
);

test.runIf(lfsAvailable())(
  'with LFS: push and a destination without LFS nothing is pushed, and the run says so',
  {
    tags: ['slow'],
  },
  async () => {
    await using world = await openLfsWorld();
    await commit(world.source, { 'a.bin': await world.kept.keep('content a') });
    const run = await world.pipe(await world.clone(), { LFS: 'push' });
    expect(run.exitCode).toBe(1);
    expect(run.output).toMatch(/does not accept Git LFS objects: batch request: exit status 1/);
    expect(run.output).toContain('[lfs-not-sent]');
    expect(run.output).toMatch(/✖ Not mirrored: main; nothing changed/);
    expect(await world.destinationRefs()).toEqual({});
  },
);

test.runIf(lfsAvailable())(
  'with LFS: push and a source that does not give an object nothing is sent and nothing pushed',
  {
    tags: ['slow'],
  },
  async () => {
    await using world = await openLfsWorld();
    world.sandbox.faults.lfs = { href: world.mirrored.url, header: {} };
    await commit(world.source, {
      'a.bin': await world.kept.keep('content a'),
      'lost.bin': toPointer('lost'),
    });
    const clone = await world.clone();
    const run = await world.pipe(clone, { LFS: 'push' });
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
    expect(run.output).toContain('[lfs-not-obtained]');
    expect(run.output).toContain('Object does not exist');
    world.bitbucket.faults.lfs = undefined;
    const refused = await world.pipe(clone, { LFS: 'push' });
    expect([refused.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
    expect(refused.output).toContain('[lfs-not-obtained]');
    expect(await world.mirrored.contents()).toEqual({});
  },
);

test.runIf(lfsAvailable())(
  'an LFS server that fails for a moment, at the source or at the destination, is asked again',
  {
    tags: ['slow'],
  },
  async () => {
    await using world = await openLfsWorld();
    await commit(world.source, { 'a.bin': await world.kept.keep('content a') });
    world.sandbox.faults.lfs = { href: world.mirrored.url, header: {} };
    world.kept.failures = 1;
    world.mirrored.failures = 1;
    const run = await world.pipe(await world.clone(), { LFS: 'push', MAX_ATTEMPTS: '3' });
    expect(run.exitCode).toBe(0);
    expect(run.output).toMatch(/can't be reached: batch response: Fatal error: .*attempt 2 of 3/);
    expect(run.output).toMatch(/was dropped: .*Fatal error: .*attempt 3 of 3/);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(await world.mirrored.contents()).toEqual(await world.kept.contents());
  },
);

test.runIf(lfsAvailable())(
  'stopped while git-lfs waits for an answer, the run ends it and leaves nothing behind',
  async () => {
    await using world = await openLfsWorld();
    await commit(world.source, { 'a.bin': await world.kept.keep('content a') });
    const clone = await world.clone();
    let stop = () => {};
    let gone: Promise<unknown> | undefined;
    world.kept.onHang = (closed) => {
      gone = closed;
      stop();
    };
    const env = { HOME: world.home, TMPDIR: world.temporary, ...clone.env, ...world.variables, LFS: 'push' };
    const run = await runProgram('pipe', [], clone.dir, env, (_text, kill) => {
      stop = () => kill('SIGTERM');
    });
    expect(run.exitCode).toBe(143);
    expect(gone).toBeDefined();
    await gone;
    expect(await readdir(world.temporary)).toEqual([]);
    expect(await world.destinationRefs()).toEqual({});
  },
);

test.runIf(lfsAvailable())(
  "the source's proxy does not see what goes to the destination's LFS server",
  async () => {
    await using world = await openLfsWorld();
    await commit(world.source, { 'a.bin': await world.kept.keep('content a') });
    world.sandbox.faults.lfs = { href: 'http://lfs.invalid/lfs', header: {} };
    const run = await world.pipe(await world.clone(), { LFS: 'push', MAX_ATTEMPTS: '1' });
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
    expect(world.bitbucket.requests.filter(({ url }) => url.includes('lfs.invalid'))).toEqual([]);
  },
);

test.runIf(lfsAvailable())(
  'an .lfsconfig of the repository, and a false object in the clone, mislead nothing',
  {
    tags: ['slow'],
  },
  async () => {
    await using world = await openLfsWorld();
    world.sandbox.faults.lfs = { href: world.mirrored.url, header: {} };
    await mkdir(join(world.root, 'elsewhere'));
    await using elsewhere = await openLfsServer({ root: join(world.root, 'elsewhere') });
    await commit(world.source, {
      '.lfsconfig': `[lfs]\n\turl = ${elsewhere.url}\n\tpushurl = ${elsewhere.url}\n\tfetchexclude = *\n`,
      'a.bin': await world.kept.keep('content a'),
    });
    const clone = await world.clone();
    const oid = toOid('content a');
    const cache = join(clone.dir, '.git', 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4));
    await mkdir(cache, { recursive: true });
    await writeFile(join(cache, oid), 'content X');
    const run = await world.pipe(clone, { LFS: 'push' });
    expect([run.exitCode, await world.destinationRefs(), await world.mirrored.contents()]).toEqual([
      1,
      {},
      {},
    ]);
    expect(run.output).toContain('[lfs-not-obtained]');

    await writeFile(join(cache, oid), 'content a');
    world.bitbucket.faults.lfs = undefined;
    expect((await world.pipe(clone, { LFS: 'push' })).exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(await world.mirrored.contents()).toEqual({ [oid]: 'content a' });
    expect(elsewhere.requests).toEqual([]);
  },
);

test('without git-lfs, LFS: push says what is missing, and warn needs it not', {
  tags: ['slow'],
}, async () => {
  await using world = await openLfsWorld();
  await commit(world.source, { 'a.bin': await world.kept.keep('content a') });
  const bin = join(world.root, 'bin');
  await mkdir(bin);
  for (const name of ['git', 'ssh', 'sh']) {
    const { stdout } = await runCommand('sh', '/', ['-c', `command -v ${name}`]);
    await symlink(stdout.trim(), join(bin, name));
  }
  const clone = await world.clone();
  const run = await world.pipe(clone, { LFS: 'push', PATH: bin });
  expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  expect(run.output).toContain("git-lfs can't be started");
  expect(run.output).toContain('[program-missing]');
  expect((await world.pipe(clone, { PATH: bin })).exitCode).toBe(0);
});
