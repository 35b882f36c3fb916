import { readFile } from 'node:fs/promises';
import { toErrorText } from '../errors';
import { invalid } from '../faults';
import { findCloneFolder, isPipelinesStep } from '../pipe/run';
import { type Asked, readSettings } from '../pipe/settings';
import { type Environment, variables, withoutEmpty } from '../pipe/variables';
import { readShellCredentials } from './credentials';
import { readWorkstation } from './workstation';

/** As commander gives them: by attribute, such as `sshKeyId`. */
export type Flags = Readonly<Record<string, unknown>>;

/** What a command needs from the process. */
export interface Shell extends Pick<Asked, 'stdout' | 'signal' | 'isLogColoured' | 'readUsage'> {
  readonly env: Environment;
  readonly stderr: Asked['stdout'];
  /** Throws if the working folder is gone. */
  cwd(): string;
}

/** Does what the pipe does, from a shell: flags as variables, and the user's git configuration for the source. */
export function toShellProgram(
  flags: Flags,
  { cwd: readCwd, ...shell }: Shell,
): Asked & { stderr: Shell['stderr'] } {
  const env = { ...withoutEmpty(shell.env), ...toEnvironment(flags) };
  return {
    ...shell,
    env,
    async readSettings() {
      const cwd = readCwd();
      const key = await readKeyFile(flags['sshKeyFile']);
      const { signal } = shell;
      const folder = findCloneFolder(env) ?? cwd;
      const { origin, branch, isClone, rewrite } = await readWorkstation(folder, { env, signal });
      const given = env['SOURCE_URL'] === undefined ? undefined : rewrite(env['SOURCE_URL']);
      const source = given ?? (isPipelinesStep(env) ? undefined : origin);
      const all = withoutEmpty({ ...env, SOURCE_URL: source, ...key });
      const credentials = await readShellCredentials(all, flags['profile']);
      return await readSettings(withoutEmpty({ ...all, ...credentials }), {
        cwd,
        currentBranch: branch,
        isClone,
        usersGit: true,
      });
    },
  };
}

/** Flags as variables; a list as Pipelines passes it: X_COUNT, X_0, X_1, … */
function toEnvironment(flags: Flags): Environment {
  const entries = variables.flatMap(({ name }): [string, string][] => {
    const value = flags[toAttribute(name)];
    if (value === undefined) return [];
    if (!Array.isArray(value)) return [[name, String(value)]];
    const items = value.map((item, index): [string, string] => [`${name}_${index}`, String(item)]);
    return [[`${name}_COUNT`, String(items.length)], ...items];
  });
  return Object.fromEntries(entries);
}

/** commander's name for the flag of a variable: `--ssh-key-id` becomes `sshKeyId`. */
function toAttribute(name: string): string {
  return name.toLowerCase().replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

async function readKeyFile(file: unknown): Promise<Environment> {
  if (typeof file !== 'string') return {};
  try {
    return { SSH_KEY: await readFile(file, 'utf8') };
  } catch (error) {
    const message = `The key file can't be read: ${toErrorText(error)}`;
    throw invalid('--ssh-key-file', message, 'Give the path of a private key.', 'key-missing');
  }
}
