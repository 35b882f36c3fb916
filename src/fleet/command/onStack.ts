import { MirrorError } from '../../errors';
import type { Session } from '../../program/session';
import { openMirrorsFile } from '../aws/catalogue/mirrorsFile';
import { parameterMirrorName } from '../aws/catalogue/parameterCatalogue';
import { type FleetSettings, parseSettings } from '../aws/catalogue/settings';
import { openDynamoStore } from '../aws/resources/dynamoStore';
import { readHookSecrets, replaceHookSecret } from '../aws/resources/hookSecrets';
import { readStack, type Stack } from '../aws/stack/stack';
import type { FleetConfiguration } from '../configuration/configuration';
import { openFleet } from '../run/fleet';
import type { AwsSecretReader } from '../secrets/resolve';
import { toTitle } from './describePlan';
import type { FleetRequest } from './fleetCommand';
import { type HookAction, manageHooks } from './hooks';
import { type StackServeOptions, serveStack } from './serveStack';
import { tellStatus } from './status';

/** What a command about a stack works with. */
export interface OnStack {
  readonly request: FleetRequest;
  readonly session: Session;
  readonly secrets: AwsSecretReader;
  readonly write: (text: string) => void;
}

/** `status` where it is none of these. */
export interface StackCommand {
  readonly hooks?: HookAction | undefined;
  readonly serve?: StackServeOptions | undefined;
}

/** Runs a command of the fleet about a stack in AWS, by its name. Gives the exit code. Throws MirrorError. */
export async function runOnStack(name: string, given: OnStack, how: StackCommand): Promise<number> {
  const { env } = given.session.context;
  const stack = await readStack(name, env);
  const settings = parseSettings(stack.env);
  if (how.hooks !== undefined) return await manageStackHooks(stack, settings, how.hooks, given);
  const mirrors = await readTitles(settings, given);
  if (how.serve !== undefined) return await serveStack(stack, settings, mirrors, how.serve, given.session);
  await using store = openDynamoStore(settings.table, settings.region);
  const { request, write } = given;
  return await tellStatus({ mirrors }, store, request.names, write, request.flags.json === true);
}

/** The mirrors by their names, as people read them. */
async function readTitles(
  settings: FleetSettings,
  given: OnStack,
): Promise<readonly { readonly name: string; readonly title: string }[]> {
  const { mirrors } = settings;
  if (mirrors.kind === 'file')
    return (await readMirrors(settings, given)).mirrors.map((each) => ({
      name: each.name,
      title: toTitle(each),
    }));
  const { sourceRegion, destinationUrl } = mirrors.mirror;
  return [{ name: parameterMirrorName, title: `codecommit ${sourceRegion} → ${destinationUrl}` }];
}

async function readMirrors({ mirrors }: FleetSettings, { secrets }: OnStack): Promise<FleetConfiguration> {
  if (mirrors.kind === 'parameters') throw noMirrors();
  return await openMirrorsFile(mirrors, secrets, Date.now)();
}

/** With the secret of the stack, at the URL of the stack. */
async function manageStackHooks(
  { outputs }: Stack,
  settings: FleetSettings,
  action: HookAction,
  given: OnStack,
): Promise<number> {
  const { session, secrets } = given;
  const { flags } = given.request;
  const configuration = await readMirrors(settings, given);
  const url = flags.url ?? outputs.get('HooksUrl');
  const secret = outputs.get('HookSecretArn');
  if (url === undefined || secret === undefined) throw noHooks();
  await using store = openDynamoStore(settings.table, settings.region);
  const fleet = await openFleet(configuration, store, session.context, secrets);
  const ensureSecret = async () => {
    const [newest] = await readHookSecrets(secret);
    return newest === undefined || flags.replaceSecret ? await replaceHookSecret(secret) : newest;
  };
  return await manageHooks(fleet, { action, url, ensureSecret });
}

const noMirrors = () =>
  new MirrorError(
    'fleet-aws-settings',
    {
      message: 'The stack has no mirrors.yaml: its source is CodeCommit, which tells by events.',
      remedy: 'For other sources, set MirrorsObjectArn or MirrorsParameter of the stack.',
    },
    { exitCode: 2 },
  );

const noHooks = () =>
  new MirrorError(
    'fleet-aws-settings',
    {
      message: 'The stack has no URL for webhooks.',
      remedy: 'Set its parameter Webhooks to true, and deploy it again.',
    },
    { exitCode: 2 },
  );
