import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MirrorError } from '../../../src/errors';
import { type BitbucketRepository, createBitbucketRepository } from '../../../src/setup/bitbucket/bitbucket';
import { apiToken, type BitbucketApi, openBitbucketApi } from '../../servers/bitbucketApi';

let api: BitbucketApi;
let waits: number[];
const controller = new AbortController();
beforeEach(async () => {
  api = await openBitbucketApi();
  waits = [];
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

function open({
  authorization = `Bearer ${apiToken}`,
  base = api.url,
  repository = 'app',
  wait = 30_000,
} = {}) {
  const access = {
    base,
    authorization,
    signal: controller.signal,
    answerMilliseconds: wait,
    env: {},
    onWait: (seconds: number) => void waits.push(seconds),
  };
  return createBitbucketRepository(access, { workspace: 'acme', repository });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error instanceof MirrorError ? `${error.code}: ${error.message}` : String(error);
}

const one = { key: 'A', value: '1', secured: false };

describe("Bitbucket's settings of a repository", () => {
  it('are read where there are none, and where there are', async () => {
    const bitbucket = open();
    expect(await bitbucket.readEnabled()).toBe(false);
    expect(await bitbucket.readSchedules()).toEqual([]);
    expect(await bitbucket.readIds()).toMatchObject({ branch: 'main' });
    api.state.enabled = true;
    api.state.branch = undefined;
    expect(await bitbucket.readEnabled()).toBe(true);
    expect(await bitbucket.readIds()).toMatchObject({ branch: undefined });
  });

  it('are read over all pages', async () => {
    api.pageSize = 2;
    api.state.variables = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ uuid: `{${key}}`, key, value: '1' }));
    expect((await open().readVariables()).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(api.requests).toHaveLength(3);
  });

  it('send the token to nobody else, whatever a page says', async () => {
    const body = { values: [], next: 'https://evil.example.com/2.0/next' };
    api.faults['GET pipelines_config/variables'] = { status: 200, body };
    expect(await codeOf(open().readVariables())).toContain('setup-bitbucket-failed');
  });

  it('are written once, and changed when they are there', async () => {
    const bitbucket = open();
    await bitbucket.ensureVariable(one);
    await bitbucket.ensureVariable({ ...one, value: '2', secured: true });
    expect(api.state.variables).toMatchObject([{ key: 'A', value: '2', secured: true }]);
    expect((await bitbucket.readVariables())[0]?.value).toBeUndefined();
    await bitbucket.createSchedule({ branch: 'main', pipeline: 'nightly', cron: '0 0 3 * * ? *' });
    expect(api.state.schedules).toMatchObject([
      {
        target: { ref_type: 'branch', ref_name: 'main', selector: { type: 'custom', pattern: 'nightly' } },
        cron_pattern: '0 0 3 * * ? *',
        enabled: true,
      },
    ]);
  });

  it('are changed when somebody else makes them at the same moment (409)', async () => {
    const theirs = { uuid: '{theirs}', key: 'A', value: 'theirs' };
    const meanwhile = () => void api.state.variables.push(theirs);
    api.faults['POST pipelines_config/variables'] = { status: 409, times: 1, meanwhile };
    await open().ensureVariable({ ...one, value: 'ours' });
    expect(api.state.variables).toMatchObject([{ uuid: '{theirs}', value: 'ours' }]);
  });

  it('say so when a conflict stays', async () => {
    api.faults['POST pipelines_config/variables'] = { status: 409 };
    expect(await codeOf(open().ensureVariable(one))).toMatch(/^setup-changed: .*conflict/);
    api.faults['PUT pipelines_config'] = { status: 409 };
    expect(await codeOf(open().ensureEnabled())).toMatch(/^setup-changed/);
  });

  it('are deleted, and a second time too', async () => {
    const bitbucket: BitbucketRepository = open();
    await bitbucket.ensureVariable(one);
    const [variable] = await bitbucket.readVariables();
    await bitbucket.deleteVariable(variable?.uuid ?? '');
    await bitbucket.deleteVariable(variable?.uuid ?? '');
    await bitbucket.deleteSchedule('{none}');
    expect(api.state.variables).toEqual([]);
  });
});

