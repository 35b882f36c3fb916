import { readFile } from 'node:fs/promises';
import { Command, type CommanderError, Option } from 'commander';
import { version } from '../package.json';
import { type Program, runProgram } from './program';
import { invalid } from './settings/faults';
import { readSettings } from './settings/settings';
import { type Environment, variables } from './settings/variables';
import { createSetupCommand } from './setup/command';
import type { SetupFlags } from './setup/request';
import { readWorkstation } from './source/workstation';
import { createStopSignal } from './stopSignal';

type Flags = Readonly<Record<string, unknown>>;

/** The command line: what the pipe does, from a shell, with the user's ~/.ssh left alone. */
async function mirrorFromShell(flags: Flags): Promise<number> {
  return await runProgram(await createShellProgram(flags));
}

/** Loaded when it is asked for, as setup is: a mirror has no need of it. */
async function checkFromShell({ json, ...flags }: Flags): Promise<number> {
  const { runCheck } = await import('./check/run');
  const program = await createShellProgram(flags);
  return await runCheck({ ...program, stderr: process.stderr, json: json === true });
}

async function createShellProgram(flags: Flags): Promise<Program> {
  const { stdout } = process;
  const cwd = process.cwd();
  const signal = createStopSignal(process);
  const env = { ...process.env, ...toEnvironment(flags) };
  const workstation = await readWorkstation(env['BITBUCKET_CLONE_DIR'] ?? cwd, { env, signal });
  const { origin, branch: currentBranch, credentialHelpers } = workstation;
  return {
    env,
    stdout,
    signal,
    home: { sshDirectory: undefined, credentialHelpers },
    readUsage: () => process.resourceUsage(),
    readSettings: async () => {
      const key = await readKeyFile(flags['sshKeyFile']);
      const source = env['BITBUCKET_GIT_HTTP_ORIGIN'] === undefined ? { SOURCE_URL: origin } : {};
      return await readSettings({ ...source, ...key, ...env }, { cwd, currentBranch });
    },
  };
}

/** Loaded when it is asked for: it brings the AWS SDK, which takes longer to load than all the rest. */
async function setUpFromShell(flags: SetupFlags): Promise<number> {
  const { runSetup } = await import('./setup/run');
  const { env, stdin, stdout } = process;
  return await runSetup(flags, { env, cwd: process.cwd(), stdin, stdout, signal: createStopSignal(process) });
}

/** Flags as the variables that they stand for; a list as Pipelines hands one down: X_COUNT, X_0, X_1, … */
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

/** commander's name for the flag of a variable: `--ssh-key-id` is `sshKeyId`. */
function toAttribute(name: string): string {
  return name.toLowerCase().replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

async function readKeyFile(file: unknown): Promise<Environment> {
  if (typeof file !== 'string') return {};
  try {
    return { SSH_KEY: await readFile(file, 'utf8') };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw invalid(
      '--ssh-key-file',
      `The key file can't be read: ${cause}`,
      'Give the path of a private key.',
      'key-missing',
    );
  }
}

function createProgram(): Command {
  const program = new Command('codecommit-mirror')
    .description('Keeps an AWS CodeCommit repository an exact, verified mirror of a git repository.')
    .version(version)
    .exitOverride(exitAsVariables);
  const mirror = createMirrorCommand(
    'mirror',
    'mirror the clone in this folder, or SOURCE_URL, as the pipe does',
  )
    .addHelpText('after', helpText)
    .action(async (flags: Flags) => {
      process.exit(await mirrorFromShell(flags));
    });
  const check = createMirrorCommand(
    'check',
    'look whether a mirror would work, and whether both sides are equal',
  )
    .option('--json', 'print the result as a JSON document')
    .addHelpText('after', checkHelpText)
    .action(async (flags: Flags) => {
      process.exit(await checkFromShell(flags));
    });
  const setup = createSetupCommand()
    .exitOverride(exitAsVariables)
    .action(async (flags: SetupFlags) => {
      process.exitCode = await setUpFromShell(flags);
    });
  return program.addCommand(mirror).addCommand(check).addCommand(setup);
}

/** A command with every variable as a flag. */
function createMirrorCommand(name: string, description: string): Command {
  const command = new Command(name).description(description).exitOverride(exitAsVariables);
  for (const { name: variable, flag, description: text, default: fallback } of variables) {
    if (flag === undefined) continue;
    const note = fallback === undefined ? `[${variable}]` : `[${variable}, default ${fallback}]`;
    command.addOption(new Option(flag, `${text} ${note}`));
  }
  return command.option(
    '--ssh-key-file <file>',
    'The private key, from a file. The variable SSH_KEY holds the key itself.',
  );
}

const helpText = `
Each flag stands for the variable in brackets; a flag wins over its variable. Exit codes: 0 mirrored or already
equal, 1 something was not mirrored, 2 the variables are at fault, 130 and 143 stopped by a signal.

Example:
  codecommit-mirror mirror --codecommit-url codecommit::eu-west-1://my-repo \\
    --ssh-key-id APKAEXAMPLEEXAMPLE12 --ssh-key-file ~/.ssh/codecommit_rsa --refs all --dry-run`;

const checkHelpText = `
Each flag stands for the variable in brackets, as of mirror. It changes nothing at either side. Every point is ✔, ✖
with what to do, or – where it can't be looked at. With AWS credentials in the variables IAM is asked, too. Exit
codes: 0 all points hold, 1 one does not, 2 the variables are at fault, 130 and 143 stopped by a signal.

Example:
  codecommit-mirror check --codecommit-url codecommit::eu-west-1://my-repo \\
    --ssh-key-id APKAEXAMPLEEXAMPLE12 --ssh-key-file ~/.ssh/codecommit_rsa --refs all`;

/** A wrong flag is a wrong variable: exit code 2. Help and version are asked for: 0. */
function exitAsVariables(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? 0 : 2);
}

void createProgram().parseAsync();
