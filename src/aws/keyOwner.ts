import { IAMClient, paginateListUsers } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { toFingerprint } from '../ssh/knownHosts';
import type { PrivateKey } from '../ssh/privateKey';
import { collectPages, explainErrors } from './client';
import { createRequestHandler } from './http';
import type { AwsKeys } from './identity';
import { type IamKey, readKeys } from './sshKeys';

export interface Clients extends Disposable {
  readonly iam: IAMClient;
  readonly sts: STSClient;
}

/** The AWS credentials of the variables, and their region. */
export interface AwsAccess {
  readonly credentials: AwsKeys;
  readonly region: string;
  /** For proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface IamUser {
  readonly name: string;
  readonly arn: string;
}

/** The caller. `user` is undefined for a role and for the account itself. */
export interface Caller {
  /** 12 digits. */
  readonly account: string;
  readonly arn: string;
  readonly user: IamUser | undefined;
}

/** An SSH public key in IAM and its user. */
export interface OwnedKey {
  readonly user: IamUser;
  readonly key: IamKey;
}

/** The path of everything that `setup` creates in IAM. */
export const ourPath = '/codecommit-mirror/';

/** The users of an account are queried one by one. */
const lookMilliseconds = 120_000;

/** Creates the two clients with the credentials of the variables, not those that the SDK would find. */
export function createClients({ credentials, region, env }: AwsAccess, signal?: AbortSignal): Clients {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const held = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  const limit = AbortSignal.timeout(lookMilliseconds);
  const ending = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const requestHandler = createRequestHandler(env, undefined, ending);
  const options = { credentials: held, region, requestHandler };
  const [iam, sts] = [explainErrors(new IAMClient(options)), explainErrors(new STSClient(options))];
  return { iam, sts, [Symbol.dispose]: () => requestHandler.destroy() };
}

/** The fingerprint in IAM's format: MD5 of the wire format, hexadecimal pairs with colons. */
export function toIamFingerprint(key: PrivateKey): string {
  const [, base64 = ''] = key.publicKey.split(' ');
  return toFingerprint(base64, 'md5').slice('MD5:'.length);
}

export async function readCaller({ sts }: Clients): Promise<Caller> {
  const { Account: account = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  const [, name] = /:user\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  return { account, arn, user: name === undefined ? undefined : { name, arn } };
}

/**
 * Finds a key in the account: first among those of the caller, then of the users that `setup` created, then of all
 * others. If no key satisfies `isIt`, returns the first one that satisfies `isNext`. Of one user's keys, active ones
 * come first. Throws MirrorError, including PermissionMissing.
 */
export async function findKey(
  { iam }: Clients,
  caller: Caller,
  isIt: (key: IamKey) => boolean,
  isNext: (key: IamKey) => boolean = () => false,
): Promise<OwnedKey | undefined> {
  let next: OwnedKey | undefined;
  for await (const user of listUsers(iam, caller)) {
    const keys = await readKeys(iam, user.name);
    const found = pickKey(user, keys.filter(isIt));
    if (found !== undefined) return found;
    next ??= pickKey(user, keys.filter(isNext));
  }
  return next;
}

/** The caller first: its own keys can be found without the permission to list users. */
async function* listUsers(client: IAMClient, caller: Caller): AsyncGenerator<IamUser> {
  if (caller.user !== undefined) yield caller.user;
  for (const user of await readUsers(client)) if (user.arn !== caller.arn) yield user;
}

function pickKey(user: IamUser, keys: readonly IamKey[]): OwnedKey | undefined {
  const key = keys.find(({ active }) => active) ?? keys[0];
  return key && { user, key };
}

/** Every user of the account; those that `setup` created come first. */
export async function readUsers(client: IAMClient): Promise<readonly IamUser[]> {
  const pages = await collectPages(paginateListUsers({ client }, {}));
  const users = pages.flatMap(({ Users = [] }) => Users);
  const isOurs = ({ Path }: { Path: string | undefined }) => Path === ourPath;
  return [...users.filter(isOurs), ...users.filter((user) => !isOurs(user))].map(
    ({ UserName = '', Arn = '' }) => ({ name: UserName, arn: Arn }),
  );
}
