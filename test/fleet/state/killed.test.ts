import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openJournalStore } from '../../../src/fleet/state/journalStore';

const writers = 3;

let root: string;
let program: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccm-killed-'));
  program = join(root, 'writer.cjs');
  const entry = resolve(import.meta.dirname, 'writer.ts');
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    outfile: program,
  });
});
afterAll(() => rm(root, { recursive: true }));

/** What a writer told as saved: by its number, the last number that it wrote. */
type Saved = Map<number, number>;

/** Reads what the process tells until it ends; `onLine` sees each line as it comes. */
async function listen(child: ChildProcess, onLine: (line: string, lines: number) => void = () => undefined) {
  const saved: Saved = new Map();
  let refusal: string | undefined;
  let lines = 0;
  if (child.stdout === null) throw new Error('no output');
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    const [writer, number] = line.split(' ');
    if (writer === 'refused') refusal = number;
    else if (number !== undefined) saved.set(Number(writer), Number(number));
    onLine(line, lines++);
  }
  const [exitCode, signal] = await ended;
  return { saved, refusal, exitCode, signal };
}

function start(folder: string, from: number): ChildProcess {
  return spawn(process.execPath, [program, folder, String(from), String(writers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What was told as saved is there, nothing is there by half, and the file can be written on. */
async function check(folder: string, saved: Saved): Promise<number> {
  await using store = await openJournalStore(folder);
  let highest = 0;
  for (let writer = 0; writer < writers; writer++) {
    const a = await store.readRepository('one', `h#${writer}a`);
    const b = await store.readRepository('one', `h#${writer}b`);
    const runs = await store.readRuns('one', `h#${writer}a`);
    const number = a?.failures ?? -1;
    expect(b?.failures ?? -1).toBe(number);
    expect(runs.at(-1)?.startedAt ?? -1).toBe(number);
    expect(number).toBeGreaterThanOrEqual(saved.get(writer) ?? -1);
    highest = Math.max(highest, number);
  }
  expect((await readdir(folder)).sort()).toEqual(['state.jsonl', 'state.lock']);
  return highest;
}

/** Kills the writer after so many lines, again and again, each time going on where the last one was. */
async function killAgainAndAgain(rounds: number): Promise<void> {
  const folder = await mkdtemp(join(root, 'state-'));
  let from = 0;
  for (let round = 0; round < rounds; round++) {
    // Before the store is open, during the first writes, and in the middle of many: the moment itself is up to chance.
    const after = (round * 37) % 150;
    const child = start(folder, from);
    const { saved, signal } = await listen(child, (_line, lines) => {
      if (lines === after) child.kill('SIGKILL');
    });
    expect(signal).toBe('SIGKILL');
    from = (await check(folder, saved)) + 1;
  }
  expect(from).toBeGreaterThan(rounds);
}

describe('a process that is killed', () => {
  it('loses nothing that it told as saved: five times', () => killAgainAndAgain(5));

  it('loses nothing that it told as saved: a hundred times', { tags: ['slow'] }, () =>
    killAgainAndAgain(100),
  );
});

describe('a leftover lock', () => {
  it('is taken over by one of many that start at the same time', { tags: ['slow'] }, async () => {
    const folder = await mkdtemp(join(root, 'race-'));
    const first = start(folder, 0);
    await listen(first, (line) => {
      if (line === 'open') first.kill('SIGKILL');
    });
    for (let round = 0; round < 3; round++) {
      const children = Array.from({ length: 4 }, () => start(folder, 1000 * (round + 1)));
      let opened = 0;
      let refused = 0;
      // Whoever has it is killed when all others have given up, and leaves its lock to the next round.
      const endings = children.map((child) =>
        listen(child, (line) => {
          if (line === 'open') opened++;
          if (line === 'refused fleet-state-locked') refused++;
          if (opened + refused === children.length) for (const each of children) each.kill('SIGKILL');
        }),
      );
      await Promise.all(endings);
      expect([opened, refused]).toEqual([1, 3]);
    }
  });
});

describe('a disk that is full', () => {
  it('loses nothing that was told as saved', async () => {
    const folder = await mkdtemp(join(root, 'full-'));
    // In blocks of 512 bytes: no file may be larger. Node ignores the signal, and the write fails, perhaps half done.
    const command = 'ulimit -f 30; exec "$0" "$@"';
    const child = spawn('sh', ['-c', command, process.execPath, program, folder, '0', String(writers)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { saved, refusal, exitCode } = await listen(child);
    expect([refusal, exitCode]).toEqual(['fleet-state-unwritable', 3]);
    expect(saved.size).toBe(writers);
    await check(folder, saved);
  });
});
