import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RefPush } from '../../src/plan/plan';
import { openRemote, type Remote } from '../../src/remote/remote';
import { createCleaner, createLog } from '../../src/report/log';
import { createStopwatch } from '../../src/report/stopwatch';
import { openFolder } from '../servers/folder';
import { createBareRepository, git, gitWith, grow, readRefs } from '../servers/git';

interface Place extends AsyncDisposable {
  readonly source: string;
  readonly destination: string;
  readonly remote: Remote;
  /** git's records of all its processes (git-config(1), trace2.eventTarget). */
  readonly trace: string;
}

interface Shape {
  /** Options of `git clone` for the source. */
  readonly clone?: readonly string[];
  /** How the destination names its objects. */
  readonly format?: 'sha1' | 'sha256';
  /** Capabilities that the destination does not offer. */
  readonly lacks?: readonly string[];
}

/** An ssh that runs its command on this machine, and spoils the names of capabilities in what that says. */
async function writeSpoilingSsh(path: string, lacks: readonly string[]): Promise<string> {
  const spoil = `process.stdin.on("data", (piece) => {
    const text = piece.toString("latin1").replace(/ (?:${lacks.join('|')})/g, (name) => " X" + name.slice(2));
    process.stdout.write(text, "latin1");
  })`;
  const script = `#!/bin/sh\nfor command; do :; done\neval "$command" | '${process.execPath}' -e '${spoil}'\n`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

/** Two repositories on this machine, and the one as the other's remote: what is at its other end is git itself. */
async function openPlace({ clone = [], format = 'sha1', lacks = [] }: Shape = {}): Promise<Place> {
  const folder = await openFolder();
  const origin = await createBareRepository(join(folder.path, 'origin.git'));
  const destination = join(folder.path, 'destination.git');
  await git(folder.path, 'init', '-q', '--bare', `--object-format=${format}`, destination);
  const ssh = await writeSpoilingSsh(join(folder.path, 'ssh'), lacks);
  for (let commit = 0; commit < 6; commit++) await grow(origin, 'main');
  const source = join(folder.path, 'source.git');
  await git(folder.path, 'clone', '-q', '--bare', ...clone, `file://${origin}`, source);
  const trace = join(folder.path, 'trace');
  await writeFile(join(folder.path, '.gitconfig'), `[trace2]\n\teventTarget = ${trace}\n`);
  const stream = { write: () => true };
  const now = () => 0;
  const context = {
    env: { PATH: process.env['PATH'], HOME: folder.path, TMPDIR: folder.path, GIT_SSH_COMMAND: ssh },
    log: createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now }),
    signal: new AbortController().signal,
    stopwatch: createStopwatch(now),
    startedAt: new Date(0),
  };
  const url = lacks.length > 0 ? `ssh://host.example${destination}` : destination;
  const settings = { url, name: 'app', login: { kind: 'none' }, usersGit: true } as const;
  const remote = await openRemote(settings, 'destination', { directory: source, context });
  return {
    source,
    destination,
    remote,
    trace,
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const create = (ref: string, tip: string): RefPush => ({ action: 'create', ref, old: undefined, new: tip });
const remove = (ref: string, old: string): RefPush => ({ action: 'delete', ref, old, new: undefined });
const advance = (ref: string, old: string, tip: string): RefPush => ({
  action: 'fast-forward',
  ref,
  old,
  new: tip,
});

async function readTip(place: Place, back = 0): Promise<string> {
  return await git(place.source, 'rev-parse', `main~${back}`);
}

/** How many runs of `git pack-objects` git has noted here. */
async function countPackings({ trace }: Place): Promise<number> {
  const starts = (await readFile(trace, 'utf8'))
    .split('\n')
    .filter((line) => line.includes('"event":"start"'));
  return starts.filter((line) => line.includes('"pack-objects"')).length;
}

/** The processes of `git pack-objects` in this repository. */
async function findPackers(repository: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
    const isPacker = (await read('cmdline')).includes('pack-objects');
    if (isPacker && (await read('environ')).includes(repository)) found.push(pid);
  }
  return found;
}

test('the session that listed carries the push, and only what is missing is sent', async () => {
  await using place = await openPlace();
  const [tip, before] = [await readTip(place), await readTip(place, 1)];
  expect(await place.remote.refsToPush()).toEqual(new Map());
  const whole = await place.remote.push([create('refs/heads/main', before)], () => undefined);
  expect(whole).toMatchObject({ isWhole: true, answers: [{ ref: 'refs/heads/main', done: true }] });
  expect(await place.remote.refsToPush()).toEqual(new Map([['refs/heads/main', before]]));
  let said = '';
  const next = await place.remote.push([advance('refs/heads/main', before, tip)], (text) => {
    said += text;
  });
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/main': tip });
  expect(said).toContain('Writing objects: 100% (3/3)');
  expect(next.bytes).toBeGreaterThan(50);
  expect(next.bytes).toBeLessThan(whole.bytes / 2);
});