describe('an API that says no', () => {
  it('401: the token is not accepted, as Bearer or as Basic', async () => {
    expect(await codeOf(open({ authorization: 'Bearer wrong' }).readIds())).toBe(
      'setup-bitbucket-unauthorised: Bitbucket does not accept the token in BITBUCKET_TOKEN: it is wrong, expired or revoked: Token is invalid or expired.',
    );
    expect(await codeOf(open({ authorization: 'Basic wrong' }).readIds())).toBe(
      'setup-bitbucket-unauthorised: Bitbucket does not accept the token in BITBUCKET_API_TOKEN: it is wrong, expired or revoked: Token is invalid or expired.',
    );
    const basic = Buffer.from(`ada@example.com:${apiToken}`).toString('base64');
    expect((await open({ authorization: `Basic ${basic}` }).readIds()).repository).toMatch(/^\{/);
  });

  it('403: with the scope that Bitbucket names, else with the one that is documented', async () => {
    const required = ['pipeline:variable', 'repository'];
    const body = { type: 'error', error: { message: 'lacks scopes', detail: { required } } };
    api.faults['GET pipelines_config/variables'] = { status: 403, body };
    expect(await codeOf(open().readVariables())).toBe(
      'setup-not-permitted: Bitbucket denied the request; the permission pipeline:variable and repository is missing: lacks scopes',
    );
    api.faults['PUT pipelines_config'] = { status: 403, body: 'no JSON object' };
    expect(await codeOf(open().ensureEnabled())).toContain(
      'the permission probably repository:admin is missing',
    );
    const basic = Buffer.from(`ada@example.com:${apiToken}`).toString('base64');
    expect(await codeOf(open({ authorization: `Basic ${basic}` }).ensureEnabled())).toContain(
      'the permission probably admin:pipeline:bitbucket is missing',
    );
  });

  it('403 of an allowlist of addresses: no scope is to blame', async () => {
    const body = { type: 'error', error: { message: 'Forbidden by IP allowlist' } };
    api.faults['GET pipelines_config/variables'] = { status: 403, body };
    const told = await codeOf(open().readVariables());
    expect(told).toBe(
      'setup-not-permitted: Bitbucket refuses requests from this address (403): Forbidden by IP allowlist',
    );
  });

  it('410: what is gone is named', async () => {
    api.faults['GET'] = { status: 410, body: { error: { message: 'CHANGE-2770' } } };
    expect(await codeOf(open().readIds())).toBe(
      'setup-bitbucket-failed: Bitbucket answers 410 (gone): CHANGE-2770',
    );
  });

  it('an answer that stalls after its headers', async () => {
    api.faults['GET pipelines_config'] = { status: 200, stalls: true };
    expect(await codeOf(open({ wait: 100 }).readEnabled())).toBe(
      `setup-bitbucket-unreachable: ${api.url} can't be reached: no answer for 0.1 s`,
    );
  });

  it('404: there is no such repository', async () => {
    expect(await codeOf(open({ repository: 'other' }).readIds())).toBe(
      'setup-bitbucket-not-found: Bitbucket has no repository acme/other that this token may see.',
    );
  });

  it('404 on a write is no success', async () => {
    api.faults['PUT pipelines_config'] = { status: 404 };
    expect(await codeOf(open().ensureEnabled())).toContain('setup-bitbucket-failed');
  });

  it('429: waits as long as it is asked to, and goes on', async () => {
    const headers = { 'Retry-After': '1' };
    api.faults['GET pipelines_config'] = { status: 429, headers, times: 2 };
    api.state.enabled = true;
    expect(await open().readEnabled()).toBe(true);
    expect(waits).toEqual([1, 1]);
  });

  it('429: gives up when it is asked to wait for long, or too often', async () => {
    const at = new Date(Date.now() + 3_600_000).toUTCString();
    for (const wait of ['3600', at]) {
      api.faults['GET pipelines_config'] = { status: 429, headers: { 'Retry-After': wait } };
      expect(await codeOf(open().readEnabled())).toMatch(
        /^setup-bitbucket-throttled: .* it asks to wait (3600|359\d) s\.$/,
      );
    }
    api.faults['GET pipelines_config'] = { status: 429, headers: { 'Retry-After': '0' } };
    expect(await codeOf(open().readEnabled())).toMatch(/^setup-bitbucket-throttled/);
    expect(waits).toEqual([0, 0, 0, 0]);
  });

  it('5xx: tries again, and then says what it said', async () => {
    const headers = { 'Retry-After': '0' };
    api.faults['GET pipelines_config'] = { status: 503, headers };
    expect(await codeOf(open().readEnabled())).toContain('setup-bitbucket-failed');
    api.faults['GET pipelines_config'] = { status: 500, body: { error: { message: 'Oops' } } };
    expect(await codeOf(open().readEnabled())).toBe(
      "setup-bitbucket-failed: Bitbucket's answer to GET repositories/acme/app/pipelines_config is not one that codecommit-mirror knows: 500 Oops",
    );
  });

  it('200 with something else in it', async () => {
    api.faults['GET'] = { status: 200, body: { uuid: 7 } };
    expect(await codeOf(open().readIds())).toContain('setup-bitbucket-failed');
  });

  it('nobody at all', async () => {
    const base = api.url;
    await api[Symbol.asyncDispose]();
    expect(await codeOf(open({ base }).readIds())).toContain(
      `setup-bitbucket-unreachable: ${base} can't be reached`,
    );
  });
});
