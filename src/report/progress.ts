import type { Log } from '../system/context';

/**
 * Turns git's progress on standard error (`Writing objects:  42% (42/100), 1.20 MiB | 1.00 MiB/s`) into progress of the
 * log. Returns the listener for the pieces of text.
 */
export function createTransferListener(title: string, log: Log): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split(/[\r\n]/);
    // A server may write a line of any length; only its end is kept.
    rest = (lines.pop() ?? '').slice(-1_000);
    const last = lines.findLast((line) => isProgress(line));
    if (last !== undefined) log.progress(`${title}: ${last.trim()}`);
  };
}

function isProgress(line: string): boolean {
  return /^(remote: )?[A-Z][a-z]+ (objects|deltas): +\d+%/.test(line);
}
