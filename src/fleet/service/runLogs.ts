import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLog } from '../../report/log';
import type { Log } from '../../system/context';
import { runsAtMost } from '../state/repositoryState';

/** Whose log it is. */
interface Owner {
  readonly mirror: string;
  readonly identity: string;
}

/** The log of one run, while it runs. */
export interface RunLog {
  /** Its name, by which `read` finds it again. */
  readonly name: string;
  readonly log: Log;
  /** Saves it. */
  close(): Promise<void>;
}

/** The logs of the last runs of each repository, as files without secrets. */
export interface RunLogs {
  open(owner: Owner): RunLog;
  /** Undefined where it is gone, or was never there. */
  read(owner: Owner, name: string): Promise<string | undefined>;
}

/** Characters of one log; the rest of a longer one is left out. */
const charactersAtMost = 200_000;

/** `clean` removes secrets and control characters; `now` gives milliseconds. */
export function createRunLogs(
  folder: string,
  clean: (text: string) => string,
  conceal: Log['conceal'],
  now: () => number,
): RunLogs {
  const toFolder = ({ mirror, identity }: Owner) =>
    join(folder, createHash('sha256').update(`${mirror} ${identity}`).digest('hex').slice(0, 32));
  return {
    open(owner) {
      let text = '';
      const stream = {
        write(piece: string) {
          if (text.length < charactersAtMost) text += piece;
        },
      };
      const log = createLog({ stream, colour: false, debug: false, cleaner: { clean, conceal }, now });
      const name = `${new Date(now()).toISOString().replaceAll(':', '-')}.log`;
      return {
        name,
        log: { ...log, progress: () => undefined },
        async close() {
          const own = toFolder(owner);
          await mkdir(own, { recursive: true, mode: 0o700 });
          await writeFile(join(own, name), text, { mode: 0o600 });
          const old = (await readdir(own)).sort().slice(0, -runsAtMost);
          for (const file of old) await rm(join(own, file), { force: true });
        },
      };
    },
    async read(owner, name) {
      if (!/^[\dTZ.-]+\.log$/.test(name)) return undefined;
      return await readFile(join(toFolder(owner), name), 'utf8').catch(() => undefined);
    },
  };
}