test('a pack that was made ahead is the one that is sent', async () => {
  await using place = await openPlace();
  const update = create('refs/heads/main', await readTip(place));
  await place.remote.refsToPush();
  place.remote.prepare([update]);
  await place.remote.push([update], () => undefined);
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/main': update.new });
  expect(await countPackings(place)).toBe(1);
});

test('a pack that was made ahead is stopped if something else is pushed, or nothing', async () => {
  await using place = await openPlace();
  const [tip, before] = [await readTip(place), await readTip(place, 1)];
  await place.remote.refsToPush();
  place.remote.prepare([create('refs/heads/x', tip), create('refs/heads/y', before)]);
  await place.remote.push([create('refs/heads/main', before)], () => undefined);
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/main': before });
  expect(await git(place.destination, 'rev-list', '--objects', '--all')).not.toContain(tip);
  await place.remote.refsToPush();
  place.remote.prepare([advance('refs/heads/main', before, tip)]);
  await place.remote[Symbol.asyncDispose]();
  expect(await findPackers(place.source)).toEqual([]);
});

test('what changed since the listing stays as it is, whatever takes it away', async () => {
  await using place = await openPlace();
  const [tip, before, rival] = [await readTip(place), await readTip(place, 1), await readTip(place, 2)];
  await place.remote.push([create('refs/heads/a', before), create('refs/heads/b', before)], () => undefined);
  await place.remote.refsToPush();
  for (const name of ['a', 'b']) await git(place.destination, 'update-ref', `refs/heads/${name}`, rival);
  const inSession = await place.remote.push([advance('refs/heads/a', before, tip)], () => undefined);
  expect(inSession.answers).toEqual([{ ref: 'refs/heads/a', done: false, reason: 'failed to update ref' }]);
  // A value that is taken away is held against a new listing.
  await place.remote.refsToPush();
  const anew = await place.remote.push([remove('refs/heads/b', before)], () => undefined);
  expect(anew).toMatchObject({
    isWhole: true,
    answers: [{ ref: 'refs/heads/b', done: false, reason: 'stale info' }],
  });
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/a': rival, 'refs/heads/b': rival });
});

test('deletions alone go without objects', async () => {
  await using place = await openPlace();
  const tip = await readTip(place);
  await place.remote.push([create('refs/heads/main', tip), create('refs/heads/x', tip)], () => undefined);
  const answer = await place.remote.push([remove('refs/heads/x', tip)], () => undefined);
  expect(answer).toMatchObject({ isWhole: true, bytes: 0, answers: [{ ref: 'refs/heads/x', done: true }] });
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/main': tip });
});

test('a shallow repository pushes to one that has what lies below, and is declined by one that has not', async () => {
  await using place = await openPlace({ clone: ['--depth=2'] });
  const tip = await readTip(place);
  const declined = await place.remote.push([create('refs/heads/main', tip)], () => undefined);
  expect(declined.answers).toEqual([
    { ref: 'refs/heads/main', done: false, reason: 'shallow update not allowed' },
  ]);
  expect(await readRefs(place.destination)).toEqual({});
  const origin = join(place.source, '..', 'origin.git');
  await git(origin, 'push', '-q', place.destination, 'main~1:refs/heads/main');
  const before = await git(origin, 'rev-parse', 'main~1');
  const done = await place.remote.push([advance('refs/heads/main', before, tip)], () => undefined);
  expect(done).toMatchObject({ isWhole: true, answers: [{ done: true }] });
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/main': tip });
  await git(place.destination, 'fsck', '--connectivity-only');
});

test('4,000 refs in one push, some of them declined', { tags: ['slow'] }, async () => {
  await using place = await openPlace();
  const tip = await readTip(place);
  const hook = '#!/bin/sh\necho "looked at $1" >&2\ncase $1 in */7) echo "not seven" >&2; exit 1; esac\n';
  await writeFile(join(place.destination, 'hooks', 'update'), hook, { mode: 0o755 });
  const updates = Array.from({ length: 4_000 }, (_, index) => create(`refs/heads/b/${index}`, tip));
  const { answers, isWhole, stderr } = await place.remote.push(updates, () => undefined);
  expect(isWhole).toBe(true);
  expect(answers.filter(({ done }) => !done)).toEqual([
    { ref: 'refs/heads/b/7', done: false, reason: 'hook declined' },
  ]);
  expect(answers).toHaveLength(4_000);
  expect(stderr).toContain('remote: not seven\n');
  expect(Object.keys(await readRefs(place.destination))).toHaveLength(3_999);
});

