import { createHash } from 'node:crypto';
import { AwsError } from '../../../src/sandbox/hosts/awsError';
import { isDenied } from './policies';
import type { AwsState, IamUser, SshKey } from './state';
import type { XmlValue } from './xml';

type Parameters = URLSearchParams;
type Call = (state: AwsState, parameters: Parameters) => XmlValue;

/** Of IAM's API what a mirror's set-up needs, by action; each answers what stands inside `<…Result>`. */
export const iamCalls: Readonly<Record<string, Call>> = {
  GetUser: (state, parameters) => ({ User: toUser(state, userOf(state, parameters)) }),
  CreateUser(state, parameters) {
    const name = need(parameters, 'UserName');
    // Names differ in more than case (IAM API, CreateUser).
    if ([...state.users.keys()].some((each) => each.toLowerCase() === name.toLowerCase()))
      throw new AwsError(409, 'EntityAlreadyExists', `User with name ${name} already exists.`);
    const path = parameters.get('Path') ?? '/';
    const user: IamUser = { name, path, policies: new Map(), keys: [], tags: tagsOf(parameters) };
    state.users.set(name, user);
    return { User: toUser(state, user) };
  },
  DeleteUser(state, parameters) {
    const user = userOf(state, parameters);
    if (user.keys.length > 0 || user.policies.size > 0 || user.attached === true)
      throw new AwsError(
        409,
        'DeleteConflict',
        'Cannot delete entity, must remove subordinate entities first.',
      );
    state.users.delete(user.name);
    return undefined;
  },
  TagUser(state, parameters) {
    addTags(userOf(state, parameters), parameters);
    return undefined;
  },
  UntagUser(state, parameters) {
    for (const key of listOf(parameters, 'TagKeys')) userOf(state, parameters).tags?.delete(key);
    return undefined;
  },
  TagRole(state, parameters) {
    addTags(roleOf(state, parameters), parameters);
    return undefined;
  },
  UntagRole(state, parameters) {
    for (const key of listOf(parameters, 'TagKeys')) roleOf(state, parameters).tags?.delete(key);
    return undefined;
  },
  PutUserPolicy(state, parameters) {
    userOf(state, parameters).policies.set(
      need(parameters, 'PolicyName'),
      needJson(parameters, 'PolicyDocument'),
    );
    return undefined;
  },
  GetUserPolicy: (state, parameters) => toPolicy(parameters, userOf(state, parameters).policies),
  DeleteUserPolicy: (state, parameters) => deletePolicy(parameters, userOf(state, parameters).policies),
  ListUsers(state, parameters) {
    const users = [...state.users.values()];
    const start = Number(parameters.get('Marker') ?? '0');
    const more = users.length > start + state.pageSize;
    return {
      Users: users.slice(start, start + state.pageSize).map((user) => toUser(state, user)),
      IsTruncated: more,
      Marker: more ? String(start + state.pageSize) : undefined,
    };
  },
  SimulatePrincipalPolicy(state, parameters) {
    const arn = need(parameters, 'PolicySourceArn');
    const owner =
      [...state.users.values()].find((user) => toArn(state, user) === arn) ??
      [...state.roles].find(([name, { path }]) => `${state.iamArn}:role${path}${name}` === arn)?.[1];
    if (owner === undefined) throw missing(`entity ${arn}`);
    const [resource = ''] = listOf(parameters, 'ResourceArns');
    const documents = [...owner.policies.values()];
    return {
      EvaluationResults: listOf(parameters, 'ActionNames').map((action) => ({
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: isDenied(state, { arn, action, resource, given: parameters })
          ? 'explicitDeny'
          : documents.some((document) => doesAllow(document, action, resource))
            ? 'allowed'
            : 'implicitDeny',
      })),
      IsTruncated: false,
    };
  },
  ListSSHPublicKeys(state, parameters) {
    const { keys, name } = userOf(state, parameters);
    const start = Number(parameters.get('Marker') ?? '0');
    const size = Math.min(state.pageSize, Number(parameters.get('MaxItems') ?? '100'));
    const more = keys.length > start + size;
    return {
      SSHPublicKeys: keys.slice(start, start + size).map((key) => toListedKey(name, key)),
      IsTruncated: more,
      Marker: more ? String(start + size) : undefined,
    };
  },
  GetSSHPublicKey(state, parameters) {
    const key = keyOf(state, parameters);
    if (need(parameters, 'Encoding') !== 'SSH')
      throw new AwsError(400, 'UnrecognizedPublicKeyEncoding', 'The public key encoding is not recognised.');
    return { SSHPublicKey: { ...toListedKey(need(parameters, 'UserName'), key), ...toKeyBody(key) } };
  },
  UploadSSHPublicKey(state, parameters) {
    const user = userOf(state, parameters);
    const [type = '', base64 = ''] = need(parameters, 'SSHPublicKeyBody').split(' ');
    const wire = Buffer.from(base64, 'base64');
    if (type !== 'ssh-rsa')
      throw new AwsError(400, 'UnrecognizedPublicKeyEncoding', 'The public key encoding is not recognised.');
    if (wire.toString('latin1', 4, 11) !== 'ssh-rsa' || wire.length < 256)
      throw new AwsError(400, 'InvalidPublicKey', 'Public key is malformed or otherwise invalid.');
    const body = `${type} ${base64}`;
    if (user.keys.some((key) => key.body === body))
      throw new AwsError(
        400,
        'DuplicateSSHPublicKey',
        'The SSH public key is already associated with the user.',
      );
    if (user.keys.length >= 5)
      throw new AwsError(409, 'LimitExceeded', 'Cannot exceed quota for SSHPublicKeysPerUser: 5');
    const key = addKey(state, user, body);
    return { SSHPublicKey: { ...toListedKey(user.name, key), ...toKeyBody(key) } };
  },
  UpdateSSHPublicKey(state, parameters) {
    const key = keyOf(state, parameters);
    key.active = need(parameters, 'Status') === 'Active';
    state.announce(key);
    return undefined;
  },
  DeleteSSHPublicKey(state, parameters) {
    const user = userOf(state, parameters);
    const key = keyOf(state, parameters);
    user.keys = user.keys.filter((each) => each !== key);
    key.active = false;
    state.announce(key);
    return undefined;
  },
  GetOpenIDConnectProvider(state, parameters) {
    const provider = state.providers.get(need(parameters, 'OpenIDConnectProviderArn'));
    if (provider === undefined) throw missing('OpenIDConnect Provider');
    return { Url: provider.url, ClientIDList: provider.audiences, ThumbprintList: [] };
  },
  CreateOpenIDConnectProvider(state, parameters) {
    const url = need(parameters, 'Url').replace('https://', '');
    const arn = `${state.iamArn}:oidc-provider/${url}`;
    if (state.providers.has(arn)) throw new AwsError(409, 'EntityAlreadyExists', 'Provider already exists.');
    state.providers.set(arn, { url, audiences: listOf(parameters, 'ClientIDList') });
    return { OpenIDConnectProviderArn: arn };
  },
  AddClientIDToOpenIDConnectProvider(state, parameters) {
    const provider = state.providers.get(need(parameters, 'OpenIDConnectProviderArn'));
    if (provider === undefined) throw missing('OpenIDConnect Provider');
    provider.audiences.push(need(parameters, 'ClientID'));
    return undefined;
  },
  GetRole: (state, parameters) => ({ Role: toRole(state, parameters) }),
  CreateRole(state, parameters) {
    const name = need(parameters, 'RoleName');
    if (state.roles.has(name))
      throw new AwsError(409, 'EntityAlreadyExists', `Role with name ${name} already exists.`);
    const trust = needJson(parameters, 'AssumeRolePolicyDocument');
    const path = parameters.get('Path') ?? '/';
    state.roles.set(name, { path, trust, policies: new Map(), tags: tagsOf(parameters) });
    return { Role: toRole(state, parameters) };
  },
  UpdateAssumeRolePolicy(state, parameters) {
    roleOf(state, parameters).trust = needJson(parameters, 'PolicyDocument');
    return undefined;
  },
  PutRolePolicy(state, parameters) {
    roleOf(state, parameters).policies.set(
      need(parameters, 'PolicyName'),
      needJson(parameters, 'PolicyDocument'),
    );
    return undefined;
  },
  GetRolePolicy: (state, parameters) => toPolicy(parameters, roleOf(state, parameters).policies),
  DeleteRolePolicy: (state, parameters) => deletePolicy(parameters, roleOf(state, parameters).policies),
  DeleteRole(state, parameters) {
    if (roleOf(state, parameters).policies.size > 0)
      throw new AwsError(409, 'DeleteConflict', 'Cannot delete entity, must delete policies first.');
    state.roles.delete(need(parameters, 'RoleName'));
    return undefined;
  },
};

