import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { git, gitWith, grow, readRefs } from '../servers/git';
import { lfsAvailable, openLfsServer } from '../servers/lfs';
import { openSts } from '../servers/sts';
import { openTunnelProxy } from '../servers/tunnelProxy';
import {
  certificate,
  type HttpsWorld,
  keys,
  oidcToken,
  openHttpsWorld,
  roleArn,
  temporaryKeys,
  toSessionKeys,
} from './httpsWorld';

/** A world with three commits on main at the source and nothing at the destination. */
async function openGrownWorld(): Promise<HttpsWorld> {
  const world = await openHttpsWorld();
  await grow(world.source, 'main', { count: 3 });
  return world;
}

/** Whether git knows http.proactiveAuth. */
async function logsInAtOnce(): Promise<boolean> {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(await git('/', 'version')) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 46);
}

describe('mirrors without an SSH key', () => {
  it('with a lasting access key, and leaves nothing behind', async () => {
    await using world = await openGrownWorld();
    await grow(world.source, 'other');
    await git(world.source, 'tag', '--annotate', '--message', 'v1', 'v1', 'main');
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    expect(run.output).toContain('2 branches and 1 tag are equal at source and destination; 3 new');
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(await readdir(world.temporary)).toEqual([]);
    expect(await readdir(world.home)).toEqual([]);
  });

  it('with as few requests as git can do it', async () => {
    await using world = await openGrownWorld();
    const run = await world.pipe(await world.clone());
    expect(run).toEqual({ exitCode: 0, output: run.output });
    expect(world.face.requests).toEqual([
      ...((await logsInAtOnce()) ? [] : ['anonymous GET info/refs']),
      'GET info/refs',
      'POST git-receive-pack',
      'GET info/refs',
    ]);
  });

  it("with this login and none of the user's: ~/.netrc and ~/.gitconfig are not read", async () => {
    await using world = await openGrownWorld();
    const [host = ''] = world.face.host.split(':');
    const ambient = {
      '.netrc': `machine ${host} login alice-at-111122223333 password not-ours\n`,
      '.gitconfig':
        '[http]\n\textraHeader = Authorization: Basic bm90LW91cnM=\n[credential]\n\thelper = "!exit 1"\n',
    };
    for (const [name, text] of Object.entries(ambient)) await writeFile(join(world.home, name), text);
    const run = await world.pipe(await world.clone());
    expect(run).toEqual({ exitCode: 0, output: run.output });
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  });

  it('with a temporary access key and its session token', { tags: ['slow'] }, async () => {
    await using world = await openGrownWorld();
    const run = await world.pipe(await world.clone(), {
      AWS_ACCESS_KEY_ID: temporaryKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: temporaryKeys.secretAccessKey,
      AWS_SESSION_TOKEN: temporaryKeys.sessionToken,
    });
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  });

  it('as a role, in one session for the whole run', { tags: ['slow'] }, async () => {
    await using world = await openGrownWorld();
    const run = await world.pipe(await world.clone(), world.role);
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(world.sts.requests).toEqual([
      {
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: roleArn,
        RoleSessionName: 'codecommit-mirror-7',
        WebIdentityToken: oidcToken,
      },
    ]);
  });

  it('and brings a second run nothing to do', { tags: ['slow'] }, async () => {
    await using world = await openGrownWorld();
    const clone = await world.clone();
    expect((await world.pipe(clone)).exitCode).toBe(0);
    const run = await world.pipe(clone);
    expect(run.output).toContain('Nothing to do: 1 branch and 0 tags are equal');
    expect([run.exitCode, world.sandbox.counts.pushes]).toEqual([0, 1]);
  });

  it('and sends a pack that is longer than what git holds in memory', { tags: ['slow'] }, async () => {
    await using world = await openGrownWorld();
    const line = () => Math.random().toString(36);
    const text = Array.from({ length: 200_000 }, line).join('\n');
    const commit = `commit refs/heads/big\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\nM 100644 inline f\n`;
    await gitWith(
      { input: `${commit}data ${text.length}\n${text}\n` },
      world.source,
      'fast-import',
      '--quiet',
    );
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  });

  it('and over SSH all the same where the URL says ssh://', { tags: ['slow'] }, async () => {
    await using world = await openGrownWorld();
    const ssh = { CODECOMMIT_URL: world.sandbox.url('app'), CODECOMMIT_ENDPOINT: undefined };
    const run = await world.pipe(await world.clone(), {
      ...ssh,
      SSH_KEY_ID: 'APKAEXAMPLEEXAMPLE12',
      BITBUCKET_SSH_KEY_FILE: `${world.root}/ssh/id_rsa`,
    });
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(world.face.passwords).toEqual([]);
    expect(world.sandbox.counts.authentications).toBeGreaterThan(0);
  });
});

