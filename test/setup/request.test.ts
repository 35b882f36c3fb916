import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../src/settings/faults';
import { parseRequest, type SetupFlags } from '../../src/setup/request';

const good = { bitbucket: 'acme/app', codecommit: 'eu-west-1/app' };

function faultsOf(flags: SetupFlags, env: Record<string, string> = {}): string[] {
  try {
    parseRequest(flags, env, '/clone');
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.faults.map(({ message }) => message);
  }
  return [];
}

describe('what setup is asked for', () => {
  it('has defaults', () => {
    expect(parseRequest(good, {}, '/clone')).toEqual({
      workspace: 'acme',
      repository: 'app',
      bitbucketApi: 'https://api.bitbucket.org/2.0',
      authorization: undefined,
      region: 'eu-west-1',
      name: 'app',
      url: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
      endpoint: undefined,
      host: 'git-codecommit.eu-west-1.amazonaws.com',
      port: 22,
      user: 'codecommit-mirror-app',
      profile: undefined,
      keyFile: '/clone/codecommit-mirror-app.key',
      pipelinesFile: '/clone/bitbucket-pipelines.yml',
      knownHosts: '',
      write: false,
      yes: false,
      dryRun: false,
      remove: false,
      replaceKey: false,
      oidc: false,
    });
  });

  it('is in the right place in China, at an endpoint, and with OIDC over HTTPS', () => {
    const china = parseRequest({ ...good, codecommit: 'cn-north-1/app' }, {}, '/');
    expect(china.url).toBe('ssh://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/app');
    const endpoint = { CODECOMMIT_ENDPOINT: 'vpce-1.example.com:2222' };
    expect(parseRequest(good, endpoint, '/')).toMatchObject({ host: 'vpce-1.example.com', port: 2222 });
    expect(parseRequest({ ...good, oidc: true }, {}, '/')).toMatchObject({
      url: 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
      port: 443,
    });
  });

  it('takes either token', () => {
    expect(parseRequest(good, { BITBUCKET_TOKEN: 't' }, '/').authorization).toBe('Bearer t');
    const env = { BITBUCKET_EMAIL: 'a@b.c', BITBUCKET_API_TOKEN: 't' };
    expect(parseRequest(good, env, '/').authorization).toBe(`Basic ${btoa('a@b.c:t')}`);
  });

  it('takes http:// for an API on this machine only, and drops the slash at its end', () => {
    const api = (bitbucketApi: string) => parseRequest({ ...good, bitbucketApi }, {}, '/').bitbucketApi;
    expect(api('http://127.0.0.1:8080/2.0/')).toBe('http://127.0.0.1:8080/2.0');
    expect(api('https://bitbucket.example.com/2.0')).toBe('https://bitbucket.example.com/2.0');
    for (const bitbucketApi of ['http://example.com/2.0', 'ftp://x', 'x', 'https://u:p@example.com'])
      expect(faultsOf({ ...good, bitbucketApi })).toHaveLength(1);
  });

  it.each<[SetupFlags, Record<string, string>, string]>([
    [{ ...good, bitbucket: 'app' }, {}, '--bitbucket is "app", which can\'t be.'],
    [{ ...good, bitbucket: 'acme/..' }, {}, '--bitbucket is "acme/..", which can\'t be.'],
    [{ codecommit: 'eu-west-1/app' }, {}, '--bitbucket is missing.'],
    [{ ...good, codecommit: 'app' }, {}, '--codecommit is "app", which can\'t be.'],
    [{ ...good, codecommit: 'europe/app' }, {}, '--codecommit is "europe/app", which can\'t be.'],
    [
      { ...good, codecommit: 'eu-west-1/app.git' },
      {},
      '--codecommit is "eu-west-1/app.git", which can\'t be.',
    ],
    [{ ...good, user: 'a b' }, {}, '--user is "a b", which can\'t be.'],
    [
      { ...good, codecommit: `eu-west-1/${'a'.repeat(60)}` },
      {},
      `--user is "codecommit-mirror-${'a'.repeat(60)}", which can't be.`,
    ],
    [{ ...good, yes: true, dryRun: true }, {}, '--yes and --dry-run contradict each other.'],
    [{ ...good, remove: true, replaceKey: true }, {}, '--remove and --replace-key contradict each other.'],
    [{ ...good, oidc: true, replaceKey: true }, {}, '--oidc and --replace-key contradict each other.'],
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
    expect(faultsOf({ bitbucket: 'x', codecommit: 'y', yes: true, dryRun: true })).toHaveLength(3);
  });
});
