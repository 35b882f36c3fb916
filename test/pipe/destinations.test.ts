import { describe, expect, it, test } from 'vitest';
import { SettingsError } from '../../src/faults';
import { findSecrets } from '../../src/pipe/secrets';
import { readSettings, type Settings } from '../../src/pipe/settings';
import { toDistinctNames } from '../../src/program/runJobs';
import { makeKey } from '../ssh/keys';

const { privateKey } = makeKey('-t rsa -b 2048');
const keyId = 'APKAEIBAERJR2EXAMPLE';
const otherId = 'APKAOTHEROTHEROTHER1';
const accessKey = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'a-secret-access-key' };
const sshKey = { SSH_KEY_ID: keyId, SSH_KEY: privateKey };
const [ireland, frankfurt] = ['codecommit::eu-west-1://app', 'codecommit::eu-central-1://app'];
const toSsh = (region: string, user = keyId) =>
  `ssh://${user}@git-codecommit.${region}.amazonaws.com/v1/repos/app`;

/** As Pipelines passes a YAML list. */
function toList(...urls: readonly string[]): Record<string, string> {
  const items = urls.map((url, index) => [`CODECOMMIT_URL_${index}`, url]);
  return { CODECOMMIT_URL_COUNT: String(urls.length), ...Object.fromEntries(items) };
}

async function read(env: Record<string, string>): Promise<Settings> {
  return await readSettings(
    { BITBUCKET_BRANCH: 'main', SOURCE_URL: 'https://example.org/r', ...env },
    { cwd: '/' },
  );
}

async function faultsOf(env: Record<string, string>): Promise<readonly string[]> {
  const error: unknown = await read(env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SettingsError)) throw new Error('no SettingsError', { cause: error });
  return error.faults.map(({ variable, message }) => `${variable} | ${message}`);
}

async function urlsOf(env: Record<string, string>): Promise<readonly string[]> {
  return (await read(env)).destinations.map(({ destination }) => destination.url);
}

describe('are', () => {
  const both = [toSsh('eu-west-1'), toSsh('eu-central-1')];
  test.each<readonly [string, Record<string, string>, readonly string[]]>([
    ['a YAML list', { ...sshKey, ...toList(ireland, frankfurt) }, both],
    ['a list with spaces', { ...sshKey, CODECOMMIT_URL: `${ireland} ${frankfurt}` }, both],
    ['a list with commas and line breaks', { ...sshKey, CODECOMMIT_URL: `${ireland},\n${frankfurt}` }, both],
    ['a list of one', { ...sshKey, ...toList(frankfurt) }, [toSsh('eu-central-1')]],
    [
      'bare names',
      { ...sshKey, ...toList('app', 'app2'), AWS_DEFAULT_REGION: 'eu-west-1' },
      [toSsh('eu-west-1'), `${toSsh('eu-west-1')}2`],
    ],
    [
      'two accounts, told apart by the key ID in the URL',
      { ...sshKey, ...toList(toSsh('eu-west-1'), toSsh('eu-west-1', otherId)) },
      [toSsh('eu-west-1'), toSsh('eu-west-1', otherId)],
    ],
    [
      'two accounts, one over HTTPS',
      { ...sshKey, ...accessKey, ...toList(toSsh('eu-west-1'), ireland) },
      [toSsh('eu-west-1'), 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app'],
    ],
  ])('%s', async (_title, env, urls) => {
    expect(await urlsOf(env)).toEqual(urls);
  });
});

describe('have faults:', () => {
  test.each<readonly [string, Record<string, string>, readonly string[]]>([
    [
      'the same one twice, in two forms, also without a key',
      { SSH_KEY_ID: keyId, ...toList(toSsh('eu-west-1'), ireland) },
      [
        `CODECOMMIT_URL | CODECOMMIT_URL names the same destination twice: "***@git-codecommit.eu-west-1.amazonaws.com/v1/repos/app" and "${ireland}".`,
        expect.stringMatching(/^SSH_KEY \| There is no SSH key/),
      ],
    ],
    [
      'an empty item',
      { ...sshKey, ...toList(ireland, '') },
      ['CODECOMMIT_URL | CODECOMMIT_URL is a list of 2 items, and item 2 is empty.'],
    ],
    [
      'an empty list',
      { ...sshKey, CODECOMMIT_URL_COUNT: '0' },
      ['CODECOMMIT_URL | CODECOMMIT_URL is missing.'],
    ],
    [
      'a variable that does not exist',
      { SSH_KEY: privateKey, ...toList(ireland, '$OTHER') },
      [
        'CODECOMMIT_URL | CODECOMMIT_URL is "$OTHER", the name of a variable, not its value: Pipelines has no variable of that name here.',
      ],
    ],
    [
      'a blank in a name, which does not make it two',
      { ...sshKey, AWS_DEFAULT_REGION: 'eu-west-1', CODECOMMIT_URL: `${ireland} two` },
      [expect.stringContaining(`CODECOMMIT_URL is "${ireland} two"`)],
    ],
    [
      'one endpoint for two regions',
      { ...accessKey, ...toList(ireland, frankfurt), CODECOMMIT_ENDPOINT: 'vpce.example.org' },
      [
        'CODECOMMIT_ENDPOINT | CODECOMMIT_ENDPOINT is "vpce.example.org", which is in one region, but CODECOMMIT_URL names several: eu-west-1, eu-central-1.',
      ],
    ],
    [
      'those of the key, once',
      { SSH_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', SSH_KEY: 'x', ...toList(ireland, frankfurt) },
      [expect.stringMatching(/^SSH_KEY \| /), expect.stringMatching(/^SSH_KEY_ID \| /)],
    ],
    [
      'those of each URL',
      { ...sshKey, ...toList('http://a/b', ireland, 'ftp://c/d') },
      [expect.stringContaining('"http://a/b"'), expect.stringContaining('"ftp://c/d"')],
    ],
  ])('%s', async (_title, env, faults) => {
    expect(await faultsOf(env)).toEqual(faults);
  });
});

it('have one block in ~/.ssh for each host', async () => {
  const urls = [toSsh('eu-west-1'), `${toSsh('eu-west-1')}2`, toSsh('eu-central-1')];
  const env = {
    ...sshKey,
    BITBUCKET_BRANCH: 'main',
    SOURCE_URL: 'https://example.org/r',
    ...toList(...urls),
  };
  const { destinations } = await readSettings(env, { cwd: '/', sshDirectory: '/home/ada/.ssh' });
  const directories = destinations.map(
    ({ destination: { login } }) => login.kind === 'ssh' && login.directory,
  );
  expect(directories).toEqual(['/home/ada/.ssh', undefined, '/home/ada/.ssh']);
});

it('have secrets: the password of each URL, whatever the count is', () => {
  const urls = ['https://ada:first-password@a/b', 'https://ada:second-password@a/b'];
  const expected = expect.arrayContaining(['first-password', 'second-password']);
  expect(findSecrets(toList(...urls))).toEqual(expected);
  expect(findSecrets({ ...toList(...urls), CODECOMMIT_URL_COUNT: 'x' })).toEqual(expected);
  expect(findSecrets({ CODECOMMIT_URL: urls.join(' ') })).toEqual(expected);
});

it('are told apart by their URLs where their names are the same', () => {
  const one = { name: 'app (eu-west-1)', url: toSsh('eu-west-1') };
  const other = { name: 'app (eu-west-1)', url: toSsh('eu-west-1', otherId) };
  const third = { name: 'app (eu-central-1)', url: toSsh('eu-central-1') };
  expect(toDistinctNames([one, other, third])).toEqual([one.url, other.url, third.name]);
});
