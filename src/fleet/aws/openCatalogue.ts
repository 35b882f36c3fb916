import type { Catalogue } from './catalogue';
import { openCodeCommitNames } from './codeCommitNames';
import type { LambdaProgram, Voice } from './lambdaProgram';
import { openParameterCatalogue } from './parameterCatalogue';
import { createChainIdentity } from './roles';
import { createSecretCache, readAwsSecret } from './secrets';
import type { FleetSettings } from './settings';

/** Gives what is to be mirrored, as the parameters of the stack say it. */
export function openCatalogue(
  { mirror, region }: FleetSettings,
  { now }: LambdaProgram,
  { log }: Voice,
): Catalogue {
  const secrets = createSecretCache(readAwsSecret, now);
  const { sourceRole, sourceRegion, destinationRole, destinationRegion = region } = mirror;
  const source = createChainIdentity(sourceRole, sourceRegion, now);
  return openParameterCatalogue(mirror, {
    names: openCodeCommitNames(source, sourceRegion),
    source,
    destination: createChainIdentity(destinationRole, destinationRegion, now),
    secrets,
    log,
  });
}
