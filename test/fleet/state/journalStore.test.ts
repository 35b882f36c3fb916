import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type JournalOptions, openJournalStore } from '../../../src/fleet/state/journalStore';
import { toLine } from '../../../src/fleet/state/lines';
import { toNewState } from '../../../src/fleet/state/repositoryState';
import type { StateChange } from '../../../src/fleet/state/store';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccm-state-'));
  file = join(folder, 'state.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const repository = (id: number, failures = 0): StateChange => ({
  kind: 'repository',
  state: { ...toNewState('one', `h#${id}`, `acme/${id}`), failures },
});

const run = (id: number, startedAt: number): StateChange => ({
  kind: 'runs',
  mirror: 'one',
  identity: `h#${id}`,
  runs: [{ startedAt, took: 5, trigger: 'due', outcome: 'mirrored', changes: 2 }],
});

/** What a store that is opened now knows. */
async function readAll(options?: JournalOptions) {
  await using store = await openJournalStore(folder, options);
  const repositories = await store.readRepositories('one');
  const runs = await Promise.all(repositories.map(({ identity }) => store.readRuns('one', identity)));
  return { repositories, runs, mirror: await store.readMirror('one') };
}

async function write(...changes: StateChange[]): Promise<void> {
  await using store = await openJournalStore(folder);
  await store.write(changes);
}

const failuresOf = async (options?: JournalOptions) =>
  (await readAll(options)).repositories.map(({ failures }) => failures);

describe('a store', () => {
  it('keeps what was written, for those who read now and for those who open it later', async () => {
    const mirror = { kind: 'mirror' as const, state: { mirror: 'one', listedAt: 7, listed: 2 } };
    const state = {
      ...toNewState('one', 'h#1', 'acme/app'),
      formerPaths: ['acme/old'],
      destination: 'app',
      destinationIdentity: 'd#1',
      state: 'failing' as const,
      verifiedAt: 1,
      changedAt: 2,
      lookedAt: 3,
      dueAt: 4,
      failures: 5,
      isPaused: true,
      hint: '"etag"',
      refs: 9,
      problem: { code: 'disk-full', message: 'Full.', remedy: 'Free it.' },
    };
    await using store = await openJournalStore(folder);
    await store.write([{ kind: 'repository', state }, mirror, run(1, 1), run(1, 2)]);
    expect(await store.readRepository('one', 'h#1')).toEqual(state);
    expect((await store.readRuns('one', 'h#1')).map(({ startedAt }) => startedAt)).toEqual([1, 2]);
    expect(await store.readRepository('two', 'h#1')).toBeUndefined();
    await store[Symbol.asyncDispose]();
    const { repositories, runs, mirror: read } = await readAll();
    expect([repositories, runs[0]?.length, read]).toEqual([[state], 2, mirror.state]);
  });

  it('keeps the last fifty runs, and the last ten paths', async () => {
    const formerPaths = Array.from({ length: 15 }, (_, index) => `acme/${index}`);
    const state = { ...toNewState('one', 'h#1', 'acme/app'), formerPaths };
    await write({ kind: 'repository', state }, ...Array.from({ length: 60 }, (_, index) => run(1, index)));
    const { repositories, runs } = await readAll();
    expect(runs[0]?.map(({ startedAt }) => startedAt)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 10),
    );
    expect(repositories[0]?.formerPaths).toEqual(formerPaths.slice(5));
  });

  it('forgets a repository with its runs', async () => {
    await write(repository(1), run(1, 1), repository(2));
    await write({ kind: 'forget', mirror: 'one', identity: 'h#1' });
    const { repositories, runs } = await readAll();
    expect([repositories.map(({ identity }) => identity), runs]).toEqual([['h#2'], [[]]]);
  });

  it('writes what comes at the same time, in its order', async () => {
    await using store = await openJournalStore(folder);
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.write([repository(1, index)])));
    expect((await store.readRepository('one', 'h#1'))?.failures).toBe(99);
    // One line for the first, one for all that came during its flush.
    expect((await readFile(file, 'utf8')).split('\n').length).toBeLessThan(10);
  });

  it('is readable for its owner alone', async () => {
    await write(repository(1));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('is written anew when it has grown, and loses nothing by it', async () => {
    const slack = 2000;
    let snapshots = 0;
    {
      await using store = await openJournalStore(folder, { slack });
      for (let round = 0; round < 200; round++) {
        const before = (await stat(file)).ino;
        await store.write([repository(round % 3, round), run(round % 3, round)]);
        const { ino, size } = await stat(file);
        expect(size).toBeLessThan(60_000);
        if (ino !== before) snapshots++;
      }
    }
    expect(snapshots).toBeGreaterThan(3);
    expect(snapshots).toBeLessThan(20);
    expect(await failuresOf()).toEqual([198, 199, 197]);
    expect((await readAll()).runs.map((runs) => runs.length)).toEqual([50, 50, 50]);
    expect((await readdir(folder)).sort()).toEqual(['state.jsonl']);
  });
});

