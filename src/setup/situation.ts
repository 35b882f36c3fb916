import type { PrivateKey } from '../settings/privateKey';
import { type Aws, look, type Seen } from './aws';
import type { BitbucketKnownHost, BitbucketRepository, BitbucketVariable, RepositoryIds } from './bitbucket';
import { readAccount, readRepositoryExists } from './codecommit';
import { type HostKey, readHostKey } from './hostKey';
import { type IamKey, readKeys, readUser, readUserPolicy } from './iam';
import { readKeyFile } from './keyFile';
import { readPipelinesFile } from './pipelinesFile';
import { toPolicyName } from './policy';
import type { SetupRequest } from './request';
import { type RoleSituation, readRoleSituation } from './role';

/** Everything that setup looks at before it says what it would do. */
export interface Situation {
  /** The AWS account: 12 digits. */
  readonly account: string;
  /** Whether the repository on CodeCommit is there. */
  readonly repository: Seen<boolean>;
  readonly identity: UserSituation | RoleSituation;
  /** Undefined: there is no token. */
  readonly bitbucket: BitbucketSituation | undefined;
  /** The text of bitbucket-pipelines.yml. */
  readonly pipelinesFile: string | undefined;
}

/** An IAM user with an SSH key. */
export interface UserSituation {
  readonly kind: 'user';
  readonly user: Seen<{ readonly path: string } | undefined>;
  readonly policy: Seen<{ readonly document: unknown } | undefined>;
  readonly keys: Seen<readonly IamKey[]>;
  /** The private key that an earlier run left in a file. */
  readonly keyFile: PrivateKey | undefined;
  readonly hostKey: HostKey;
}

export interface BitbucketSituation {
  readonly ids: RepositoryIds;
  readonly enabled: Seen<boolean>;
  readonly publicKey: Seen<string | undefined>;
  readonly knownHosts: Seen<readonly BitbucketKnownHost[]>;
  readonly variables: Seen<readonly BitbucketVariable[]>;
}

/** The services, opened. */
export interface Services {
  readonly aws: Aws;
  readonly bitbucket: BitbucketRepository | undefined;
}

/** Looks at everything at once, and changes nothing. Throws MirrorError where a look fails for another reason than a permission. */
export async function readSituation(request: SetupRequest, services: Services): Promise<Situation> {
  const { aws, bitbucket } = services;
  const [account, repository, identity, there, pipelinesFile] = await Promise.all([
    readAccount(aws),
    look(() => readRepositoryExists(aws, request.name)),
    request.oidc ? readRoleSituation(request, aws) : readUserSituation(request, aws),
    bitbucket && readBitbucket(bitbucket),
    readPipelinesFile(request.pipelinesFile),
  ]);
  return { account, repository, identity, bitbucket: there, pipelinesFile };
}

async function readUserSituation(request: SetupRequest, aws: Aws): Promise<UserSituation> {
  const [user, policy, keys, keyFile, hostKey] = await Promise.all([
    look(() => readUser(aws, request.user)),
    look(() => readUserPolicy(aws, request.user, toPolicyName(request))),
    look(() => readKeys(aws, request.user)),
    readKeyFile(request.keyFile),
    readHostKey(request, aws.signal),
  ]);
  return { kind: 'user', user, policy, keys, keyFile, hostKey };
}

async function readBitbucket(bitbucket: BitbucketRepository): Promise<BitbucketSituation> {
  const [ids, enabled, publicKey, knownHosts, variables] = await Promise.all([
    bitbucket.readIds(),
    look(bitbucket.readEnabled),
    look(bitbucket.readPublicKey),
    look(bitbucket.readKnownHosts),
    look(bitbucket.readVariables),
  ]);
  return { ids, enabled, publicKey, knownHosts, variables };
}
