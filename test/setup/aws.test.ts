import { CodeCommitClient } from '@aws-sdk/client-codecommit';
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MirrorError } from '../../src/errors';
import { createKeyPair } from '../../src/sandbox/server';
import type { Aws } from '../../src/setup/aws';
import { ensureRepository, readAccount, readRepositoryExists } from '../../src/setup/codecommit';
import { deleteUser, ensureKey, ensureUser, readKeys, readUser, readUserPolicy } from '../../src/setup/iam';
import { parsePublicKey } from '../../src/setup/keyPair';
import { isSamePolicy, toGitPolicy } from '../../src/setup/policy';
import { type Aws as AwsServer, openAws } from '../servers/aws';
import { addKey } from '../servers/aws/iam';

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
  const options = { region: 'eu-west-1', endpoint: server.url, credentials };
  return {
    iam: new IAMClient(options),
    codecommit: new CodeCommitClient(options),
    sts: new STSClient(options),
    signal: new AbortController().signal,
  };
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

describe("AWS's own clients, on the real wire format", () => {
  it('read what is not there as nothing', async () => {
    expect(await readAccount(aws)).toBe('111122223333');
    expect(await readRepositoryExists(aws, 'app')).toBe(false);
    expect(await readUser(aws, 'ada')).toBeUndefined();
    expect(await readUserPolicy(aws, 'ada', 'p')).toBeUndefined();
    expect(await readKeys(aws, 'ada')).toEqual([]);
  });

  it('make a user and a repository, and twice is once', async () => {
    for (let times = 0; times < 2; times++) {
      await ensureUser(aws, 'ada');
      await ensureRepository(aws, 'app', 'acme/app');
    }
    expect([...server.state.users.keys()]).toEqual(['ada']);
    expect(await readUser(aws, 'ada')).toEqual({ path: '/codecommit-mirror/' });
    expect(await readRepositoryExists(aws, 'app')).toBe(true);
  });

  it('list keys over all pages, with fingerprint, status and date', async () => {
    server.state.pageSize = 2;
    const user = addUser();
    const keys = [1, 2, 3, 4, 5].map((n) => addKey(server.state, user, `${pair.publicKey}${n}`, n !== 2));
    const read = await readKeys(aws, 'ada');
    expect(read.map(({ id, active, uploaded }) => ({ id, active, uploaded }))).toEqual(
      keys.map(({ id, active, uploaded }) => ({ id, active, uploaded })),
    );
    expect(server.requests.filter((action) => action === 'iam:ListSSHPublicKeys')).toHaveLength(3);
  });

  it('upload a key; one that is there already is recognised by its fingerprint', async () => {
    addUser();
    const key = parsePublicKey(pair.publicKey);
    if (typeof key === 'string') throw new Error(key);
    const id = await ensureKey(aws, 'ada', key.line, key.fingerprint);
    expect(await readKeys(aws, 'ada')).toMatchObject([{ id, active: true, fingerprint: key.fingerprint }]);
    expect(await ensureKey(aws, 'ada', key.line, key.fingerprint)).toBe(id);
    expect(server.state.users.get('ada')?.keys).toHaveLength(1);
  });

  it('try again by themselves when they are throttled', async () => {
    server.faults['iam:GetUser'] = { status: 400, code: 'Throttling', message: 'Rate exceeded', times: 2 };
    addUser();
    expect(await readUser(aws, 'ada')).toEqual({ path: '/' });
    expect(server.requests).toEqual(['iam:GetUser', 'iam:GetUser', 'iam:GetUser']);
  });
});

describe('an AWS that says no', () => {
  it.each([
    [403, 'AccessDenied', 'setup-not-permitted: AWS refused it, the permission iam:GetUser is missing'],
    [403, 'InvalidClientTokenId', 'setup-aws-credentials: There are no AWS credentials that are valid'],
    [403, 'ExpiredToken', 'setup-aws-credentials'],
    [400, 'RequestExpired', 'setup-aws-credentials'],
    [403, 'SignatureDoesNotMatch', 'setup-aws-credentials'],
    [400, 'Throttling', 'setup-aws-throttled: AWS answers too many requests, also after several tries'],
    [409, 'LimitExceeded', 'setup-limit: A quota of the AWS account is used up'],
    [409, 'ConcurrentModification', 'setup-changed: Somebody made or changed the same thing'],
    [409, 'DeleteConflict', 'setup-changed: It is still in use'],
    [400, 'InvalidPublicKey', 'setup-key-refused: IAM says that the public key is malformed'],
    [400, 'UnrecognizedPublicKeyEncoding', 'setup-key-refused: IAM does not know the encoding'],
    [400, 'DuplicateSSHPublicKey', 'setup-key-refused: IAM has this public key already'],
    [
      400,
      'MalformedPolicyDocument',
      'setup-aws-failed: AWS refused the call (iam:GetUser, MalformedPolicyDocument)',
    ],
    [418, 'Teapot', 'setup-aws-failed'],
  ])('%i %s', async (status, code, expected) => {
    server.faults['iam:GetUser'] = { status, code };
    const told = await codeOf(readUser(aws, 'ada'));
    expect(told).toContain(expected);
    expect(told).toContain(
      code === 'AccessDenied' ? 'iam:GetUser says AccessDenied' : `(iam:GetUser, ${code})`,
    );
  });

  it('NoSuchEntity where something must be there', async () => {
    const key = parsePublicKey(pair.publicKey);
    if (typeof key === 'string') throw new Error(key);
    expect(await codeOf(ensureKey(aws, 'nobody', key.line, key.fingerprint))).toContain(
      'setup-changed: Something that was there a moment ago is gone (iam:UploadSSHPublicKey, NoSuchEntity)',
    );
  });

  it('DuplicateSSHPublicKey for a key that it does not list', async () => {
    addUser();
    server.faults['iam:UploadSSHPublicKey'] = { status: 400, code: 'DuplicateSSHPublicKey' };
    expect(await codeOf(ensureKey(aws, 'ada', pair.publicKey, 'other'))).toContain('setup-key-refused');
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
    expect(await codeOf(deleteUser(aws, 'ada'))).toContain('setup-changed: It is still in use');
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

describe('the policy', () => {
  it.each([
    ['eu-west-1', 'arn:aws:codecommit:eu-west-1:1:app'],
    ['cn-north-1', 'arn:aws-cn:codecommit:cn-north-1:1:app'],
    ['us-gov-east-1', 'arn:aws-us-gov:codecommit:us-gov-east-1:1:app'],
  ])('names the repository in the partition of %s', (region, arn) => {
    const policy = toGitPolicy({ region, name: 'app' }, '1');
    expect(policy['Statement']).toEqual([
      { Effect: 'Allow', Action: ['codecommit:GitPull', 'codecommit:GitPush'], Resource: arn },
    ]);
    expect(isSamePolicy(JSON.parse(JSON.stringify(policy)), policy)).toBe(true);
  });
});
