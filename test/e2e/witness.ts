import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../servers/git';

/** What programs were given when they were started. */
export interface Witness {
  /** The PATH whose `git` and `ssh` note what they are given and are then the real ones. */
  readonly path: string;
  /** One text a program: its arguments and its environment, separated by NUL. */
  read(): Promise<{ readonly program: string; readonly given: string }[]>;
}

/** A process keeps its arguments and its environment over `exec`, so the script has what git itself gets. */
const toScript = (notes: string, program: string) => `#!/bin/sh
cat /proc/$$/cmdline /proc/$$/environ > '${notes}/'${program.split('/').at(-1)}-$$
exec ${program} "$@"
`;

/** Puts a witness before the programs that the pipe starts, in a folder of its own. */
export async function openWitness(folder: string): Promise<Witness> {
  const [bin, notes] = [join(folder, 'bin'), join(folder, 'notes')];
  await mkdir(bin, { recursive: true });
  await mkdir(notes, { recursive: true });
  for (const name of ['git', 'ssh']) {
    const { stdout } = await run('sh', '/', ['-c', `command -v ${name}`]);
    await writeFile(join(bin, name), toScript(notes, stdout.trim()), { mode: 0o755 });
  }
  return {
    path: `${bin}:${process.env['PATH']}`,
    async read() {
      const names = await readdir(notes);
      return await Promise.all(
        names.map(async (name) => ({
          program: name.replace(/-\d+$/, ''),
          given: await readFile(join(notes, name), 'utf8'),
        })),
      );
    },
  };
}
