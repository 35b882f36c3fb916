import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { orThrow, SettingsError } from '../../src/faults';
import { parseDestinationUrl, toHttpsUrl } from '../../src/pipe/destinationUrl';
import { makeFolder, makeKey } from '../ssh/keys';
import { faultsOf } from './faultsOf';
import { readOne } from './readOne';

const { privateKey, publicKey } = makeKey('-t rsa -b 2048');
const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());

const host = 'git-codecommit.us-east-1.amazonaws.com';
const keyId = 'APKAEIBAERJR2EXAMPLE';
const accessKey = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const temporaryKey = {
  ...accessKey,
  AWS_ACCESS_KEY_ID: 'ASIAIOSFODNN7EXAMPLE',
  AWS_SESSION_TOKEN: 'a-session-token',
};
const roleArn = 'arn:aws:iam::111122223333:role/path/mirror';
const role = { AWS_OIDC_ROLE_ARN: roleArn, BITBUCKET_STEP_OIDC_TOKEN: 'an-oidc-token' };
const sshKey = { SSH_KEY_ID: keyId, SSH_KEY: privateKey };

const pipe = {
  CODECOMMIT_URL: 'codecommit::us-east-1://my-repo',
  BITBUCKET_BRANCH: 'main',
  BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/team/repo',
  BITBUCKET_SSH_KEY_FILE: join(folder.path, 'ssh', 'id_rsa'),
};

async function read(env: Record<string, string>) {
  return await readOne({ ...pipe, ...env }, { cwd: folder.path });
}

async function faultsOfAll(env: Record<string, string>): Promise<string[]> {
  try {
    await read(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError)
      return error.faults.map(({ variable, message }) => `${variable} | ${message}`);
    throw error;
  }
}

describe('which way it goes', () => {
  const region = { AWS_DEFAULT_REGION: 'us-east-1' };
  const url = `https://${host}/v1/repos/my-repo`;
  const ssh = `ssh://${keyId}@${host}/v1/repos/my-repo`;
  test.each<readonly [string, string, Record<string, string>, string]>([
    ['codecommit::', pipe.CODECOMMIT_URL, accessKey, url],
    ['codecommit::', pipe.CODECOMMIT_URL, temporaryKey, url],
    ['codecommit::', pipe.CODECOMMIT_URL, role, url],
    ['codecommit::', pipe.CODECOMMIT_URL, sshKey, ssh],
    ['codecommit://', 'codecommit://my-repo', { ...accessKey, ...region }, url],
    ['a name', 'my-repo', { ...accessKey, ...region }, url],
    ['a name', 'my-repo', { ...sshKey, ...region }, ssh],
    ['https://', url, accessKey, url],
    ['https://', url, sshKey, ssh],
    ['ssh://', `ssh://${host}/v1/repos/my-repo`, { ...accessKey, ...sshKey }, ssh],
    ['ssh://', `ssh://${host}/v1/repos/my-repo`, { ...role, ...sshKey }, ssh],
    [
      'a FIPS host',
      'https://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/my-repo',
      accessKey,
      'https://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/my-repo',
    ],
    [
      'a host in China',
      'codecommit::cn-north-1://my-repo',
      accessKey,
      'https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/my-repo',
    ],
  ])('%s: %s with %j', async (_what, CODECOMMIT_URL, env, expected) => {
    const { destination } = await read({ CODECOMMIT_URL, ...env });
    const kind = expected.startsWith('ssh:') ? 'ssh' : 'aws';
    expect([destination.login.kind, destination.url]).toEqual([kind, expected]);
  });

  it('is not for another host than CodeCommit, and FIPS is not for SSH', () => {
    const foreign = 'https://example.org/v1/repos/r';
    expect(faultsOf((faults) => parseDestinationUrl(foreign, faults, { keyless: true }))).toEqual([
      `CODECOMMIT_URL | CODECOMMIT_URL is "${foreign}": it is an HTTPS URL of a host other than CodeCommit; use ssh://.`,
    ]);
    const fips = 'ssh://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/r';
    expect(faultsOf((faults) => parseDestinationUrl(fips, faults, { keyless: true })).join()).toContain(
      'it has a FIPS host',
    );
  });
});

describe('the settings over HTTPS', () => {
  it('are the place and the keys, and the keys are secrets', async () => {
    const { destination, secrets } = await read(temporaryKey);
    expect(destination).toEqual({
      url: `https://${host}/v1/repos/my-repo`,
      login: {
        kind: 'aws',
        region: 'us-east-1',
        identity: {
          kind: 'keys',
          accessKeyId: temporaryKey.AWS_ACCESS_KEY_ID,
          secretAccessKey: temporaryKey.AWS_SECRET_ACCESS_KEY,
          sessionToken: temporaryKey.AWS_SESSION_TOKEN,
        },
      },
      name: 'my-repo (us-east-1)',
    });
    expect(secrets).toEqual(
      expect.arrayContaining([temporaryKey.AWS_SECRET_ACCESS_KEY, temporaryKey.AWS_SESSION_TOKEN]),
    );
  });

  it('are the role and the token of the step, which is a secret', async () => {
    const { destination, secrets } = await read({ ...role, BITBUCKET_BUILD_NUMBER: '42' });
    const identity = { kind: 'role', roleArn, token: 'an-oidc-token', sessionName: 'codecommit-mirror-42' };
    expect(destination).toMatchObject({ login: { identity } });
    expect(secrets).toContain('an-oidc-token');
    expect((await read(role)).destination).toMatchObject({
      login: { identity: { sessionName: 'codecommit-mirror' } },
    });
  });
});

