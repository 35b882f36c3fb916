import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { grow } from '../servers/git';
import { certificate, type HttpsWorld, oidcToken, openHttpsWorld, toSessionKeys } from './httpsWorld';
import { runProgram } from './world';

async function openGrownWorld(): Promise<HttpsWorld> {
  const world = await openHttpsWorld();
  await grow(world.source, 'main', { count: 3 });
  return world;
}

/** What others on this machine could see of a run at one moment. */
interface Sight {
  /** Of all processes. */
  readonly arguments: string;
  /** Of the processes that the pipe started, not of itself: Pipelines hands it the variables. */
  readonly environments: string;
  /** Contents of the files in $TMPDIR and $HOME. */
  readonly files: string;
}

function look(world: HttpsWorld): Sight {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // A process that has ended, or a socket.
      return '';
    }
  };
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ line: read(`/proc/${pid}/cmdline`), environment: read(`/proc/${pid}/environ`) }));
  const children = processes.filter(
    ({ line, environment }) => environment.includes(world.temporary) && !line.includes('dist/pipe.js'),
  );
  const files = [world.temporary, world.home].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => read(join(folder, name))),
  );
  return {
    arguments: processes.map(({ line }) => line.replaceAll('\0', ' ')).join('\n'),
    environments: children.map(({ environment }) => environment).join('\n'),
    files: files.join('\n'),
  };
}

it('shows no secret: not on screen, in arguments, in the environment of what it starts, nor in a file', async () => {
  await using world = await openGrownWorld();
  const sights: Sight[] = [];
  // Each login needs a new session, so STS is asked while git's helper waits.
  world.sts.lifetime = 0;
  world.sts.refuse = () => {
    sights.push(look(world));
    return undefined;
  };
  world.sandbox.faults.afterAdvertise = async () => {
    sights.push(look(world));
  };
  const run = await world.pipe(await world.clone(), { ...world.role, DEBUG: 'true' });
  sights.push(look(world));
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());

  const seen = { output: run.output, ...Object.fromEntries(sights.flatMap(toEntries)) };
  const texts = Object.values(seen).join('\n');
  // What must be there for the rest to mean something: git, its helper, and files of ours.
  expect(texts).toMatch(/git .*remote-https/);
  expect(texts).toContain('credential-cache --socket');
  expect(texts).toContain(`GIT_SSL_CAINFO=${world.variables['SSL_CERT_FILE']}`);
  expect(texts).toContain('followRedirects');

  const sessions = world.sts.requests.map((_request, index) => toSessionKeys(index + 1));
  const secrets = [
    oidcToken,
    ...sessions.flatMap((keys) => [keys.secretAccessKey, keys.sessionToken]),
    ...world.face.passwords,
  ];
  // The token, two sessions of two secrets each, and the login that is made of the second.
  expect(secrets.length).toBeGreaterThanOrEqual(6);
  for (const secret of secrets)
    for (const [where, text] of Object.entries(seen))
      expect({ where, found: text.includes(secret) }).toEqual({ where, found: false });
});

function toEntries(sight: Sight, index: number): [string, string][] {
  return Object.entries(sight).map(([where, text]) => [`${where} ${index}`, text]);
}

it('sends nothing to a server whose certificate is not trusted', async () => {
  await using world = await openGrownWorld();
  const run = await world.pipe(await world.clone(), { SSL_CERT_FILE: undefined });
  expect(run.output).toContain('The certificate of 127.0.0.1:');
  expect(run.output).toContain('[certificate-refused]');
  expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  expect(world.face.passwords).toEqual([]);
});

it('follows no redirection, and hands the login to nobody', async () => {
  await using world = await openGrownWorld();
  const authorizations: unknown[] = [];
  const server = createServer({ ...certificate }, (request, response) => {
    authorizations.push(request.headers.authorization);
    response.writeHead(302, { Location: `https://${world.face.host}${request.url}` }).end();
  });
  const port = await listenOnLoopback(server);
  const run = await world.pipe(await world.clone(), { CODECOMMIT_ENDPOINT: `127.0.0.1:${port}` });
  server.close();
  expect(run.output).toContain('answers with a redirect, which is not followed');
  expect([run.exitCode, await world.destinationRefs()]).toEqual([1, {}]);
  expect(new Set(authorizations)).toEqual(new Set([undefined]));
  expect(world.face.passwords).toEqual([]);
});

it("tells the user's own credential helpers nothing", async () => {
  await using world = await openGrownWorld();
  const told = join(world.home, 'told');
  writeFileSync(join(world.home, '.gitconfig'), `[credential]\n\thelper = "!cat >>${told}; :"\n`);
  const clone = await world.clone();
  const run = await runProgram('cli', ['mirror'], clone.dir, {
    HOME: world.home,
    TMPDIR: world.temporary,
    SOURCE_PROXY: world.bitbucket.proxy,
    ...clone.env,
    ...world.variables,
  });
  expect(run.exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(readdirSync(world.home)).toEqual(['.gitconfig']);
});

it('stops at once when it is told to while STS says nothing', async () => {
  await using world = await openGrownWorld();
  world.sts.hang = true;
  const clone = await world.clone();
  const env = { HOME: world.home, TMPDIR: world.temporary, SOURCE_PROXY: world.bitbucket.proxy };
  let stop = () => {};
  let stoppedAt = 0;
  // By then the source has been listed, and STS, which has ten seconds, is all that is waited for.
  world.sts.refuse = () => void setTimeout(() => stop(), 1_500);
  const run = await runProgram(
    'pipe',
    [],
    clone.dir,
    { ...env, ...clone.env, ...world.variables, ...world.role },
    // The first line is written before STS is asked.
    (_text, kill) => {
      stop = () => {
        stoppedAt ||= Date.now();
        kill('SIGTERM');
      };
    },
  );
  expect(Date.now() - stoppedAt).toBeLessThan(8_000);
  expect(run.output).toContain('Stopped by SIGTERM');
  expect(run.exitCode).toBe(143);
  expect(world.sts.requests).toHaveLength(1);
  expect(readdirSync(world.temporary)).toEqual([]);
});
