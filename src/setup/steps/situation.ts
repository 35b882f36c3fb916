import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepositoryTrigger } from '@aws-sdk/client-codecommit';
import { type IamKey, readKeys } from '../../aws/sshKeys';
import type { PrivateKey } from '../../ssh/privateKey';
import type { Context } from '../../system/context';
import { hasCode } from '../../system/errorCode';
import { type Aws, look, type Seen } from '../aws/aws';
import { type Identity, type IdentityStore, openRole, openUser } from '../aws/identity';
import { readKeyFile, requireKeyFilePlace } from '../aws/keyFile';
import { readProvider, toProviderArn } from '../aws/oidc';
import { type Protection, readProtection, toProtectionArn } from '../aws/protection';
import { readAccount, readRepositoryExists, readTriggers } from '../aws/repository';
import type {
  BitbucketRepository,
  BitbucketSchedule,
  BitbucketVariable,
  RepositoryIds,
} from '../bitbucket/bitbucket';
import { type Clone, readClone } from '../clone';
import { toPolicyName } from '../names';
import type { SetupRequest } from '../request';

/** The context of setup, in addition to that of every program. */
export interface SetupContext extends Context {
  /** Prints text; only secrets are masked. */
  readonly say: (text: string) => void;
  /** Creates an RSA key pair. */
  readonly createKey: () => Promise<PrivateKey>;
  /** For questions; undefined if there is no terminal. */
  readonly terminal:
    | { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream }
    | undefined;
}

/** Everything that setup works with. */
export interface Hands {
  readonly request: SetupRequest;
  readonly context: SetupContext;
  readonly aws: Aws;
  /** Undefined without a token. */
  readonly bitbucket: BitbucketRepository | undefined;
}

/** Everything that setup reads before it plans. */
export interface Situation {
  /** The AWS account: 12 digits. */
  readonly account: string;
  /** Whether the repository on CodeCommit exists. */
  readonly repository: Seen<boolean>;
  readonly identity: IdentitySituation;
  /** For a user. */
  readonly keys: Seen<readonly IamKey[]>;
  /** For a role: the identity provider it trusts. */
  readonly provider: Seen<{ readonly audiences: readonly string[] } | undefined>;
  /** With --protect: the policy that denies others to push. */
  readonly protection: Seen<Protection | undefined>;
  /** With --trigger: all triggers of the repository on CodeCommit. */
  readonly triggers: Seen<readonly RepositoryTrigger[]>;
  /** The private key of an earlier run without a token. */
  readonly keyFile: PrivateKey | undefined;
  readonly bitbucket: BitbucketSituation | undefined;
  readonly file: PipelinesFile;
}

export interface IdentitySituation {
  readonly store: IdentityStore;
  readonly present: Seen<Identity | undefined>;
  readonly policy: Seen<{ readonly document: unknown } | undefined>;
}

export interface BitbucketSituation {
  readonly ids: RepositoryIds;
  readonly enabled: Seen<boolean>;
  readonly variables: Seen<readonly BitbucketVariable[]>;
  readonly schedules: Seen<readonly BitbucketSchedule[]>;
}

export interface PipelinesFile {
  readonly path: string;
  /** Undefined if the file does not exist. */
  readonly text: string | undefined;
  /** Why it can't be read. */
  readonly problem: string | undefined;
  readonly clone: Clone | undefined;
}

/** Reads everything and changes nothing. Throws MirrorError for any failure other than a missing permission. */
export async function readSituation(hands: Hands): Promise<Situation> {
  const { request, aws } = hands;
  if (hands.bitbucket === undefined && !request.oidc)
    await requireKeyFilePlace(request.keyFile, hands.context);
  const account = await readAccount(aws, request.profile);
  const [repository, identity, keys, provider, protection, triggers, keyFile, bitbucket, file] =
    await Promise.all([
      look(() => readRepositoryExists(aws, request.name)),
      readIdentity(request, request.oidc ? openRole(aws, request.user) : openUser(aws, request.user)),
      request.oidc ? { value: [] } : look(() => readKeys(aws.iam, request.user)),
      request.oidc ? look(() => readProvider(aws, toProviderArn(request, account))) : { value: undefined },
      request.protect
        ? look(() => readProtection(aws, toProtectionArn(request, account)))
        : { value: undefined },
      request.trigger === undefined ? { value: [] } : look(() => readTriggers(aws, request.name)),
      request.oidc ? undefined : readKeyFile(request.keyFile),
      readBitbucket(hands),
      readPipelinesFile(hands),
    ]);
  const atAws = { account, repository, identity, keys, provider, protection, triggers };
  return { ...atAws, keyFile, bitbucket, file };
}

async function readIdentity(request: SetupRequest, store: IdentityStore): Promise<IdentitySituation> {
  const [present, policy] = await Promise.all([
    look(() => store.read()),
    look(() => store.readPolicy(toPolicyName(request))),
  ]);
  return { store, present, policy };
}

/** One request at a time, so that only one waits when Bitbucket asks for it. */
async function readBitbucket({ bitbucket, request }: Hands): Promise<BitbucketSituation | undefined> {
  if (bitbucket === undefined) return undefined;
  const ids = await bitbucket.readIds();
  const enabled = await look(bitbucket.readEnabled);
  const variables = request.oidc ? { value: [] } : await look(bitbucket.readVariables);
  const schedules = request.nightly ? await look(bitbucket.readSchedules) : { value: [] };
  return { ids, enabled, variables, schedules };
}

export async function readPipelinesFile({ request, context }: Hands): Promise<PipelinesFile> {
  const path = join(request.cwd, 'bitbucket-pipelines.yml');
  const clone = request.write ? await readClone(request.cwd, context) : undefined;
  try {
    return { path, text: await readFile(path, 'utf8'), problem: undefined, clone };
  } catch (error) {
    const isMissing = hasCode(error, 'ENOENT');
    return { path, text: undefined, problem: isMissing ? undefined : String(error), clone };
  }
}