describe('CODECOMMIT_ENDPOINT', () => {
  const vpce = 'vpce-0a1-b2.git-codecommit.us-east-1.vpce.amazonaws.com';
  test.each([
    [vpce, `https://${vpce}/v1/repos/my-repo`],
    [`${vpce.toUpperCase()}:8443`, `https://${vpce}:8443/v1/repos/my-repo`],
    ['127.0.0.1:443', 'https://127.0.0.1/v1/repos/my-repo'],
    ['[::1]:8443', 'https://[::1]:8443/v1/repos/my-repo'],
  ])('%s stands in for the host over HTTPS', async (CODECOMMIT_ENDPOINT, url) => {
    const { destination } = await read({ ...accessKey, CODECOMMIT_ENDPOINT });
    expect(destination).toMatchObject({
      url,
      login: { kind: 'aws', region: 'us-east-1' },
      name: 'my-repo (us-east-1)',
    });
  });

  it('stands in for the host over SSH, and its key is that of KNOWN_HOSTS', async () => {
    const env = {
      ...sshKey,
      CODECOMMIT_ENDPOINT: '127.0.0.1:2222',
      KNOWN_HOSTS: `[127.0.0.1]:2222 ${publicKey}`,
    };
    expect((await read(env)).destination).toMatchObject({
      url: `ssh://${keyId}@127.0.0.1:2222/v1/repos/my-repo`,
      login: {
        kind: 'ssh',
        trust: { fingerprint: undefined, knownHosts: [`[127.0.0.1]:2222 ${publicKey}`] },
      },
    });
    const [fault, ...more] = await faultsOfAll({ ...env, KNOWN_HOSTS: '' });
    expect(fault).toMatch(/^KNOWN_HOSTS \| .*127\.0\.0\.1/);
    expect(more).toEqual([]);
  });

  test.each(['https://example.org', 'example.org/path', 'example.org:', 'example.org:0', '-x', '', 'a b'])(
    '"%s" is a fault, or nothing',
    async (CODECOMMIT_ENDPOINT) => {
      expect(await faultsOfAll({ ...accessKey, CODECOMMIT_ENDPOINT })).toEqual(
        CODECOMMIT_ENDPOINT === ''
          ? []
          : [
              `CODECOMMIT_ENDPOINT | CODECOMMIT_ENDPOINT is "${CODECOMMIT_ENDPOINT}"; it must be host or host:port.`,
            ],
      );
    },
  );

  it('is a fault beside a host of your own', async () => {
    const env = { ...sshKey, CODECOMMIT_URL: 'ssh://git@example.org/r', CODECOMMIT_ENDPOINT: 'example.com' };
    expect(await faultsOfAll({ ...env, SSH_KEY_ID: '' })).toEqual([
      'CODECOMMIT_ENDPOINT | CODECOMMIT_ENDPOINT replaces the git host of a region, but CODECOMMIT_URL names the host example.org.',
    ]);
  });
});

