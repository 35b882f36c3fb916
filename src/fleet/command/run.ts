import { dirname, join, parse, resolve } from 'node:path';
import { createRequestHandler } from '../../aws/http';
import { MirrorError } from '../../errors';
import { openSession, type Session, type Surroundings } from '../../program/session';
import { logError } from '../../report/text';
import type { Log } from '../../system/context';
import { readConfiguration } from '../configuration/configuration';
import { ConfigurationError, toFaultLine } from '../configuration/errors';
import { toJsonSchema } from '../configuration/jsonSchema';
import { initConfiguration } from '../init/init';
import { type Fleet, openFleet } from '../run/fleet';
import { readPlan } from '../run/readPlan';
import { selectNamed } from '../run/selectNamed';
import { createAwsSecretReader } from '../secrets/awsReader';
import type { AwsSecretReader } from '../secrets/resolve';
import { ensureHookSecret } from '../service/hookSecrets';
import { toCleanStore } from '../state/cleanStore';
import { openJournalStore } from '../state/journalStore';
import { readStore } from '../state/readOnly';
import type { FleetStore } from '../state/store';
import { checkFleet } from './check';
import type { FleetRequest } from './fleetCommand';
import { type HookAction, type HookOptions, manageHooks } from './hooks';
import { mirrorFleet } from './mirror';
import { tellPreview, toJsonPlan } from './preview';
import { type ServeOptions, type ServePorts, serveFleet } from './serve';
import { tellStatus } from './status';

/** What the entry takes from the process and hands down. */
export interface FleetProgram extends Surroundings {
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream & Surroundings['stdout'];
  readonly stderr: NonNullable<Surroundings['stderr']>;
  /** Told where a service listens. */
  readonly opened?: (ports: ServePorts) => void;
}

/** Runs a command of the fleet as a program does: tells what happens, gives the exit code. Never throws. */
export async function runFleet(request: FleetRequest, program: FleetProgram): Promise<number> {
  // A document goes to standard output alone.
  const isDocument = request.flags.json === true;
  const surroundings = isDocument ? { ...program, stdout: program.stderr } : program;
  using session = openSession(surroundings, []);
  try {
    return await run(request, program, session);
  } catch (error) {
    const { log } = session.context;
    if (error instanceof ConfigurationError) return tellFaults(error, log);
    const failure = session.explain(error);
    logError(failure, log);
    return failure.exitCode;
  }
}

const unanswered =
  '\nThe input ended before the last answer. Nothing was written. Run it in a terminal, or write the file by hand.\n';

/** Each fault of the file has its remedy below it. */
function tellFaults({ file, faults, code, exitCode }: ConfigurationError, log: Log): number {
  for (const fault of faults) log.failure(`${toFaultLine(file, fault)}\n  ${fault.remedy} [${code}]`);
  return exitCode;
}

async function run(request: FleetRequest, program: FleetProgram, session: Session): Promise<number> {
  const { subcommand, flags } = request;
  const { cwd, stdin, stdout, signal } = program;
  const write = (text: string) => void stdout.write(session.clean(text));
  const file = resolve(cwd, flags.config ?? 'mirrors.yaml');
  if (subcommand === 'schema') {
    write(`${JSON.stringify(toJsonSchema(), undefined, 2)}\n`);
    return 0;
  }
  if (subcommand === 'init') {
    const written = await initConfiguration({ file, terminal: { input: stdin, output: stdout }, signal });
    write(
      written === undefined ? unanswered : `\n${file} is written. Next: codecommit-mirror fleet preview\n`,
    );
    return written === undefined ? 1 : 0;
  }
  if (flags.stack !== undefined) {
    const { runOnStack } = await import('./onStack');
    const hooks = subcommand === 'hooks' ? parseAction(request) : undefined;
    const serve =
      subcommand === 'serve' ? { ...toServeOptions(request, program, file, ''), stdout } : undefined;
    const given = { request, session, secrets: openSecretReader(program), write };
    return await runOnStack(flags.stack, given, { hooks, serve });
  }
  if (flags.engine === 'aws') throw stackMissing();
  const configuration = await readConfiguration(file);
  const folder = flags.state === undefined ? toStateFolder(file) : resolve(cwd, flags.state);
  if (subcommand === 'status')
    return await tellStatus(
      configuration,
      await readStore(folder),
      request.names,
      write,
      flags.json === true,
    );
  await using store = toCleanStore(await openStore(subcommand, folder), session.clean);
  const fleet = await openFleet(configuration, store, session.context, openSecretReader(program));
  return await runOpened(fleet, request, { program, session, file, folder, write });
}

