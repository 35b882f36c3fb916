import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Run } from './world';

export interface Measured extends Run {
  /** The most memory that the process itself had in RAM at once, in bytes: VmHWM of proc(5). */
  readonly peakBytes: number;
}

/** A mirror's own process stays below this with up to 200,000 refs on both sides. git and ssh are not counted. */
export const peakBytesAtMost = 512 * 2 ** 20;

/** Runs the pipe as `runProgram` does, and watches its memory. Linux alone tells. */
export function runMeasured(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Measured> {
  return new Promise((done, fail) => {
    const file = resolve(import.meta.dirname, '../../dist/pipe.js');
    const child = spawn(process.execPath, [file], { cwd, env: { PATH: process.env['PATH'], ...env } });
    let [output, peakBytes] = ['', 0];
    const look = async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      const [, kibibytes = '0'] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
      peakBytes = Math.max(peakBytes, Number(kibibytes) * 2 ** 10);
    };
    // The value only grows, so looking now and then misses no more than the last moment.
    const timer = setInterval(look, 20);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', fail);
    child.on('close', (exitCode) => {
      clearInterval(timer);
      done({ exitCode, output, peakBytes });
    });
  });
}