describe('faults', () => {
  const missing = (name: string) =>
    `${name} | ${name} is missing: AWS credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if they are temporary.`;
  const beside = (name: string, other: string) =>
    `${name} | ${name} is set, and ${other} set too: a mirror uses SSH with a key, or HTTPS without one.`;
  test.each<readonly [Record<string, string>, readonly string[]]>([
    [{ AWS_ACCESS_KEY_ID: accessKey.AWS_ACCESS_KEY_ID }, [missing('AWS_SECRET_ACCESS_KEY')]],
    [{ AWS_SECRET_ACCESS_KEY: accessKey.AWS_SECRET_ACCESS_KEY }, [missing('AWS_ACCESS_KEY_ID')]],
    [{ AWS_SESSION_TOKEN: 'token' }, [missing('AWS_ACCESS_KEY_ID'), missing('AWS_SECRET_ACCESS_KEY')]],
    [
      { ...temporaryKey, AWS_SESSION_TOKEN: '' },
      [
        'AWS_ACCESS_KEY_ID | AWS_ACCESS_KEY_ID is "ASIAIOSFODNN7EXAMPLE": it is a temporary access key, which needs AWS_SESSION_TOKEN.',
      ],
    ],
    [
      { ...accessKey, AWS_ACCESS_KEY_ID: keyId },
      [
        `AWS_ACCESS_KEY_ID | AWS_ACCESS_KEY_ID is "${keyId}": it is the ID of an SSH public key, which belongs in SSH_KEY_ID.`,
      ],
    ],
    [
      { ...accessKey, AWS_ACCESS_KEY_ID: accessKey.AWS_SECRET_ACCESS_KEY },
      [
        'AWS_ACCESS_KEY_ID | AWS_ACCESS_KEY_ID is (40 characters, perhaps a secret access key: not shown): it does not have the form of an access key ID: 16 to 128 of A-Z a-z 0-9 _.',
      ],
    ],
    [
      { ...accessKey, AWS_SECRET_ACCESS_KEY: `${accessKey.AWS_SECRET_ACCESS_KEY}\n` },
      [
        'AWS_SECRET_ACCESS_KEY | AWS_SECRET_ACCESS_KEY contains white space or a character that such a value never has (not shown).',
      ],
    ],
    [
      { ...temporaryKey, AWS_SESSION_TOKEN: 'a token' },
      [
        'AWS_SESSION_TOKEN | AWS_SESSION_TOKEN contains white space or a character that such a value never has (not shown).',
      ],
    ],
    [
      { ...role, BITBUCKET_STEP_OIDC_TOKEN: '' },
      [
        'AWS_OIDC_ROLE_ARN | AWS_OIDC_ROLE_ARN is set, but this step has no OIDC token (BITBUCKET_STEP_OIDC_TOKEN is not set).',
      ],
    ],
    ...['mirror', 'arn:aws:iam::1:role/mirror', 'arn:aws:iam::111122223333:user/mirror', `${roleArn} `].map(
      (arn) =>
        [
          { ...role, AWS_OIDC_ROLE_ARN: arn },
          [
            `AWS_OIDC_ROLE_ARN | AWS_OIDC_ROLE_ARN is "${arn}"; it must be the ARN of a role, arn:aws:iam::<12 digits>:role/<name>.`,
          ],
        ] as const,
    ),
    [
      { ...role, ...accessKey },
      [
        'AWS_ACCESS_KEY_ID | AWS_ACCESS_KEY_ID and AWS_OIDC_ROLE_ARN are both set: it is not clear which identity to use.',
      ],
    ],
    [
      { ...accessKey, ...sshKey },
      [beside('SSH_KEY_ID', 'AWS credentials are'), beside('SSH_KEY', 'AWS credentials are')],
    ],
    [{ ...role, SSH_KEY_ID: keyId }, [beside('SSH_KEY_ID', 'AWS_OIDC_ROLE_ARN is')]],
    [
      { ...role, SSH_KEY: privateKey, CODECOMMIT_URL: `ssh://${host}/v1/repos/my-repo` },
      [
        'CODECOMMIT_URL | CODECOMMIT_URL is an ssh:// URL, and SSH needs a key: AWS_OIDC_ROLE_ARN works over HTTPS only.',
      ],
    ],
    [
      { ...accessKey, CODECOMMIT_URL: '', AWS_SECRET_ACCESS_KEY: '' },
      ['CODECOMMIT_URL | CODECOMMIT_URL is missing.', missing('AWS_SECRET_ACCESS_KEY')],
    ],
    [{ ...role, CODECOMMIT_URL: '' }, ['CODECOMMIT_URL | CODECOMMIT_URL is missing.']],
    [
      { ...role, AWS_OIDC_ROLE_ARN: '$AWS_OIDC_ROLE_ARN' },
      [
        'AWS_OIDC_ROLE_ARN | AWS_OIDC_ROLE_ARN is "$AWS_OIDC_ROLE_ARN", the name of a variable, not its value: Pipelines has no variable of that name here.',
      ],
    ],
    [
      { ...accessKey, AWS_SECRET_ACCESS_KEY: '$AWS_SECRET_ACCESS_KEY' },
      [
        'AWS_SECRET_ACCESS_KEY | AWS_SECRET_ACCESS_KEY is the name of a variable, not its value: Pipelines has no variable of that name here.',
      ],
    ],
  ])('%#: %j', async (env, faults) => {
    expect(await faultsOfAll(env)).toEqual(faults);
  });

  it('never quote a secret', async () => {
    const secret = 'not-to-be-seen';
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN'])
      for (const value of [secret, `${secret} x`, `$${secret}`])
        expect((await faultsOfAll({ ...temporaryKey, ...role, [name]: value })).join()).not.toContain(secret);
  });
});

it('the URL over HTTPS has the port only where it is another one', () => {
  const url = orThrow((faults) => parseDestinationUrl(pipe.CODECOMMIT_URL, faults, { keyless: true }));
  expect(toHttpsUrl(url)).toBe(`https://${host}/v1/repos/my-repo`);
  expect(toHttpsUrl({ ...url, port: 22 })).toBe(`https://${host}:22/v1/repos/my-repo`);
});
