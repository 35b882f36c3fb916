import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
cat /proc/$$/cmdline /proc/$$/environ > '${notes}/'${basename(program)}-$$
exec ${program} "$@"
`;

let programs: Promise<string[]> | undefined;

/** The path of a program of this machine. */
export async function findProgram(name: string): Promise<string> {
  return (await run('sh', '/', ['-c', `command -v ${name}`])).stdout.trim();
}

/** Puts a witness before the programs that the pipe starts, in a folder of its own. */
export async function openWitness(folder: string): Promise<Witness> {
  const [bin, notes] = [join(folder, 'bin'), join(folder, 'notes')];
  await mkdir(bin, { recursive: true });
  await mkdir(notes, { recursive: true });
  programs ??= Promise.all(['git', 'ssh'].map(findProgram));
  for (const program of await programs)
    await writeFile(join(bin, basename(program)), toScript(notes, program), { mode: 0o755 });
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