function openSecretReader({ env }: FleetProgram): AwsSecretReader {
  return createAwsSecretReader({ env, config: { requestHandler: createRequestHandler(env) } });
}

/** What the commands that ask the hosts need besides. */
interface Opened {
  readonly program: FleetProgram;
  readonly session: Session;
  readonly file: string;
  readonly folder: string;
  readonly write: (text: string) => void;
}

async function runOpened(fleet: Fleet, request: FleetRequest, opened: Opened): Promise<number> {
  const { program, session, file, folder, write } = opened;
  const { subcommand, names, flags } = request;
  const isJson = flags.json === true;
  switch (subcommand) {
    case 'mirror': {
      const reportFolder = flags.reportDir === undefined ? undefined : resolve(program.cwd, flags.reportDir);
      const acceptsListing = flags.acceptListing === true;
      return await mirrorFleet(fleet, { names, reportFolder, acceptsListing }, session);
    }
    case 'check':
      return await checkFleet(fleet, names, isJson ? write : undefined);
    case 'serve':
      return await serveFleet(fleet, toServeOptions(request, program, file, folder), session);
    case 'hooks':
      return await manageHooks(fleet, toHookOptions(request, program, file));
    default:
      return await preview(fleet, names, isJson, write);
  }
}

function toServeOptions(
  { flags }: FleetRequest,
  { cwd, opened }: FleetProgram,
  file: string,
  stateFolder: string,
): ServeOptions {
  const { address = '127.0.0.1', hooksAddress = '127.0.0.1' } = flags;
  return {
    address,
    port: parsePort('--port', flags.port ?? '8080'),
    hooksAddress,
    hooksPort: parsePort('--hooks-port', flags.hooksPort ?? '8081'),
    tokenFile: flags.tokenFile === undefined ? undefined : resolve(cwd, flags.tokenFile),
    isBehindTls: flags.behindTls === true,
    secretFile: toSecretFile(flags, cwd, file),
    stateFolder,
    opened,
  };
}

function toHookOptions(request: FleetRequest, { cwd }: FleetProgram, file: string): HookOptions {
  const { url, replaceSecret = false } = request.flags;
  const action = parseAction(request);
  if (url === undefined) throw urlMissing();
  const secretFile = toSecretFile(request.flags, cwd, file);
  return { action, url, ensureSecret: () => ensureHookSecret(secretFile, replaceSecret) };
}

function parseAction({ names: [action] }: FleetRequest): HookAction {
  if (action === 'install' || action === 'list' || action === 'remove') return action;
  throw unknownAction(action);
}

function toSecretFile({ secretFile }: FleetRequest['flags'], cwd: string, file: string): string {
  if (secretFile !== undefined) return resolve(cwd, secretFile);
  return join(dirname(file), `${parse(file).name}.hooks-secret`);
}

function parsePort(flag: string, text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw invalidFlag(
    `${flag} is ${JSON.stringify(text)}; it must be a port, 0 to 65535.`,
    'Give a free port, such as 8080.',
  );
}

const stackMissing = () =>
  invalidFlag(
    '--engine aws needs the name of a stack, whose queue and table are to be used.',
    'Give --stack with the name that you deployed it under; docs/aws.md says how to deploy one.',
  );

const urlMissing = () =>
  invalidFlag(
    '--url is missing: where do the hosts reach this service?',
    'Give --url https://hooks.example.com, which leads to the port of fleet serve --hooks-port; or --stack with the name of a stack in AWS.',
  );

const unknownAction = (action = '') =>
  invalidFlag(
    `There is no command fleet hooks ${action}.`,
    'Use fleet hooks install, fleet hooks list or fleet hooks remove.',
  );

function invalidFlag(message: string, remedy: string): MirrorError {
  return new MirrorError('fleet-configuration-invalid', { message, remedy }, { exitCode: 2 });
}

async function preview(
  fleet: Fleet,
  names: readonly string[],
  json: boolean,
  write: (text: string) => void,
): Promise<number> {
  const { mirrors } = fleet.configuration;
  const plan = await readPlan(fleet, mirrors);
  if (json) write(toJsonPlan(plan, selectNamed(plan.repositories, names, mirrors)));
  return tellPreview(fleet, plan, names, json ? () => undefined : write);
}

/** What changes nothing leaves the lock to those who do. */
async function openStore(subcommand: FleetRequest['subcommand'], folder: string): Promise<FleetStore> {
  return subcommand === 'mirror' || subcommand === 'serve'
    ? await openJournalStore(folder)
    : await readStore(folder);
}

function toStateFolder(file: string): string {
  return join(dirname(file), `${parse(file).name}.state`);
}
