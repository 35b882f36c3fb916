import type { Made } from './apply';
import { endpointVariable, keyIdVariable, urlVariable } from './bitbucketPlan';
import { toStepText } from './pipelinesStep';
import type { SetupRequest } from './request';
import type { UserSituation } from './situation';

/** What is to be done on Bitbucket by somebody without a token; each value as it is to be typed. */
export function toBitbucketInstructions(
  request: SetupRequest,
  { key, keyId }: Made,
  { hostKey }: UserSituation,
): string {
  const { workspace, repository, keyFile, url, endpoint } = request;
  const known = `${hostKey.port === 22 ? '' : `:${hostKey.port}`}`;
  return `
On Bitbucket, in the settings of ${workspace}/${repository}
(https://bitbucket.org/${workspace}/${repository}/admin):

1. Pipelines > Settings: switch "Enable Pipelines" on.
2. Pipelines > SSH keys > Use my own keys:
   Private key: the content of ${keyFile}
   Public key:  ${key?.publicKey ?? 'its public half'}
   Delete the file when everything works: until then setup knows the key by it.
3. Pipelines > SSH keys > Known hosts: add ${hostKey.host}${known}, press Fetch, and compare:
   ${hostKey.fingerprint}
4. Pipelines > Repository variables, neither of them secured:
   ${keyIdVariable} = ${keyId ?? 'the id of the key at IAM'}
   ${urlVariable} = ${url}${endpoint === undefined ? '' : `\n   ${endpointVariable} = ${endpoint}`}
`;
}

/** The step to be added by hand. */
export function toStepInstructions(request: SetupRequest): string {
  return `
Add this step to bitbucket-pipelines.yml (--write does it for you):

pipelines:
  default:
${toStepText(request, '    ')}`;
}
