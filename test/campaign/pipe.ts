import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { World } from '../e2e/world';
import type { PipelinesClone } from '../servers/pipelinesClone';
import { findProcesses, kill, waitForNone } from '../servers/processes';

/** A machine that pipes run on: its processes are known by its folder for temporary files. */
export interface Machine {
  readonly home: string;
  readonly temporary: string;
}

/** How a pipe ended. */
export interface PipeEnd {
  readonly exitCode: number | null;
  /** The signal that ended it, where it did not end itself. */
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly report: Report | undefined;
  /** When its last attempt began, in milliseconds since 1970. */
  readonly lastAttemptAt: number;
  /** Programs of the pipe that outlived it. */
  readonly survivors: readonly string[];
}

/** What of the JSON report is held against the world. */
export interface Report {
  readonly exitCode: number;
  readonly refs: readonly {
    readonly ref: string;
    readonly status: string;
    readonly new: string | null;
    readonly lost?: readonly string[];
  }[];
}

export interface RunningPipe {
  readonly end: Promise<PipeEnd>;
  readonly kill: (signal: 'SIGTERM' | 'SIGINT') => void;
  /**
   * Ends the pipe without a word to it, as the end of its container does; `orphansLive`: what it started goes on
   * until it is done, as after the kernel has run out of memory.
   */
  readonly crash: (orphansLive: boolean) => void;
}

export async function openMachine(root: string, name: string): Promise<Machine> {
  const machine = { home: join(root, `${name}-home`), temporary: join(root, `${name}-tmp`) };
  for (const folder of [machine.home, machine.temporary]) await mkdir(folder);
  return machine;
}

/** Longer than anything that a run may take here, on a busy machine too; what takes longer hangs. */
const hungMilliseconds = 300_000;

let reports = 0;

/** Starts `dist/pipe.js` in a clone. */
export function startPipe(
  world: World,
  machine: Machine,
  clone: PipelinesClone,
  variables: Readonly<Record<string, string>>,
): RunningPipe {
  const reportFile = join(world.root, `report-${++reports}.json`);
  const findAll = () => findProcesses(`TMPDIR=${machine.temporary}\0`);
  // The ssh of a run that was killed may be there for two minutes.
  const earlier = findAll();
  const find = async () => {
    const known = new Set((await earlier).map((each) => each.arguments));
    return (await findAll()).filter((each) => !known.has(each.arguments));
  };
  const child = spawn(process.execPath, [resolve('dist/pipe.js')], {
    cwd: clone.dir,
    env: {
      PATH: process.env['PATH'],
      HOME: machine.home,
      TMPDIR: machine.temporary,
      ...clone.env,
      ...world.variables,
      ...variables,
      REPORT_FILE: reportFile,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let lastAttemptAt = Date.now();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const [, seconds] = /Trying again in ([\d.]+) s/.exec(text) ?? [];
      // The pause is told rounded: at the earliest.
      if (seconds !== undefined) lastAttemptAt = Date.now() + (Number(seconds) - 0.05) * 1_000;
    });
  const exited = new Promise<Pick<PipeEnd, 'exitCode' | 'signal'>>((done) =>
    child.once('exit', (exitCode, signal) => done({ exitCode, signal })),
  );
  let crashed: 'orphans' | 'all' | undefined;
  async function readEnd(): Promise<PipeEnd> {
    const hung = new AbortController();
    void wait(hungMilliseconds, undefined, { signal: hung.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    );
    const exit = await exited;
    hung.abort();
    if (crashed === 'orphans')
      await waitForNone(async () => (await find()).filter(({ arguments: it }) => /^git /.test(it)), 10_000);
    const findAndKill = async () => {
      const found = await find();
      kill(found);
      return found;
    };
    // More than once: a process may have forked between the look and its end.
    const survivors = await waitForNone(crashed === undefined ? find : findAndKill, 10_000);
    const report = await readFile(reportFile, 'utf8').catch(() => undefined);
    return {
      ...exit,
      output,
      lastAttemptAt,
      report: report === undefined ? undefined : JSON.parse(report),
      survivors: survivors.map((survivor) => survivor.arguments),
    };
  }
  return {
    end: readEnd(),
    kill: (signal) => void child.kill(signal),
    crash(orphansLive) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      crashed = orphansLive ? 'orphans' : 'all';
      child.kill('SIGKILL');
    },
  };
}
