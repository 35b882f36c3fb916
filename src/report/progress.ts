import type { Log } from '../system/context';

/**
 * Turns what git writes to standard error while it transfers (`Writing objects:  42% (42/100), 1.20 MiB | 1.00
 * MiB/s`) into progress of the log. Gives the listener for the pieces of text as they come.
 */
export function createTransferListener(title: string, log: Log): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split(/[\r\n]/);
    // A line has no upper bound where a server writes it; what is kept of it has.
    rest = (lines.pop() ?? '').slice(-1_000);
    const last = lines.findLast((line) => isProgress(line));
    if (last !== undefined) log.progress(`${title}: ${last.trim()}`);
  };
}

function isProgress(line: string): boolean {
  return /^(remote: )?[A-Z][a-z]+ (objects|deltas): +\d+%/.test(line);
}
