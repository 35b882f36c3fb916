import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../src/faults';
import { parseRequest, type SetupFlags } from '../../src/setup/request';

function parse(flags: SetupFlags, env: Record<string, string> = {}, origin?: string) {
  return parseRequest(flags, { env: { HOME: '/home/ada', ...env }, cwd: '/clone', origin });
}

const good = { bitbucket: 'acme/app', codecommit: 'eu-west-1/app' };

function faultsOf(flags: SetupFlags, env: Record<string, string> = {}): string[] {
  try {
    parseRequest(flags, { env: { HOME: '/home/ada', ...env }, cwd: '/clone', origin: undefined });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.faults.map(({ message }) => message);
  }
  return [];
}

describe('what setup is asked for', () => {
  it('has defaults', () => {
    expect(parse(good, {})).toEqual({
      workspace: 'acme',
      repository: 'app',
      bitbucketApi: 'https://api.bitbucket.org/2.0',
      authorization: undefined,
      region: 'eu-west-1',
      name: 'app',
      url: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
      endpoint: undefined,
      knownHosts: [],
      user: 'codecommit-mirror-app-1064dae7',
      profile: undefined,
      keyFile: '/home/ada/.config/codecommit-mirror/1064dae7.key',
      isOwnKeyFile: true,
      cwd: '/clone',
      write: false,
      nightly: false,
      yes: false,
      dryRun: false,
      remove: false,
      replaceKey: false,
      adopt: false,
      oidc: false,
      protect: false,
      trigger: undefined,
    });
  });

  it.each([
    'https://bitbucket.org/Acme/App',
    'https://bitbucket.org/acme/app/src/main/',
    'git@bitbucket.org:acme/app.git',
    'ssh://git@ssh.bitbucket.org:22/acme/app.git',
    'ssh://git@altssh.bitbucket.org:443/acme/app.git',
    'ACME/app',
  ])('takes the repository as %s', (bitbucket) => {
    expect(parse({ ...good, bitbucket })).toMatchObject({ workspace: 'acme', repository: 'app' });
  });

  it('takes the repository from the clone, and the destination in the form of git-remote-codecommit', () => {
    expect(parse({ codecommit: 'codecommit::eu-west-1://app' }, {}, 'acme/app')).toEqual(parse(good));
  });

  it('gives each mirror a name of its own, however long its names are', () => {
    const flags = [
      good,
      { ...good, bitbucket: 'acme/lib' },
      { ...good, codecommit: 'us-east-1/app' },
      { ...good, codecommit: 'eu-west-1/App' },
      { ...good, codecommit: `eu-west-1/${'a'.repeat(100)}` },
      { ...good, codecommit: `eu-west-1/${'a'.repeat(99)}` },
    ];
    const names = flags.map((each) => parse(each).user.toLowerCase());
    expect(new Set(names).size).toBe(flags.length);
    for (const name of names) expect(name).toMatch(/^[\w+=,.@-]{1,64}$/);
  });

  it('dry-run wins over yes', () => {
    expect(parse({ ...good, yes: true, dryRun: true })).toMatchObject({ yes: true, dryRun: true });
  });

  it('is in the right place in China, at an endpoint, and with OIDC over HTTPS', () => {
    const china = parse({ ...good, codecommit: 'cn-north-1/app' }, {});
    expect(china.url).toBe('ssh://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/app');
    const lines = `[vpce-1.example.com]:2222 SHA256:${'A'.repeat(43)}`;
    const endpoint = { CODECOMMIT_ENDPOINT: 'vpce-1.example.com:2222', KNOWN_HOSTS: lines };
    expect(parse(good, endpoint)).toMatchObject({ endpoint: 'vpce-1.example.com:2222', knownHosts: [lines] });
    expect(parse({ ...good, oidc: true }, {})).toMatchObject({
      url: 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
    });
  });

  it('takes either token', () => {
    expect(parse(good, { BITBUCKET_TOKEN: 't' }).authorization).toBe('Bearer t');
    const env = { BITBUCKET_EMAIL: 'a@b.c', BITBUCKET_API_TOKEN: 't' };
    expect(parse(good, env).authorization).toBe(`Basic ${btoa('a@b.c:t')}`);
  });

  it('takes http:// for an API on this machine only, and drops the slash at its end', () => {
    const api = (bitbucketApi: string) => parse({ ...good, bitbucketApi }, {}).bitbucketApi;
    expect(api('http://127.0.0.1:8080/2.0/')).toBe('http://127.0.0.1:8080/2.0');
    expect(api('https://bitbucket.example.com/2.0')).toBe('https://bitbucket.example.com/2.0');
    for (const bitbucketApi of ['http://example.com/2.0', 'ftp://x', 'x', 'https://u:p@example.com'])
      expect(faultsOf({ ...good, bitbucketApi })).toHaveLength(1);
  });

  it.each<[SetupFlags, Record<string, string>, string]>([
    [{ ...good, bitbucket: 'app' }, {}, '--bitbucket is "app", which is not valid.'],
    [{ ...good, bitbucket: 'acme/..' }, {}, '--bitbucket is "acme/..", which is not valid.'],
    [{ codecommit: 'eu-west-1/app' }, {}, '--bitbucket is missing.'],
    [{ ...good, codecommit: 'app' }, {}, '--codecommit is "app", which is not valid.'],
    [{ ...good, codecommit: 'europe/app' }, {}, '--codecommit is "europe/app", which is not valid.'],
    [
      { ...good, codecommit: 'eu-west-1/app.git' },
      {},
      '--codecommit is "eu-west-1/app.git", which is not valid.',
    ],
    [{ ...good, user: 'a b' }, {}, '--user is "a b", which is not valid.'],
    [{ ...good, remove: true, replaceKey: true }, {}, '--remove and --replace-key contradict each other.'],
    [{ ...good, oidc: true, replaceKey: true }, {}, '--oidc and --replace-key contradict each other.'],
    [{ ...good, remove: true, protect: true }, {}, '--remove and --protect contradict each other.'],
    [
      { ...good, trigger: 'arn:aws:sqs:eu-west-1:111122223333:queue' },
      {},
      '--trigger is "arn:aws:sqs:eu-west-1:111122223333:queue", which is not valid.',
    ],
    [
      { ...good, trigger: 'arn:aws:sns:us-east-1:111122223333:pushes' },
      {},
      '--trigger is in us-east-1, and the repository in eu-west-1.',
    ],
    [good, { BITBUCKET_API_TOKEN: 't' }, 'BITBUCKET_API_TOKEN is set and BITBUCKET_EMAIL is not.'],
    [
      good,
      { BITBUCKET_TOKEN: 'secret t' },
      'BITBUCKET_TOKEN holds white space or another character that no token has.',
    ],
    [good, { CODECOMMIT_ENDPOINT: 'a b' }, 'CODECOMMIT_ENDPOINT is "a b"; it must be host or host:port.'],
  ])('is refused: %j %j', (flags, env, message) => {
    expect(faultsOf(flags, env)).toEqual([message]);
  });

  it('is refused with every fault at once', () => {
    expect(faultsOf({ bitbucket: 'x', codecommit: 'y', remove: true, replaceKey: true })).toHaveLength(3);
  });
});