describe('an append that was cut off', () => {
  beforeEach(() => write(repository(1, 1)).then(() => write(repository(1, 2))));

  test.each([
    ['in its middle', async () => truncate(file, (await stat(file)).size - 10), [1]],
    ['before its line break', async () => truncate(file, (await stat(file)).size - 1), [1]],
    ['at its beginning', () => appendFile(file, 'a'), [2]],
    ['by the machine, which left zeros', () => appendFile(file, Buffer.alloc(5000)), [2]],
    ['after a part of one character', () => appendFile(file, Buffer.from([0xc3])), [2]],
  ])('%s is dropped, and written over', async (_name, damage, expected) => {
    await damage();
    expect(await failuresOf()).toEqual(expected);
    await write(repository(2, 7));
    expect(await failuresOf()).toEqual([...expected, 7]);
  });

  it('leaves nothing of a snapshot that was not finished', async () => {
    await writeFile(`${file}.0123456789ab`, 'half');
    await writeFile(`${file}.bak`, 'mine');
    expect(await failuresOf()).toEqual([2]);
    expect((await readdir(folder)).sort()).toEqual(['state.jsonl', 'state.jsonl.bak']);
  });
});

describe('damage', () => {
  beforeEach(() => write(repository(1, 1)).then(() => write(repository(1, 2))));

  /** Puts another line in the place of the one of this index. */
  async function replaceLine(index: number, text: string): Promise<void> {
    const lines = (await readFile(file, 'utf8')).split('\n');
    lines[index] = text;
    await writeFile(file, lines.join('\n'));
  }

  test.each([
    [
      'a character in a line',
      async () => writeFile(file, (await readFile(file, 'utf8')).replace('"failures":1', '"failures":3')),
      'line 2',
    ],
    ['a line of nothing', () => replaceLine(1, ''), 'line 2'],
    ['the last line, complete with its line break', () => replaceLine(2, 'x'), 'line 3'],
    [
      'what is no state',
      () => replaceLine(1, toLine([{ kind: 'repository', state: {} }]).trim()),
      'line 2 holds what is no state',
    ],
    ['no list', () => replaceLine(1, toLine({}).trim()), 'line 2 holds what is no state'],
    ['another file', () => writeFile(file, 'hello\nworld\n'), 'line 1'],
    ['another header', () => replaceLine(0, toLine({ format: 'x', version: 1 }).trim()), 'its first line'],
    ['a file without a line break', () => writeFile(file, 'hello'), 'its first line'],
    [
      'a newer version',
      () => replaceLine(0, toLine({ format: 'codecommit-mirror fleet state', version: 2 }).trim()),
      'a newer version of this program wrote it (format 2; this one knows 1)',
    ],
  ])('of %s is refused, and nothing is changed', async (_name, damage, message) => {
    await damage();
    const before = await readFile(file);
    await expect(openJournalStore(folder)).rejects.toMatchObject({
      code: 'fleet-state-damaged',
      message: expect.stringContaining(message),
    });
    expect(await readFile(file)).toEqual(before);
    // The lock is free again.
    expect(await readdir(folder)).toEqual(['state.jsonl']);
  });

  it('is not an empty file', async () => {
    await truncate(file, 0);
    expect(await failuresOf()).toEqual([]);
  });
});

