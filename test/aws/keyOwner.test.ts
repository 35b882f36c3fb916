import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClients, findKey, readCaller } from '../../src/aws/keyOwner';
import { readRefused } from '../../src/aws/writers';
import { createKeyPair } from '../../src/sandbox/server';
import { type Aws, openAws, secretAccessKey } from '../servers/aws';
import { addKey } from '../servers/aws/iam';
import type { IamUser } from '../servers/aws/state';

let aws: Aws;
beforeEach(async () => {
  aws = await openAws();
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});

const body = createKeyPair().publicKey.split(' ').slice(0, 2).join(' ');
const access = {
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey, sessionToken: undefined },
  region: 'eu-west-1',
  env: process.env,
};

function addUser(name: string, path = '/'): IamUser {
  const user: IamUser = { name, path, policies: new Map(), keys: [] };
  aws.state.users.set(name, user);
  return user;
}

test('an own key needs no look at other users', async () => {
  const own = addKey(aws.state, addUser('admin'), body);
  const clients = createClients(access);
  const caller = await readCaller(clients);
  const found = await findKey(clients, caller, ({ id }) => id === own.id);
  expect(found).toMatchObject({ user: { name: 'admin' }, key: { id: own.id, active: true } });
  expect(aws.requests).not.toContain('iam:ListUsers');
});

test('users that setup made come first, over pages, and an active key comes before an inactive one', async () => {
  addUser('admin');
  for (let each = 1; each <= 3; each++) addUser(`user-${each}`);
  const ours = addUser('mirror', '/codecommit-mirror/');
  const inactive = addKey(aws.state, ours, body, false);
  const active = addKey(aws.state, ours, createKeyPair().publicKey.split(' ').slice(0, 2).join(' '));
  aws.state.pageSize = 2;
  const clients = createClients(access);
  const found = await findKey(clients, await readCaller(clients), () => true);
  expect(found).toMatchObject({ user: { name: 'mirror' }, key: { id: active.id } });
  expect(aws.requests.filter((action) => action === 'iam:ListUsers')).toHaveLength(3);
  // The caller's own list and that of one user.
  expect(aws.requests.filter((action) => action === 'iam:ListSSHPublicKeys')).toHaveLength(2);
  expect(inactive.id).not.toBe(active.id);
});

test('what AWS would refuse is named, in the order in which it was asked', async () => {
  const user = addUser('mirror');
  const arn = `${aws.state.iamArn}:user/mirror`;
  const actions = ['codecommit:GitPull', 'codecommit:GitPush'];
  const ask = (resource: string) =>
    readRefused(createClients(access).iam, { principal: arn, actions, resource });
  expect(await ask('here')).toEqual(actions);
  user.policies.set('git', { Statement: [{ Effect: 'Allow', Action: actions, Resource: 'here' }] });
  expect(await ask('here')).toEqual([]);
  expect(await ask('there')).toEqual(actions);
});
