import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { run } from './git';

/** A named pipe that processes hold open for writing while they live, whoever started them. */
export interface Attendance {
  /** Ends when the last of them has ended. To be called once. */
  allLeft(): Promise<void>;
}

/** Makes the named pipe. It has a reader from now on, so that opening it for writing never waits. */
export async function openAttendance(path: string): Promise<Attendance> {
  const made = await run('mkfifo', '/', [path]);
  if (made.exitCode !== 0) throw new Error(`mkfifo: ${made.stderr}`);
  const ours = await open(path, constants.O_RDWR);
  return {
    async allLeft() {
      const reader = await open(path, constants.O_RDONLY);
      await ours.close();
      // Nobody writes: what comes is the end, when the last writer is gone.
      await reader.readFile();
      await reader.close();
    },
  };
}