describe('an older version', () => {
  it('is brought to the new one, once', async () => {
    await write(repository(1, 1));
    let migrated = 0;
    const format = {
      version: 2,
      migrations: [
        (change: unknown) => {
          migrated++;
          return [change, repository(2, 5)];
        },
      ],
    };
    expect(await failuresOf({ format })).toEqual([1, 5]);
    expect(await failuresOf({ format })).toEqual([1, 5]);
    expect(migrated).toBe(1);
    await expect(openJournalStore(folder)).rejects.toMatchObject({ code: 'fleet-state-damaged' });
  });
});

describe('a write that fails', () => {
  it('is told with what can be done', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file where the folder should be');
    await expect(openJournalStore(folder)).rejects.toMatchObject({ code: 'fleet-state-unwritable' });
  });

  it('loses nothing that was saved', async () => {
    await using store = await openJournalStore(folder);
    await store.write([repository(1, 1)]);
    // JSON has no form for it: the write fails before it begins.
    const impossible = { ...toNewState('one', 'h#2', 'x'), refs: 1n } as unknown as ReturnType<
      typeof toNewState
    >;
    await expect(store.write([{ kind: 'repository', state: impossible }])).rejects.toMatchObject({
      code: 'fleet-state-unwritable',
    });
    await store.write([repository(3, 3)]);
    expect((await store.readRepositories('one')).map(({ failures }) => failures)).toEqual([1, 3]);
    await store[Symbol.asyncDispose]();
    expect(await failuresOf()).toEqual([1, 3]);
  });
});

describe('the lock', () => {
  const path = () => join(folder, 'state.lock');
  const holder = async (more: Record<string, unknown>) => {
    await using store = await openJournalStore(folder);
    await store.write([]);
    const own: Record<string, unknown> = JSON.parse(await readFile(path(), 'utf8'));
    return JSON.stringify({ ...own, ...more });
  };
  /** Nobody waits in these tests: what a holder does meanwhile is done here. */
  const waiting = (wait: () => Promise<void>) => ({ lock: { heartbeat: 60_000, wait } });

  it('keeps a second writer out, and is gone with the first', async () => {
    {
      await using store = await openJournalStore(folder);
      await store.write([repository(1)]);
      await expect(openJournalStore(folder)).rejects.toMatchObject({
        code: 'fleet-state-locked',
        message: expect.stringContaining(`the process ${process.pid}`),
      });
      await store.write([repository(2)]);
    }
    expect(await readdir(folder)).toEqual(['state.jsonl']);
  });

  it('of a process that has ended is taken over, also when another one has its number now', async () => {
    const atOnce = waiting(() => Promise.reject(new Error('waited')));
    await writeFile(path(), await holder({ pid: 2 ** 22 + 1 }));
    expect(await failuresOf(atOnce)).toEqual([]);
    await writeFile(path(), await holder({ startTime: '1' }));
    expect(await failuresOf(atOnce)).toEqual([]);
  });

  it('of a process that can not be seen is taken over only when it gives no sign of life', async () => {
    const unseen = await holder({ namespace: '1' });
    await writeFile(path(), unseen);
    const alive = waiting(() => utimes(path(), 5, 5));
    await expect(openJournalStore(folder, alive)).rejects.toMatchObject({
      code: 'fleet-state-locked',
      message: expect.stringContaining('another container'),
    });
    expect(await readFile(path(), 'utf8')).toBe(unseen);
    expect(await failuresOf(waiting(async () => undefined))).toEqual([]);
  });

  it('that has just been created, and has no text yet, is waited for', async () => {
    const text = await holder({});
    await writeFile(path(), '');
    await expect(
      openJournalStore(
        folder,
        waiting(() => writeFile(path(), text)),
      ),
    ).rejects.toMatchObject({
      code: 'fleet-state-locked',
    });
    await writeFile(path(), '');
    expect(await failuresOf(waiting(async () => undefined))).toEqual([]);
  });

  it('that was taken over by another process stops the first one before it writes', async () => {
    await using store = await openJournalStore(folder);
    await store.write([repository(1, 1)]);
    await rm(path());
    await writeFile(path(), await readFile(file, 'utf8'));
    const before = await readFile(file, 'utf8');
    await expect(store.write([repository(1, 2)])).rejects.toMatchObject({ code: 'fleet-state-locked' });
    expect(await readFile(file, 'utf8')).toBe(before);
    await store[Symbol.asyncDispose]();
    // It is the other one's.
    expect(await readdir(folder)).toContain('state.lock');
  });
});