it('goes over SSH to CODECOMMIT_ENDPOINT when there are no AWS credentials', async () => {
  await using world = await openGrownWorld();
  const { host, port } = world.sandbox;
  const run = await world.pipe(await world.clone(), {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    CODECOMMIT_ENDPOINT: `${host}:${port}`,
    SSH_KEY_ID: 'APKAEXAMPLEEXAMPLE12',
    BITBUCKET_SSH_KEY_FILE: `${world.root}/ssh/id_rsa`,
  });
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
});

describe('a login', { tags: ['slow'] }, () => {
  it('is signed afresh for each connection: one that expires in the middle of a push stops nothing', async () => {
    await using world = await openGrownWorld();
    world.sandbox.faults.afterAdvertise = async () => {
      // Logins carry whole seconds: from the next one on, everything signed so far has expired.
      const next = Math.ceil((Date.now() + 1) / 1000) * 1000;
      await new Promise((resolve) => setTimeout(resolve, next - Date.now()));
      world.face.expireLogins(new Date(next));
    };
    const run = await world.pipe(await world.clone());
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(world.face.passwords.length).toBeGreaterThan(1);
  });

  it('is signed with the keys of a new session when the old one has ended', async () => {
    await using world = await openGrownWorld();
    world.sts.lifetime = 0;
    const run = await world.pipe(await world.clone(), world.role);
    expect(run.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    // One when it starts, and another one for the logins after that; those of the two listings may share it.
    expect(world.sts.requests.length).toBeGreaterThan(1);
  });

  it('can no longer be signed when session and token have expired, and this is said', async () => {
    await using world = await openGrownWorld();
    world.sts.lifetime = 0;
    const message =
      'Token expired: current date/time 1700000000 must be before the expiration date/time 1699999999';
    world.sts.refuse = (request) => (request > 1 ? { code: 'ExpiredTokenException', message } : undefined);
    const run = await world.pipe(await world.clone(), world.role);
    expect(run.output).toContain(
      `The OIDC token has expired, so ${roleArn} can't be assumed (again): ExpiredToken: ${message}`,
    );
    expect(run.output).toContain('[token-expired]');
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  });
});

describe('is refused, with its own message', { tags: ['slow'] }, () => {
  const missing = { CODECOMMIT_URL: 'codecommit::us-east-1://missing' };
  test.each([
    ['the secret is another one', { AWS_SECRET_ACCESS_KEY: 'another-secret' }, 'credentials-refused', '403'],
    [
      'a temporary key has expired',
      {
        AWS_ACCESS_KEY_ID: temporaryKeys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: temporaryKeys.secretAccessKey,
        AWS_SESSION_TOKEN: 'an-older-token',
      },
      'credentials-refused',
      `can't be opened with the access key ${temporaryKeys.accessKeyId}`,
    ],
    ['the key is unknown', { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWNUNKNOWN00' }, 'credentials-refused', '403'],
    [
      'the region is another one',
      { CODECOMMIT_URL: 'codecommit::eu-west-1://app' },
      'credentials-refused',
      'The requested URL returned error: 403',
    ],
    [
      'there is no such repository',
      missing,
      'destination-not-found',
      'The credentials were accepted, but there is no repository at https://127.0.0.1:',
    ],
    [
      'nobody listens there',
      { CODECOMMIT_ENDPOINT: '127.0.0.1:1', MAX_ATTEMPTS: '1' },
      'destination-unreachable',
      'that port 1 is open from here',
    ],
  ])('when %s', async (_what, changes, code, message) => {
    await using world = await openGrownWorld();
    const run = await world.pipe(await world.clone(), changes);
    expect(run.output).toContain(message);
    expect(run.output).toContain(`[${code}]`);
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  });

  it('when the role lacks the permission', async () => {
    await using world = await openGrownWorld();
    world.sandbox.faults.refuseKeys = true;
    const run = await world.pipe(await world.clone(), world.role);
    expect(run.output).toContain(`can't be opened with the role ${roleArn}`);
    expect(run.output).toContain('[credentials-refused]');
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  });

  test.each([
    ['AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 'role-refused'],
    [
      'InvalidIdentityToken',
      'No OpenIDConnect provider found in your account for https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc',
      'role-refused',
    ],
    ['IDPRejectedClaim', 'The token was rejected', 'role-refused'],
    [
      'ExpiredTokenException',
      'Token expired: current date/time must be before the expiration',
      'token-expired',
    ],
    ['RegionDisabledException', 'STS is not activated in this region for account:111122223333', 'sts-failed'],
    ['SomethingNew', 'Nobody knows', 'sts-failed'],
  ])('when STS answers %s', async (code, message, expected) => {
    await using world = await openGrownWorld();
    world.sts.refuse = () => ({ code, message });
    const run = await world.pipe(await world.clone(), { ...world.role, MAX_ATTEMPTS: '1' });
    expect(run.output).toContain(`${code.replace('Exception', '')}: ${message}`);
    expect(run.output).toContain(roleArn);
    expect(run.output).toContain(`[${expected}]`);
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  });

  it('when STS is not there', async () => {
    await using world = await openGrownWorld();
    const unreachable = {
      ...world.role,
      AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:1',
      MAX_ATTEMPTS: '1',
    };
    const run = await world.pipe(await world.clone(), unreachable);
    expect(run.output).toContain('ECONNREFUSED');
    expect(run.output).toContain('[sts-failed]');
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  });
});

it('tries again when STS is throttled for a while', async () => {
  await using world = await openGrownWorld();
  world.sts.refuse = (request) =>
    request <= 1 ? { code: 'Throttling', message: 'Rate exceeded' } : undefined;
  const run = await world.pipe(await world.clone(), world.role);
  expect(run.output).toContain('Throttling: Rate exceeded. Trying again in ');
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
});

it('asks STS again when it says nothing', async () => {
  await using world = await openGrownWorld();
  world.sts.refuse = (request) => {
    world.sts.hang = request === 1;
    return undefined;
  };
  const run = await world.pipe(await world.clone(), world.role);
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(world.sts.requests).toHaveLength(2);
});

describe('of refs tells the same as over SSH', { tags: ['slow'] }, () => {
  it('where one is declined', async () => {
    await using world = await openGrownWorld();
    await grow(world.source, 'locked');
    world.sandbox.faults.declineRefs = /^refs\/heads\/locked$/;
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    expect(run.output).toContain('declined by the server');
    expect(run.output).toContain('[ref-declined]');
    const { 'refs/heads/main': main } = await world.sourceRefs();
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, { 'refs/heads/main': main }]);
  });

  it('where the destination has commits of its own, and replaces them when it is asked to', async () => {
    await using world = await openGrownWorld();
    await grow(world.destination, 'main');
    const own = await world.destinationRefs();
    const clone = await world.clone();
    const kept = await world.pipe(clone);
    expect(kept.output).toContain('[ref-diverged]');
    expect([kept.exitCode, await world.destinationRefs()]).toEqual([1, own]);
    const forced = await world.pipe(clone, { FORCE: 'true' });
    expect(forced.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  });

  it('where the connection is dropped in the push, and goes on with the next attempt', async () => {
    await using world = await openGrownWorld();
    world.sandbox.faults.dropAfterBytes = 100;
    const clone = await world.clone();
    const dropped = await world.pipe(clone, { MAX_ATTEMPTS: '1' });
    expect(dropped.output).toContain('[connection-dropped]');
    expect([dropped.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
    // curl itself tries again where a connection that was open breaks, so the line is well at the next look alone.
    world.sandbox.faults.beforeAdvertise = async () => {
      world.sandbox.faults.beforeAdvertise = async () => {
        world.sandbox.faults.dropAfterBytes = undefined;
      };
    };
    const second = await world.pipe(clone);
    expect(second.output).toContain('Trying again');
    expect(second.exitCode).toBe(0);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  });

  it('where somebody else moved one after the look', async () => {
    await using world = await openGrownWorld();
    let rival = '';
    world.sandbox.faults.afterAdvertise = async () => {
      world.sandbox.faults.afterAdvertise = undefined;
      rival = await grow(world.destination, 'main');
    };
    const run = await world.pipe(await world.clone());
    expect(run.output).toContain('[ref-diverged]');
    expect([run.exitCode, await readRefs(world.destination)]).toEqual([1, { 'refs/heads/main': rival }]);
  });
});

it('says nothing of the secret key when it is wrong, even with DEBUG', async () => {
  await using world = await openGrownWorld();
  const run = await world.pipe(await world.clone(), {
    AWS_ACCESS_KEY_ID: keys.secretAccessKey.padEnd(40, 'x'),
    DEBUG: 'true',
  });
  expect(run.exitCode).toBe(2);
  expect(run.output).not.toContain(keys.secretAccessKey);
});

it.runIf(lfsAvailable())(
  'has no way for the objects of Git LFS, and says so before the pointers are pushed',
  async () => {
    await using world = await openGrownWorld();
    const root = join(world.root, 'kept');
    await mkdir(root);
    await using kept = await openLfsServer({ root });
    world.bitbucket.faults.lfs = kept.serve;
    const pointer = await kept.keep('content');
    const files = `M 100644 inline .gitattributes\ndata 18\n*.bin filter=lfs x\nM 100644 inline a.bin\ndata ${pointer.length}\n${pointer}\n`;
    const commit = `commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n`;
    await gitWith({ input: commit + files }, world.source, 'fast-import', '--quiet');
    const run = await world.pipe(await world.clone(), { LFS: 'push', MAX_ATTEMPTS: '1' });
    expect(run.output).toContain('does not accept Git LFS objects');
    expect(run.output).toContain('[lfs-not-sent]');
    expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  },
);

describe('STS, over TLS and behind a proxy,', { tags: ['slow'] }, () => {
  /** A world whose STS has the same certificate as the other end, which SSL_CERT_FILE names. */
  async function openScene() {
    const world = await openGrownWorld();
    const createKeys = (session: number) => {
      world.face.allow(toSessionKeys(session));
      return toSessionKeys(session);
    };
    const sts = await openSts({ roleArn, token: oidcToken, certificate, createKeys });
    return { world, sts, role: { ...world.role, AWS_ENDPOINT_URL_STS: sts.url, MAX_ATTEMPTS: '1' } };
  }

  it('is reached directly, and through https_proxy with a login, which nobody is shown', async () => {
    const { world, sts, role } = await openScene();
    await using _world = world;
    await using _sts = sts;
    await using proxy = await openTunnelProxy('ada:password-of-the-proxy');
    const clone = await world.clone();
    const direct = await world.pipe(clone, role);
    expect(direct).toEqual({ exitCode: 0, output: direct.output });
    expect(proxy.tunnels).toEqual([]);
    await grow(world.source, 'main');
    const run = await world.pipe(clone, { ...role, https_proxy: proxy.url, DEBUG: 'true' });
    expect(run).toEqual({ exitCode: 0, output: run.output });
    expect(run.output).not.toContain('password-of-the-proxy');
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(sts.url).host, world.face.host]));
    expect(sts.requests.length).toBe(2);
  });

  it('is refused by a proxy that wants a login, and by a certificate that nothing trusts', async () => {
    const { world, sts, role } = await openScene();
    await using _world = world;
    await using _sts = sts;
    await using proxy = await openTunnelProxy('ada:password-of-the-proxy');
    const clone = await world.clone();
    const { host } = new URL(proxy.url);
    const unknown = await world.pipe(clone, { ...role, https_proxy: `http://${host}` });
    expect([unknown.exitCode, unknown.output]).toEqual([1, expect.stringContaining('[proxy-refused]')]);
    const untrusted = await world.pipe(clone, { ...role, SSL_CERT_FILE: undefined });
    expect([untrusted.exitCode, untrusted.output]).toEqual([
      1,
      expect.stringMatching(/self-signed[\s\S]*\[sts-failed\]/),
    ]);
    expect(sts.requests).toEqual([]);
    expect(await world.destinationRefs()).toEqual({});
  });
});
