import { GetRoleCommand } from '@aws-sdk/client-iam';
import type { KeyIdentity } from '../aws/identity';
import {
  type Caller,
  type Clients,
  createClients,
  findKey,
  readCaller,
  toIamFingerprint,
} from '../aws/keyOwner';
import { toRepositoryArn } from '../aws/policy';
import type { IamKey } from '../aws/sshKeys';
import { findWriters, readRefused } from '../aws/writers';
import { type ErrorCode, type MirrorError, PermissionMissing } from '../errors';
import { collectFaults } from '../faults';
import type { DestinationUrl } from '../pipe/destinationUrl';
import { hasAccessKey, readAccessKey } from '../pipe/identity';
import { parseVariables } from '../pipe/parseVariables';
import type { DestinationSettings } from '../pipe/settings';
import { toIamRegion } from '../pipe/sshUser';
import type { Environment } from '../pipe/variables';
import type { Login, SshLogin } from '../remote/settings';
import {
  attempt,
  iamPoints,
  type Point,
  type PointName,
  toFailed,
  toOk,
  toUnreached,
  toUnseen,
} from './point';

/** What IAM reports about key and user, if there are AWS credentials. No points without credentials. */
export async function checkAws(
  env: Environment,
  { destination, url }: DestinationSettings,
  credentials: KeyIdentity | undefined,
  signal: AbortSignal,
): Promise<Point[]> {
  const { login } = destination;
  if (login.kind === 'aws' && login.identity.kind === 'role')
    return [toUnseen('policy', 'not checked for the session of a role; see "right to push"')];
  if (credentials === undefined && !hasAccessKey(env)) return [];
  if (credentials === undefined) {
    const faults = collectFaults();
    readAccessKey(parseVariables(env).values, faults);
    const [fault] = faults.faults;
    return [toUnseen('key at IAM', fault?.message ?? '', fault?.remedy), ...toUnreached(rightPoints)];
  }
  using clients = createClients({ credentials, region: toIamRegion(url), env }, signal);
  return await checkIam(clients, login, url);
}

const [, ...rightPoints] = iamPoints;

async function checkIam(clients: Clients, login: Login, url: DestinationUrl): Promise<Point[]> {
  const called = await attempt(() => readCaller(clients));
  if ('failure' in called) {
    const [name, ...rest] = login.kind === 'ssh' ? iamPoints : rightPoints;
    return [toAwsFailure(name, called.failure), ...toUnreached(rest)];
  }
  const caller = called.value;
  if (login.kind !== 'ssh') return await checkRights(clients, caller, caller.arn, url);
  const { point, owner } = await checkKey(clients, caller, login);
  if (owner === undefined) return [point, ...toUnreached(rightPoints)];
  return [point, ...(await checkRights(clients, caller, owner, url))];
}

/** By default, the remedies of these errors are about setup. */
const remedies: Partial<Record<ErrorCode, string>> = {
  'setup-aws-credentials':
    'Log in (aws sso login, or aws configure), or correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  'setup-aws-throttled': 'Wait a minute and check again.',
  'setup-aws-unreachable':
    'Check the network; behind a proxy set HTTPS_PROXY, and NODE_EXTRA_CA_CERTS where it inspects TLS.',
};

/** A point that AWS does not let us inspect is not a failure of the mirror. */
function toAwsFailure(name: PointName, failure: MirrorError): Point {
  if (failure instanceof PermissionMissing)
    return toUnseen(
      name,
      `these AWS credentials lack the permission ${failure.permission}`,
      `To check this point, allow ${failure.permission}. A mirror does not need it.`,
    );
  return toUnseen(name, failure.message, remedies[failure.code]);
}

