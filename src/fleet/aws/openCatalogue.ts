import { setMaxListeners } from 'node:events';
import { createRequestHandler } from '../../aws/http';
import { createStopwatch } from '../../report/stopwatch';
import { openFleet } from '../run/fleet';
import { createAwsSecretReader } from '../secrets/awsReader';
import type { FleetStore } from '../state/store';
import type { Catalogue, EventSources } from './catalogue';
import { openCodeCommitNames } from './codeCommitNames';
import { openRows } from './dynamoRows';
import { openFleetCatalogue } from './fleetCatalogue';
import { toFleetSources } from './fleetSources';
import { keepSecrets } from './keptSecrets';
import { type LambdaProgram, toWorkFolder, type Voice } from './lambdaProgram';
import { openMirrorsFile } from './mirrorsFile';
import { openParameterCatalogue, toParameterSources } from './parameterCatalogue';
import { openPlans } from './plans';
import { createChainIdentity } from './roles';
import { createSecretCache, createTextCache, readAwsSecret } from './secrets';
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
  { now }: LambdaProgram,
): () => Promise<EventSources> {
  if (mirrors.kind === 'parameters') {
    const sources = toParameterSources(mirrors.mirror);
    return async () => sources;
  }
  const read = openMirrorsFile(mirrors, now);
  return async () => toFleetSources(await read());
}

function openByParameters(
  { region, pushBytes }: FleetSettings,
  mirror: ParameterMirror,
  store: FleetStore,
  { now }: LambdaProgram,
  { log }: Voice,
): Catalogue {
  const { sourceRole, sourceRegion, destinationRole, destinationRegion = region } = mirror;
  const source = createChainIdentity(sourceRole, sourceRegion, now);
  return openParameterCatalogue(mirror, {
    names: openCodeCommitNames(source, sourceRegion),
    source,
    destination: createChainIdentity(destinationRole, destinationRegion, now),
    secrets: createSecretCache(readAwsSecret, now),
    store,
    now,
    pushBytes,
    log,
  });
}

/** A fleet is opened for each batch: its requests end with it, and a file that was changed counts from then on. */
function createFileOpener(
  { table, region, pushBytes }: FleetSettings,
  file: Extract<MirrorsPlace, { kind: 'file' }>,
  store: FleetStore,
  { env, now, signal: stop }: LambdaProgram,
  { log }: Voice,
): CatalogueOpener {
  const read = openMirrorsFile(file, now);
  const plans = openPlans(openRows(table, region));
  const config = { requestHandler: createRequestHandler(env) };
  const cache = createTextCache(now);
  const secrets = keepSecrets(createAwsSecretReader({ env, config }), cache);
  const folder = toWorkFolder(env);
  return async (ending) => {
    const signal = AbortSignal.any([stop, ending]);
    setMaxListeners(0, signal);
    const context = {
      env: { ...env, HOME: folder, TMPDIR: folder },
      log,
      signal,
      stopwatch: createStopwatch(() => performance.now()),
      startedAt: new Date(now()),
    };
    const fleet = await openFleet(await read(), store, context, secrets);
    return openFleetCatalogue({ fleet, plans, pushBytes, forgetSecrets: cache.forget, now });
  };
}