/** Gives the user a key as an upload does; `body` is `ssh-rsa <base64>`. */
export function addKey(state: AwsState, user: IamUser, body: string, active = true): SshKey {
  state.uploads += 1;
  const id = `APKA${String(state.uploads).padStart(16, 'EXAMPLE')}`;
  // Each key is of another day, so that one of them is the oldest.
  const uploaded = new Date(Date.UTC(2026, 0, state.uploads)).toISOString();
  const key = { id, body, active, uploaded };
  user.keys.push(key);
  state.announce(key);
  return key;
}

function need(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === null || value === '') throw new AwsError(400, 'ValidationError', `${name} must not be null`);
  return value;
}

function needJson(parameters: Parameters, name: string): unknown {
  try {
    return JSON.parse(need(parameters, name));
  } catch {
    throw new AwsError(400, 'MalformedPolicyDocument', 'Syntax errors in policy.');
  }
}

function listOf(parameters: Parameters, name: string): string[] {
  return [...parameters].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
}

/** The values that IAM takes (IAM API, Tag). */
function tagsOf(parameters: Parameters): Map<string, string> {
  const keys = [...parameters].filter(([name]) => /^Tags\.member\.\d+\.Key$/.test(name));
  return new Map(
    keys.map(([name, key]) => {
      const value = parameters.get(name.replace(/Key$/, 'Value')) ?? '';
      if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value))
        throw new AwsError(400, 'ValidationError', `the tag value ${value} is not valid`);
      return [key, value];
    }),
  );
}

