import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

export interface Process {
  readonly pid: number;
  readonly arguments: string;
  /** As `NAME=value`, separated by NUL. */
  readonly environment: string;
}

/** The processes of this machine with this text in their arguments or their environment, but for this one. */
export async function findProcesses(
  text: string,
  within: 'cmdline' | 'environ' = 'environ',
): Promise<Process[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const found = await Promise.all(
    names.map(async (name): Promise<Process | undefined> => {
      // A process that ends while it is looked at is none; a zombie has neither arguments nor environment.
      const read = (file: string) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
      if (!(await read(within)).includes(text)) return undefined;
      const [words, environment] = [await read('cmdline'), await read('environ')];
      return { pid: Number(name), arguments: words.replaceAll('\0', ' '), environment };
    }),
  );
  return found.filter((each) => each !== undefined);
}

/** Waits until there are none of these; gives those that are left after so many milliseconds. */
export async function waitForNone(
  find: () => Promise<Process[]>,
  milliseconds: number,
): Promise<readonly Process[]> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await find();
    if (found.length === 0 || Date.now() > end) return found;
    await wait(20);
  }
}

export function kill(processes: readonly Process[], signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
}