/** `owner`: the ARN of the user that has the key. */
async function checkKey(
  clients: Clients,
  caller: Caller,
  { user: id, key }: SshLogin,
): Promise<{ readonly point: Point; readonly owner?: string }> {
  const name = 'key at IAM';
  const fingerprint = toIamFingerprint(key);
  const isIt = (each: IamKey) => each.id === id;
  const isNext = (each: IamKey) => each.fingerprint === fingerprint;
  const result = await attempt(() => findKey(clients, caller, isIt, isNext));
  if ('failure' in result) return { point: toAwsFailure(name, result.failure) };
  const found = result.value;
  if (found === undefined) {
    const message = `no user of the AWS account ${caller.account} has the SSH key ${id}, nor one with the fingerprint ${fingerprint}`;
    const remedy = 'Upload the public half to IAM, or use credentials of the account that has it.';
    return { point: toFailed(name, { message, remedy }) };
  }
  const { user, key: at } = found;
  if (at.id !== id) {
    const message = `IAM has no SSH key ${id}; this key is ${at.id}, of the user ${user.name}`;
    return { point: toFailed(name, { message, remedy: `Set SSH_KEY_ID to ${at.id}.` }) };
  }
  if (at.fingerprint !== fingerprint) {
    const message = `${id} of the user ${user.name} is another key: ${at.fingerprint}, and the private key has ${fingerprint}`;
    const remedy = 'Give the private key whose public half was uploaded, or the id of this one.';
    return { point: toFailed(name, { message, remedy }), owner: user.arn };
  }
  if (!at.active) {
    const message = `${id} of the user ${user.name} is inactive`;
    const remedy = `Make it active: aws iam update-ssh-public-key --user-name ${user.name} --ssh-public-key-id ${id} --status Active`;
    return { point: toFailed(name, { message, remedy }), owner: user.arn };
  }
  return { point: toOk(name, `active, of the user ${user.name}`), owner: user.arn };
}

/**
 * For a session (arn:aws:sts::<account>:assumed-role/<role>/<session>) the ARN of its role. The ARN of a session lacks
 * the role's path, such as that of SSO's roles, so IAM is asked.
 */
async function readPrincipal({ iam }: Clients, principal: string): Promise<string> {
  const [, RoleName] = /:assumed-role\/([^/]+)\//.exec(principal) ?? [];
  if (RoleName === undefined) return principal;
  return (await iam.send(new GetRoleCommand({ RoleName }))).Role?.Arn ?? principal;
}

const actions = ['codecommit:GitPull', 'codecommit:GitPush'];

/** The permissions of the mirror's user or role, and who else may push. */
async function checkRights(
  clients: Clients,
  { account }: Caller,
  principal: string,
  { region, repository }: DestinationUrl,
): Promise<Point[]> {
  if (region === undefined || repository === undefined)
    return [
      toUnseen('policy', 'the destination is not a repository on CodeCommit'),
      ...toUnreached(['other writers']),
    ];
  const resource = toRepositoryArn({ region, name: repository }, account);
  const result = await attempt(async () => {
    const source = await readPrincipal(clients, principal);
    return { source, refused: await readRefused(clients.iam, { principal: source, actions, resource }) };
  });
  if ('failure' in result) return [toAwsFailure('policy', result.failure), ...toUnreached(['other writers'])];
  const { source, refused } = result.value;
  return [toPolicyPoint(source, refused, resource), await checkWriters(clients, source, resource)];
}

function toPolicyPoint(source: string, refused: readonly string[], resource: string): Point {
  if (refused.length === 0) return toOk('policy', `${source} may pull and push`);
  return toFailed('policy', {
    message: `${source} lacks ${refused.join(' and ')} on ${resource}`,
    remedy: 'Allow them in a policy of the user or role, as docs/setup.md shows under "Set up by hand".',
  });
}

const namesAtMost = 10;

/** Other writers are not a failure: the owner of the account decides who may push. */
async function checkWriters(clients: Clients, mirror: string, repository: string): Promise<Point> {
  const result = await attempt(() => findWriters(clients.iam, { mirror, repository }));
  if ('failure' in result) return toAwsFailure('other writers', result.failure);
  const { writers, asked, total } = result.value;
  const cut = asked < total ? `; only the first ${asked} of ${total} were checked` : '';
  if (writers.length === 0)
    return toOk('other writers', `none of ${asked} other users and roles may push${cut}`);
  const more = writers.length > namesAtMost ? ` and ${writers.length - namesAtMost} more` : '';
  const names = `${writers.slice(0, namesAtMost).join(', ')}${more}`;
  return {
    ...toOk('other writers', `${writers.length} of ${asked} other users and roles may push${cut}: ${names}`),
    fix: 'If only the mirror should push, see codecommit-mirror setup --protect.',
  };
}
