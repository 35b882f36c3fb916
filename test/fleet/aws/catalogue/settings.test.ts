import { describe, expect, test } from 'vitest';
import { toLogin } from '../../../../src/fleet/aws/catalogue/login';
import { parseSettings } from '../../../../src/fleet/aws/catalogue/settings';

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
      secret: { kind: 'parameter', name: '/mirror/token' },
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
    [
      'DESTINATION_SECRET',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:m-AbCdEf:key::',
      'has another form (not shown)',
    ],
    ['PRUNE_LIMIT', 'ten', 'PRUNE_LIMIT is "ten"'],
    ['SOURCE_REGION', 'mars', 'SOURCE_REGION is "mars"'],
  ])('%s %j: %s', (name, value, expected) => {
    const secret = value.startsWith('codecommit') ? { DESTINATION_SECRET: '' } : {};
    const parse = () => parseSettings({ ...env, ...secret, [name]: value });
    expect(parse).toThrow(expected);
    expect(parse).not.toThrow('ghp_0123456789');
  });
});

describe('the secret of a destination', () => {
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
});
