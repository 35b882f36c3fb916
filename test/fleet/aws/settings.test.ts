import { describe, expect, test } from 'vitest';
import { keepHookSecrets } from '../../../src/fleet/aws/hookSecrets';
import { readRequest } from '../../../src/fleet/aws/hooks';
import { toLogin } from '../../../src/fleet/aws/login';
import { parseMessage, toGroup } from '../../../src/fleet/aws/message';
import { createSecretCache, parseSecretPlace } from '../../../src/fleet/aws/secrets';
import { parseSettings } from '../../../src/fleet/aws/settings';

const env = {
  AWS_REGION: 'eu-west-1',
  QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/q.fifo',
  TABLE_NAME: 'states',
  SOURCE_REPOSITORIES: 'app, web',
  DESTINATION_URL: 'https://github.com/acme/{name}.git',
  DESTINATION_SECRET: 'ssm:/mirror/token',
};

function readMirror(given: Readonly<Record<string, string>>) {
  const { mirrors } = parseSettings(given);
  return mirrors.kind === 'parameters' ? mirrors.mirror : undefined;
}

describe('the settings of a function', () => {
  test('name repositories, both sides and the place of the secret', () => {
    expect(readMirror(env)).toMatchObject({
      repositories: ['app', 'web'],
      sourceRegion: 'eu-west-1',
      sourceUrl: 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/{name}',
      destinationUrl: 'https://github.com/acme/{name}.git',
      destinationRegion: undefined,
      secret: { kind: 'parameter', name: '/mirror/token', region: 'eu-west-1' },
      force: false,
      prune: false,
      pruneLimit: 10,
    });
  });

  test('take a CodeCommit of another region, signed for that region and without a secret', () => {
    const other = { ...env, DESTINATION_URL: 'codecommit::us-east-1://{name}', DESTINATION_SECRET: '' };
    expect(readMirror(other)).toMatchObject({
      destinationUrl: 'https://git-codecommit.us-east-1.amazonaws.com/v1/repos/{name}',
      destinationRegion: 'us-east-1',
      secret: undefined,
    });
  });

  test.each([
    ['QUEUE_URL', '', 'QUEUE_URL is missing'],
    ['SOURCE_REPOSITORIES', 'a/b', 'SOURCE_REPOSITORIES is "a/b"'],
    ['DESTINATION_URL', 'https://github.com/acme/app.git', 'as there are several repositories'],
    ['DESTINATION_URL', 'https://me:word@github.com/{name}', 'DESTINATION_URL is "***@github.com/{name}"'],
    ['DESTINATION_URL', 'codecommit::eu-west-1://{name}', 'another repository than the source itself'],
    ['DESTINATION_SECRET', '', 'this host wants a login'],
    ['DESTINATION_SECRET', 'ghp_0123456789', 'DESTINATION_SECRET has another form (not shown)'],
    ['PRUNE_LIMIT', 'ten', 'PRUNE_LIMIT is "ten"'],
    ['SOURCE_REGION', 'mars', 'SOURCE_REGION is "mars"'],
  ])('%s %j: %s', (name, value, expected) => {
    const secret = value.startsWith('codecommit') ? { DESTINATION_SECRET: '' } : {};
    const parse = () => parseSettings({ ...env, ...secret, [name]: value });
    expect(parse).toThrow(expected);
    expect(parse).not.toThrow('ghp_0123456789');
  });
});

