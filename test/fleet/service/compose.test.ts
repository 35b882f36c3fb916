import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { version } from '../../../package.json';
import { run } from '../../servers/git';
import { openServed, until } from './served';

const compose = parse(readFileSync(resolve(import.meta.dirname, '../../../compose.yaml'), 'utf8'));
const { image, command, healthcheck, volumes, environment } = compose.services.fleet;

test('compose.yaml starts the service of this version, with files that are in its volumes', () => {
  expect(image).toBe(`org/codecommit-mirror:${version}`);
  const targets = volumes.map((volume: string) => volume.split(':')[1]);
  expect(targets).toEqual(['/fleet/mirrors.yaml', '/state', environment.TMPDIR]);
});

test('its command runs, asks for the token, and its health check tells', async () => {
  const [fleet, serve, ...given]: string[] = command;
  expect([fleet, serve]).toEqual(['fleet', 'serve']);
  const args = given.map((each) => each.replace('=/fleet/', '=').replace('=/state', '=state'));
  const env = { FLEET_TOKEN: 'a-token-for-the-page-0123456789' };
  await using served = await openServed((hosts) => hosts.add('app', 'main'), { args, env });
  await until(() => served.hosts.mirrorOf('app'));
  expect((await fetch(served.page)).status).toBe(401);
  const port = new URL(served.page).port;
  const [, program = '', ...words]: string[] = healthcheck.test;
  const ask = (at: string) =>
    run(
      program,
      join(served.hosts.root, 'work'),
      words.map((word) => word.replace(':8080/', `:${at}/`)),
    );
  expect(await ask(port)).toMatchObject({ exitCode: 0 });
  await served.stop();
  expect(await ask(port)).toMatchObject({ exitCode: 1 });
});