function addTags({ tags }: { tags?: Map<string, string> }, parameters: Parameters): void {
  if (tags === undefined) throw new Error('this user or role of the test takes no tags');
  for (const [key, value] of tagsOf(parameters)) tags.set(key, value);
}

function toTags({ tags }: { tags?: ReadonlyMap<string, string> }): XmlValue {
  return [...(tags ?? [])].map(([Key, Value]) => ({ Key, Value }));
}

function missing(what: string): AwsError {
  return new AwsError(404, 'NoSuchEntity', `The ${what} cannot be found.`);
}

function userOf(state: AwsState, parameters: Parameters): IamUser {
  const user = state.users.get(need(parameters, 'UserName'));
  if (user === undefined) throw missing(`user with name ${parameters.get('UserName')}`);
  return user;
}

function keyOf(state: AwsState, parameters: Parameters): SshKey {
  const id = need(parameters, 'SSHPublicKeyId');
  const key = userOf(state, parameters).keys.find((each) => each.id === id);
  if (key === undefined) throw missing(`public key with id ${id}`);
  return key;
}

function roleOf(state: AwsState, parameters: Parameters) {
  const role = state.roles.get(need(parameters, 'RoleName'));
  if (role === undefined) throw missing(`role with name ${parameters.get('RoleName')}`);
  return role;
}

/** Whether a document allows the action by its very name, on the resource or on everything. */
function doesAllow(document: unknown, action: string, resource: string): boolean {
  const text = JSON.stringify(document);
  return (
    text.includes(JSON.stringify(action)) &&
    [resource, '*'].some((each) => text.includes(`"Resource":${JSON.stringify(each)}`))
  );
}

function toArn(state: AwsState, { name, path }: IamUser): string {
  return `${state.iamArn}:user${path}${name}`;
}

function toUser(state: AwsState, user: IamUser): XmlValue {
  const { name, path } = user;
  const Arn = toArn(state, user);
  return {
    Path: path,
    UserName: name,
    UserId: 'AIDAEXAMPLEEXAMPLE12',
    Arn,
    CreateDate: '2026-01-01T00:00:00Z',
    Tags: toTags(user),
  };
}

function toRole(state: AwsState, parameters: Parameters): XmlValue {
  const RoleName = need(parameters, 'RoleName');
  const role = roleOf(state, parameters);
  const { path, trust } = role;
  return {
    Path: path,
    RoleName,
    RoleId: 'AROAEXAMPLEEXAMPLE12',
    Arn: `${state.iamArn}:role${path}${RoleName}`,
    CreateDate: '2026-01-01T00:00:00Z',
    AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trust)),
    Tags: toTags(role),
  };
}

/** IAM gives documents percent-encoded. */
function toPolicy(parameters: Parameters, policies: ReadonlyMap<string, unknown>): XmlValue {
  const PolicyName = need(parameters, 'PolicyName');
  const document = policies.get(PolicyName);
  if (document === undefined) throw missing(`policy with name ${PolicyName}`);
  return { PolicyName, PolicyDocument: encodeURIComponent(JSON.stringify(document)) };
}

function deletePolicy(parameters: Parameters, policies: Map<string, unknown>): undefined {
  if (!policies.delete(need(parameters, 'PolicyName'))) throw missing('policy');
}

function toListedKey(UserName: string, { id, active, uploaded }: SshKey) {
  return { UserName, SSHPublicKeyId: id, Status: active ? 'Active' : 'Inactive', UploadDate: uploaded };
}

function toKeyBody({ body }: SshKey) {
  const wire = Buffer.from(body.split(' ')[1] ?? '', 'base64');
  const pairs = createHash('md5').update(wire).digest('hex').match(/../g) ?? [];
  return { SSHPublicKeyBody: body, Fingerprint: pairs.join(':') };
}