describe('a secret', () => {
  const github = 'https://github.com/acme/app.git';
  test.each([
    ['a token alone', 'ghp_token\n', github, { username: 'x-access-token', password: 'ghp_token' }],
    [
      'a token in JSON',
      '{"token":"t-o-k"}',
      'https://gitlab.com/a/b',
      { username: 'oauth2', password: 't-o-k' },
    ],
    [
      'a token of Bitbucket',
      '{"token":"t"}',
      'https://bitbucket.org/a/b',
      { username: 'x-token-auth', password: 't' },
    ],
    ['a user and a password', '{"username":"u","password":"p"}', github, { username: 'u', password: 'p' }],
  ])('is %s', async (_case, text, url, expected) => {
    expect(await toLogin(text, url, 'ssm:/x')).toEqual({ kind: 'password', ...expected });
  });

  test.each([
    ['empty', ' ', github, 'it is empty'],
    ['two words', 'my secret', github, 'white space'],
    ['JSON of another form', '{"pass":"hidden-value"}', github, 'none of the three forms'.slice(5)],
    ['a token for SSH', 'hidden-value', 'ssh://git@github.com/a/b', 'no "privateKey"'],
    ['a key for HTTPS', '{"privateKey":"hidden-value"}', github, 'is no ssh:// URL'],
  ])('that is %s is named without its value', async (_case, text, url, expected) => {
    const made = toLogin(text, url, 'ssm:/x');
    await expect(made).rejects.toThrow(expected);
    await expect(made).rejects.not.toThrow('hidden-value');
  });

  test('is read again after five minutes, when asked for, and after a failure', async () => {
    let [now, reads] = [0, 0];
    const cache = createSecretCache(
      async () => {
        reads += 1;
        if (reads === 3) throw new Error('away');
        return `value ${reads}`;
      },
      () => now,
    );
    const place = { kind: 'parameter', name: '/x', region: 'eu-west-1' } as const;
    expect(await cache.read(place, false)).toBe('value 1');
    now = 299_999;
    expect(await cache.read(place, false)).toBe('value 1');
    now = 300_000;
    expect(await cache.read(place, false)).toBe('value 2');
    await expect(cache.read(place, true)).rejects.toThrow('away');
    expect(await cache.read(place, false)).toBe('value 4');
  });

  test('stands in Secrets Manager or in Systems Manager, each in its own region', () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:m-AbCdEf';
    expect(parseSecretPlace(arn, 'eu-west-1')).toEqual({ kind: 'secrets-manager', arn, region: 'us-east-1' });
    const parameter = 'arn:aws:ssm:us-east-2:123456789012:parameter/m/token';
    expect(parseSecretPlace(parameter, 'eu-west-1')).toMatchObject({
      kind: 'parameter',
      region: 'us-east-2',
    });
    expect(parseSecretPlace('$TOKEN', 'eu-west-1')).toBeUndefined();
  });
});

test('a message of another version or form is none', () => {
  const message = {
    version: 1,
    place: { mirror: 'm', identity: 'codecommit.us-east-1#1', path: 'app' },
    reason: 'event',
    id: '1',
    continued: 0,
  };
  expect(parseMessage(JSON.stringify(message))).toEqual(message);
  for (const body of ['', '{}', 'null', JSON.stringify({ ...message, version: 2 })])
    expect(parseMessage(body)).toBeUndefined();
});

test('a group is one that SQS takes, whatever the identity', () => {
  expect(toGroup({ mirror: 'm', identity: 'github.com#1' })).toBe('m/github.com#1');
  for (const identity of [`git.example.com#${'x'.repeat(200)}`, 'git.example.com#größe']) {
    const group = toGroup({ mirror: 'm', identity });
    expect(group).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(group).toBe(toGroup({ mirror: 'm', identity }));
    expect(group).not.toBe(toGroup({ mirror: 'n', identity }));
  }
});

test('a webhook has its raw body and its headers in lower case', async () => {
  const event = {
    version: '2.0',
    rawPath: '/hooks/acme',
    headers: { 'X-Hub-Signature-256': 'sha256=00' },
    body: Buffer.from('{"a":"ä"}').toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method: 'POST' } },
  };
  const request = readRequest(event);
  expect(request).toMatchObject({
    method: 'POST',
    path: '/hooks/acme',
    headers: { 'x-hub-signature-256': 'sha256=00' },
  });
  expect(await request?.readBody()).toEqual(Buffer.from('{"a":"ä"}'));
  const large = { ...event, body: 'x'.repeat(26 * 2 ** 20), isBase64Encoded: false };
  expect(await readRequest(large)?.readBody()).toBe(413);
  expect(readRequest({ tick: true })).toBeUndefined();
});

test('the secrets of webhooks are read again when one does not fit, and not each time somebody forges one', async () => {
  let [now, reads] = [0, 0];
  const secrets = keepHookSecrets(
    async () => {
      reads += 1;
      return [`secret ${reads}`];
    },
    () => now,
  );
  const isValid = (secret: string) => secrets.test((all) => all.includes(secret));
  expect(await isValid('secret 1')).toBe(true);
  expect(await isValid('secret 2')).toBe(false);
  now = 10_000;
  expect(await isValid('secret 2')).toBe(true);
  for (let forged = 0; forged < 100; forged += 1) expect(await isValid('forged')).toBe(false);
  expect(reads).toBe(2);
  now = 310_000;
  expect(await isValid('secret 3')).toBe(true);
});