test('what a server refuses as a whole is told as such, with its words', async () => {
  await using place = await openPlace();
  const tip = await readTip(place);
  const updates = [create('refs/heads/a', tip), create('refs/heads/b', tip)];
  const hook = join(place.destination, 'hooks', 'pre-receive');
  await writeFile(hook, '#!/bin/sh\nprintf "half a li" >&2; echo "ne" >&2; exit 1\n', { mode: 0o755 });
  const refused = await place.remote.push(updates, () => undefined);
  const reason = 'pre-receive hook declined';
  expect(refused.answers).toEqual(updates.map(({ ref }) => ({ ref, done: false, reason })));
  expect(refused).toMatchObject({ isWhole: true, stderr: expect.stringContaining('remote: half a line') });
  await git(place.destination, 'config', 'receive.maxInputSize', '10');
  const tooLarge = await place.remote.push(updates, () => undefined);
  expect(tooLarge.stderr).toContain('exceeds maximum allowed size');
  expect(tooLarge.answers.every(({ done }) => !done)).toBe(true);
  expect(await readRefs(place.destination)).toEqual({});
});

test('words of hooks that run after the report are heard, and waited for', async () => {
  await using place = await openPlace();
  const tip = await readTip(place);
  const hook = join(place.destination, 'hooks', 'post-receive');
  await writeFile(hook, '#!/bin/sh\nsleep 0.3; echo thanks >&2; git update-ref refs/heads/after HEAD\n', {
    mode: 0o755,
  });
  const { stderr } = await place.remote.push([create('refs/heads/main', tip)], () => undefined);
  expect(stderr).toContain('remote: thanks\n');
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/main': tip, 'refs/heads/after': tip });
});

test('objects that are missing here are said so, and nothing is changed there', async () => {
  await using place = await openPlace();
  const gone = 'a'.repeat(40);
  const pushed = place.remote.push([create('refs/heads/main', gone)], () => undefined);
  await expect(pushed).rejects.toMatchObject({ code: 'clone-broken' });
  expect(await readRefs(place.destination)).toEqual({});
});

test('refs that a server hides, and objects of another repository that it borrows, are made use of', async () => {
  await using place = await openPlace();
  const [tip, before] = [await readTip(place), await readTip(place, 1)];
  const lender = await createBareRepository(join(place.source, '..', 'lender.git'));
  await git(place.source, 'push', '-q', lender, `${before}:refs/heads/main`);
  await gitWith({}, place.destination, 'config', 'receive.hideRefs', 'refs/heads/hidden');
  await writeFile(join(place.destination, 'objects', 'info', 'alternates'), `${lender}/objects\n`);
  expect(await place.remote.refsToPush()).toEqual(new Map());
  const { bytes } = await place.remote.push([create('refs/heads/main', tip)], () => undefined);
  expect(bytes).toBeLessThan(400);
  expect(await readRefs(place.destination)).toEqual({ 'refs/heads/main': tip });
});

test('a server that deletes nothing is not asked to, and takes the rest', async () => {
  await using place = await openPlace({ lacks: ['delete-refs', 'side-band-64k'] });
  const tip = await readTip(place);
  await place.remote.push([create('refs/heads/main', tip), create('refs/heads/x', tip)], () => undefined);
  const reason = 'remote does not support deleting refs';
  const answer = await place.remote.push(
    [remove('refs/heads/x', tip), create('refs/heads/y', tip)],
    () => undefined,
  );
  expect(answer).toMatchObject({
    isWhole: true,
    answers: [
      { ref: 'refs/heads/x', done: false, reason },
      { ref: 'refs/heads/y', done: true },
    ],
  });
  const alone = await place.remote.push([remove('refs/heads/x', tip)], () => undefined);
  expect(alone).toMatchObject({ isWhole: true, answers: [{ ref: 'refs/heads/x', done: false, reason }] });
  const refs = { 'refs/heads/main': tip, 'refs/heads/x': tip, 'refs/heads/y': tip };
  expect(await readRefs(place.destination)).toEqual(refs);
});

test('a server that reports nothing has carried out the push when it is looked at', async () => {
  await using place = await openPlace({ lacks: ['report-status'] });
  const tip = await readTip(place);
  await place.remote.push([create('refs/heads/main', tip)], () => undefined);
  expect((await place.remote.refs()).refs).toEqual(new Map([['refs/heads/main', tip]]));
});

test('a server that dies amid a push is no success', async () => {
  await using place = await openPlace();
  const hook = join(place.destination, 'hooks', 'pre-receive');
  await writeFile(hook, '#!/bin/sh\nkill -9 $PPID\n', { mode: 0o755 });
  const answer = await place.remote.push([create('refs/heads/main', await readTip(place))], () => undefined);
  expect(answer).toMatchObject({ isWhole: false, answers: [] });
  expect(answer.stderr).toContain('the remote end hung up unexpectedly');
  expect(await readRefs(place.destination)).toEqual({});
});

test('a repository that names objects by SHA-256 is refused', async () => {
  await using place = await openPlace({ format: 'sha256' });
  await expect(place.remote.refsToPush()).rejects.toMatchObject({ code: 'object-format' });
});
