import { setMaxListeners } from 'node:events';
import { createRequestHandler } from '../../../aws/http';
import { createStopwatch } from '../../../report/stopwatch';
import { type Fleet, openFleet } from '../../run/fleet';
import { createAwsSecretReader } from '../../secrets/awsReader';
import type { AwsSecretReader } from '../../secrets/resolve';
import type { FleetStore } from '../../state/store';
import { openCodeCommitNames } from '../resources/codeCommitNames';
import { openRows } from '../resources/dynamoRows';
import { type LambdaProgram, toWorkFolder, type Voice } from '../resources/lambdaProgram';
import { createChainIdentity } from '../resources/roles';
import { keepSecrets } from '../resources/secrets';
import type { Catalogue, EventSources } from './catalogue';
import { openFleetCatalogue } from './fleetCatalogue';
import { toFleetSources } from './fleetSources';
import { openMirrorsFile } from './mirrorsFile';
import { openParameterCatalogue, toParameterSources } from './parameterCatalogue';
import { openPlans } from './plans';
import type { FleetSettings, MirrorsPlace, ParameterMirror } from './settings';

/** Gives what is to be mirrored, for one batch: `signal` ends what is asked of hosts. Throws MirrorError. */
export type CatalogueOpener = (signal: AbortSignal) => Promise<Catalogue>;

/** Opens what is to be mirrored, as the parameters of the stack or its mirrors.yaml say it. */
export function createCatalogueOpener(
  settings: FleetSettings,
  store: FleetStore,
  program: LambdaProgram,
  voice: Voice,
): CatalogueOpener {
  const { mirrors } = settings;
  if (mirrors.kind === 'file') return createFileOpener(settings, mirrors, store, program, voice);
  const catalogue = openByParameters(settings, mirrors.mirror, store, program, voice);
  return async () => catalogue;
}

/** The same for the intake, which asks no host. */
export function createSourcesOpener(
  { mirrors }: FleetSettings,
  { env, now }: LambdaProgram,
): () => Promise<EventSources> {
  if (mirrors.kind === 'parameters') {
    const sources = toParameterSources(mirrors.mirror);
    return async () => sources;
  }
  const read = openMirrorsFile(mirrors, openReader(env), now);
  return async () => toFleetSources(await read());
}

function openReader(env: LambdaProgram['env']): AwsSecretReader {
  return createAwsSecretReader({ env, config: { requestHandler: createRequestHandler(env) } });
}

function openByParameters(
  { region, pushBytes }: FleetSettings,
  mirror: ParameterMirror,
  store: FleetStore,
  { env, now }: LambdaProgram,
  { log }: Voice,
): Catalogue {
  const { sourceRole, sourceRegion, destinationRole, destinationRegion = region } = mirror;
  const source = createChainIdentity(sourceRole, sourceRegion, now);
  return openParameterCatalogue(mirror, {
    names: openCodeCommitNames(source, sourceRegion),
    source,
    destination: createChainIdentity(destinationRole, destinationRegion, now),
    secrets: keepSecrets(openReader(env), now),
    store,
    now,
    pushBytes,
    log,
  });
}

function createFileOpener(
  settings: FleetSettings,
  file: MirrorsFile,
  store: FleetStore,
  program: LambdaProgram,
  voice: Voice,
): CatalogueOpener {
  const { table, region, pushBytes } = settings;
  const plans = openPlans(openRows(table, region));
  const opener = createFleetOpener(file, store, program, voice);
  return async (signal) => {
    const fleet = await opener.open(signal);
    const { forgetSecrets } = opener;
    return openFleetCatalogue({ fleet, plans, pushBytes, forgetSecrets, now: program.now });
  };
}

type MirrorsFile = Extract<MirrorsPlace, { kind: 'file' }>;

export interface FleetOpener {
  /** A fleet is opened for each batch: its requests end with it, and a file that was changed counts from then on. */
  open(signal: AbortSignal): Promise<Fleet>;
  readonly forgetSecrets: () => void;
}

/** Opens the fleet of a mirrors.yaml in AWS. */
export function createFleetOpener(
  file: MirrorsFile,
  store: FleetStore,
  { env, now, signal: stop }: LambdaProgram,
  { log }: Voice,
): FleetOpener {
  const reader = openReader(env);
  const read = openMirrorsFile(file, reader, now);
  const secrets = keepSecrets(reader, now);
  const folder = toWorkFolder(env);
  return {
    forgetSecrets: secrets.forget,
    async open(ending) {
      const signal = AbortSignal.any([stop, ending]);
      setMaxListeners(0, signal);
      const context = {
        env: { ...env, HOME: folder, TMPDIR: folder },
        log,
        signal,
        stopwatch: createStopwatch(() => performance.now()),
        startedAt: new Date(now()),
      };
      return await openFleet(await read(), store, context, secrets);
    },
  };
}
