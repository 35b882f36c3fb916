import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKeys } from '../../../src/aws/sshKeys';
import { MirrorError } from '../../../src/errors';
import { createKeyPair } from '../../../src/sandbox/server';
import { type Aws, openAws as openClients } from '../../../src/setup/aws/aws';
import { openRole, openUser, uploadKey } from '../../../src/setup/aws/identity';
import { ensureRepository, readAccount, readRepositoryExists } from '../../../src/setup/aws/repository';
import { type Aws as AwsServer, openAws } from '../../servers/aws';
import { addKey } from '../../servers/aws/iam';

let server: AwsServer;
let aws: Aws;
beforeEach(async () => {
  server = await openAws();
  aws = open();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function open(accessKeyId = server.env['AWS_ACCESS_KEY_ID'] ?? ''): Aws {
  const credentials = { accessKeyId, secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY'] ?? '' };
  return openClients({ region: 'eu-west-1', endpoint: server.url, credentials });
}

function addUser(name = 'ada') {
  const user = { name, path: '/', policies: new Map(), keys: [] };
  server.state.users.set(name, user);
  return user;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error instanceof MirrorError ? `${error.code}: ${error.message}` : String(error);
}

const pair = createKeyPair();
const readUser = () => openUser(aws, 'ada').read();

describe("AWS's own clients, on the real wire format", () => {
  it('read what is not there as nothing', async () => {
    expect(await readAccount(aws)).toBe('111122223333');
    expect(await readRepositoryExists(aws, 'app')).toBe(false);
    expect(await openUser(aws, 'ada').read()).toBeUndefined();
    expect(await openUser(aws, 'ada').readPolicy('p')).toBeUndefined();
    expect(await openRole(aws, 'ada').read()).toBeUndefined();
    expect(await readKeys(aws.iam, 'ada')).toEqual([]);
  });

  it('make a repository, and twice is once', async () => {
    for (let times = 0; times < 2; times++) await ensureRepository(aws, 'app', 'acme/app');
    expect([...server.state.repositories]).toEqual(['eu-west-1/app']);
    expect(await readRepositoryExists(aws, 'app')).toBe(true);
  });

  it.each([openUser, openRole])(
    'make a user or role with its tag, and change and delete the tag',
    async (openIt) => {
      const store = openIt(aws, 'ada');
      await store.create('acme/app:eu-west-1/app', {});
      expect(await store.read()).toMatchObject({
        tag: 'acme/app:eu-west-1/app',
        arn: expect.stringContaining('/codecommit-mirror/ada'),
      });
      await store.setTag('other');
      expect((await store.read())?.tag).toBe('other');
      for (let times = 0; times < 2; times++) await store.deleteTag();
      expect((await store.read())?.tag).toBeUndefined();
    },
  );

  it('list keys over all pages, with fingerprint, status and date', async () => {
    server.state.pageSize = 2;
    const user = addUser();
    const keys = [1, 2, 3, 4, 5].map((n) => addKey(server.state, user, `${pair.publicKey}${n}`, n !== 2));
    const read = await readKeys(aws.iam, 'ada');
    expect(read.map(({ id, active, uploaded }) => ({ id, active, uploaded }))).toEqual(
      keys.map(({ id, active, uploaded }) => ({ id, active, uploaded })),
    );
    expect(server.requests.filter((action) => action === 'iam:ListSSHPublicKeys')).toHaveLength(3);
  });

  it('upload a key', async () => {
    addUser();
    const id = await uploadKey(aws, 'ada', pair.publicKey);
    expect(await readKeys(aws.iam, 'ada')).toMatchObject([{ id, active: true, body: pair.publicKey }]);
  });

  it('try again by themselves when they are throttled', async () => {
    server.faults['iam:GetUser'] = { status: 400, code: 'Throttling', message: 'Rate exceeded', times: 2 };
    addUser();
    expect(await readUser()).toMatchObject({ tag: undefined });
    expect(server.requests).toEqual(['iam:GetUser', 'iam:GetUser', 'iam:GetUser']);
  });
});

describe('an AWS that says no', () => {
  it.each([
    [
      403,
      'AccessDenied',
      'setup-not-permitted: AWS denied the request; the permission iam:GetUser is missing',
    ],
    [403, 'InvalidClientTokenId', 'setup-aws-credentials: There are no valid AWS credentials'],
    [403, 'ExpiredToken', 'setup-aws-credentials'],
    [400, 'RequestExpired', 'setup-aws-credentials'],
    [403, 'SignatureDoesNotMatch', 'setup-aws-credentials'],
    [400, 'Throttling', 'setup-aws-throttled: AWS still throttles the requests after several retries'],
    [503, 'ServiceUnavailable', "setup-aws-unreachable: AWS can't be reached"],
    [409, 'LimitExceeded', 'setup-limit: A quota of the AWS account is used up'],
    [403, 'OptInRequired', 'setup-aws-failed: The AWS account is not signed up for this service'],
    [409, 'ConcurrentModification', 'setup-changed: Somebody else created or changed the same thing'],
    [409, 'DeleteConflict', 'setup-changed: Something that setup did not create is attached to it'],
    [400, 'InvalidPublicKey', 'setup-key-refused: IAM rejected the public key'],
    [400, 'DuplicateSSHPublicKey', 'setup-key-refused: IAM rejected the public key'],
    [
      400,
      'MalformedPolicyDocument',
      'setup-aws-failed: AWS rejected the call (iam:GetUser, MalformedPolicyDocument)',
    ],
    [418, 'Teapot', 'setup-aws-failed'],
  ])('%i %s', async (status, code, expected) => {
    server.faults['iam:GetUser'] = { status, code };
    const told = await codeOf(readUser());
    expect(told).toContain(expected);
    expect(told).toContain(
      code === 'AccessDenied' ? 'iam:GetUser says AccessDenied' : `(iam:GetUser, ${code})`,
    );
  });

  it('NoSuchEntity where something must be there', async () => {
    expect(await codeOf(uploadKey(aws, 'nobody', pair.publicKey))).toContain(
      'setup-changed: Something was deleted in the meantime (iam:UploadSSHPublicKey, NoSuchEntity)',
    );
  });

  it('AccessDenied names the permission that AWS names', async () => {
    const message =
      'User: arn:aws:iam::1:user/a is not authorized to perform: iam:TagUser on resource: user x because no policy allows it';
    server.faults['iam:CreateUser'] = { status: 403, code: 'AccessDenied', message };
    expect(await codeOf(openUser(aws, 'ada').create('t'))).toContain('the permission iam:TagUser is missing');
  });

  it('CodeCommit, in its JSON: a missing permission and a quota', async () => {
    server.faults['codecommit:GetRepository'] = { status: 400, code: 'AccessDeniedException' };
    expect(await codeOf(readRepositoryExists(aws, 'app'))).toContain(
      'the permission codecommit:GetRepository is missing',
    );
    server.faults['codecommit:CreateRepository'] = { status: 400, code: 'RepositoryLimitExceededException' };
    expect(await codeOf(ensureRepository(aws, 'app', 'acme/app'))).toContain('setup-limit');
    server.faults['codecommit:CreateRepository'] = { status: 400, code: 'ThrottlingException' };
    expect(await codeOf(ensureRepository(aws, 'app', 'acme/app'))).toContain('setup-aws-throttled');
  });

  it('a user with something left', async () => {
    addKey(server.state, addUser(), pair.publicKey);
    expect(await codeOf(openUser(aws, 'ada').delete())).toContain(
      'setup-changed: Something that setup did not',
    );
    expect(server.state.users.has('ada')).toBe(true);
  });

  it('to an unknown access key', async () => {
    expect(await codeOf(readAccount(open('AKIAUNKNOWNUNKNOWN12')))).toContain('setup-aws-credentials');
  });

  it('nobody at all', async () => {
    const closed = open();
    await server[Symbol.asyncDispose]();
    expect(await codeOf(readAccount(closed))).toContain("setup-aws-unreachable: AWS can't be reached");
  });
});
