import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { createFleetCommand, type FleetRequest } from './fleet/command/fleetCommand';
import { isPipelinesLog } from './pipe/run';
import { toProgram } from './pipe/settings';
import { type Ending, runEntry } from './program/runEntry';
import { runProgram } from './program/runMirror';
import { createStopSignal } from './program/stopSignal';
import { createSetupCommand } from './setup/command';
import type { SetupFlags } from './setup/request';
import { createCheckCommand, createMirrorCommand } from './shell/commands';
import { type Flags, type Shell, toShellProgram } from './shell/program';

/** The command line: does what the pipe does, from a shell, without changing the user's ~/.ssh. */
async function runCommandLine(): Promise<Ending> {
  let ending: Ending = { exitCode: 0, needsOutput: true };
  const add = (command: Command, run: (flags: Flags) => Promise<Ending>) => {
    command.showHelpAfterError(`(codecommit-mirror ${command.name()} --help lists the options)`);
    command.action(async (flags: Flags) => {
      ending = await run(flags);
    });
    program.addCommand(command.exitOverride());
  };
  const program = new Command('codecommit-mirror')
    .description('Keeps an AWS CodeCommit repository an exact, verified mirror of a git repository.')
    .version(version, '-v, --version')
    .showHelpAfterError('(codecommit-mirror --help lists the commands)')
    .exitOverride();
  add(createMirrorCommand(), mirrorFromShell);
  add(createCheckCommand(), checkFromShell);
  add(createSetupCommand(), setUpFromShell);
  const fleet = createFleetCommand(async (request) => {
    ending = await runFleetFromShell(request);
  });
  program.addCommand(fleet);
  const demo = new Command('demo')
    .description('mirror a repository, and a fleet of nine, on this machine only')
    .option('--once', 'do not keep the status page of the fleet open until ^C');
  add(demo, showDemo);
  add(new Command('version').description('print the version'), printVersion);
  try {
    await program.parseAsync();
    return ending;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // A wrong flag is a configuration error: exit code 2. Help and version are not errors: 0.
    return { exitCode: error.exitCode === 0 ? 0 : 2, needsOutput: true };
  }
}

async function mirrorFromShell(flags: Flags): Promise<Ending> {
  return { exitCode: await runProgram(toProgram(toShellProgram(flags, openShell()))) };
}

/** Loaded on demand, like setup: a mirror does not need it. */
async function checkFromShell({ json, ...flags }: Flags): Promise<Ending> {
  const { runCheck } = await import('./check/run');
  const program = toShellProgram(flags, openShell());
  return { exitCode: await runCheck({ ...program, json: json === true }), needsOutput: json === true };
}

/** Loaded on demand: it contains the AWS SDK, which takes longer to load than everything else. */
async function setUpFromShell(flags: Flags): Promise<Ending> {
  const { runSetup } = await import('./setup/run');
  const { stdin, stdout } = process;
  const program = { ...openShell(), cwd: process.cwd(), stdin, stdout };
  return { exitCode: await runSetup(flags as unknown as SetupFlags, program) };
}

/** Loaded on demand: it contains the clients of the hosts. */
async function runFleetFromShell(request: FleetRequest): Promise<Ending> {
  const { runFleet } = await import('./fleet/command/run');
  const { stdin, stdout, stderr } = process;
  const program = { ...openShell(), cwd: process.cwd(), stdin, stdout, stderr };
  return { exitCode: await runFleet(request, program), needsOutput: request.subcommand !== 'mirror' };
}

/** Loaded on demand: it contains git servers. */
async function showDemo({ once }: Flags): Promise<Ending> {
  const { runDemo } = await import('./sandbox/demo/demo');
  // It does not need the working folder, which may not exist any more.
  process.chdir('/');
  return { exitCode: await runDemo(openShell(), once === true) };
}

async function printVersion(): Promise<Ending> {
  process.stdout.write(`${version}\n`);
  return { exitCode: 0, needsOutput: true };
}

function openShell(): Shell {
  const { env, stdout, stderr } = process;
  return {
    env,
    stdout,
    stderr,
    signal: createStopSignal(process),
    isLogColoured: isPipelinesLog(env),
    cwd: () => process.cwd(),
    readUsage: () => process.resourceUsage(),
  };
}

void runEntry(runCommandLine, process);
