// @module-tag slow
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AwsKeys } from '../../src/aws/identity';
import { signLogin } from '../../src/remote/https/sigv4';
import { openHttpsFront } from '../servers/httpsFront';
import { expectNothingLeft } from './footprint';
import { certificate, type HttpsWorld, keys, openHttpsWorld } from './httpsWorld';
import { growSource } from './scene';
import { openWorld, runProgram, type World } from './world';

/** Somebody else, whom CodeCommit lets in as well. */
const others: AwsKeys = { accessKeyId: 'AKIAOTHEROTHEROTHER1', secretAccessKey: 'secret-of-somebody-else' };

interface Login {
  readonly username: string;
  readonly password: string;
}

/** What a user may have set up for the very host of the destination. `elsewhere`: another server, at which nobody may arrive. */
interface Place {
  readonly home: string;
  readonly host: string;
  readonly elsewhere: string;
}

async function writeConfig({ home }: Place, text: string): Promise<void> {
  await writeFile(join(home, '.gitconfig'), text);
  // Whatever reads the one and not the other.
  await mkdir(join(home, '.config', 'git'), { recursive: true });
  await writeFile(join(home, '.config', 'git', 'config'), text);
}

const toHeader = ({ username, password }: Login) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

const setUps: Readonly<Record<string, (place: Place, login: Login) => Promise<void>>> = {
  '~/.netrc': async ({ home }, { username, password }) => {
    const text = `machine 127.0.0.1 login ${username} password ${password}\ndefault login ${username} password ${password}\n`;
    await writeFile(join(home, '.netrc'), text, { mode: 0o600 });
  },
  'a global credential helper': async (place, { username, password }) => {
    const file = join(place.home, 'helper');
    const lines = `username=${username}\\npassword=${password}\\n`;
    const script = `#!/bin/sh\necho asked >>${join(place.home, 'asked')}\n[ "$1" = get ] && printf '${lines.replaceAll('%', '%%')}'\n`;
    await writeFile(file, script, { mode: 0o755 });
    await writeConfig(
      place,
      `[credential]\n\thelper = ${file}\n[credential "https://${place.host}"]\n\thelper = ${file}\n\tusername = ${username}\n`,
    );
  },
  'http.extraHeader': (place, login) =>
    writeConfig(
      place,
      `[http]\n\textraHeader = Authorization: ${toHeader(login)}\n[http "https://${place.host}/"]\n\textraHeader = Authorization: ${toHeader(login)}\n`,
    ),
  'url.insteadOf': (place, { username, password }) =>
    writeConfig(
      place,
      ['insteadOf', 'pushInsteadOf']
        .map(
          (key) =>
            `[url "https://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${place.elsewhere}/"]\n\t${key} = https://${place.host}/\n`,
        )
        .join(''),
    ),
};

async function runHttps(world: HttpsWorld, program: 'pipe' | 'cli', host: string) {
  const clone = await world.clone();
  const env = {
    HOME: world.home,
    TMPDIR: world.temporary,
    ...clone.env,
    ...world.variables,
    SOURCE_PROXY: world.bitbucket.proxy,
    CODECOMMIT_ENDPOINT: host,
    REFS: 'all',
    MAX_ATTEMPTS: '1',
    DEBUG: 'true',
  };
  return await runProgram(program, program === 'cli' ? ['mirror'] : [], clone.dir, env);
}

const kinds = [
  { kind: 'that lets in somebody else', isValid: true },
  { kind: 'that is wrong', isValid: false },
];

describe.each(['pipe', 'cli'] as const)(
  'over HTTPS, with %s, the destination sees our login alone',
  (program) => {
    for (const [name, setUp] of Object.entries(setUps))
      test.each(kinds)(`beside ${name} $kind`, async ({ isValid }) => {
        await using world = await openHttpsWorld();
        await growSource(world);
        world.face.allow(others);
        await using destination = await openHttpsFront({ certificate, onward: world.face.host });
        await using elsewhere = await openHttpsFront({ certificate, onward: undefined });
        const { host } = destination;
        const signed = signLogin(others, { host, path: '/v1/repos/app', region: 'us-east-1' }, new Date());
        const login = isValid ? signed : { username: 'alice-at-111122223333', password: 'not-the-password' };
        await setUp({ home: world.home, host, elsewhere: elsewhere.host }, login);
        const ended = await runHttps(world, program, host);
        expect(ended).toMatchObject({ exitCode: 0 });
        expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
        expect([...destination.users]).toEqual([keys.accessKeyId]);
        expect([...elsewhere.users]).toEqual([]);
        expect(await readFile(join(world.home, 'asked'), 'utf8').catch(() => '')).toBe('');
        expect(ended.output).not.toContain(login.password);
        await expectNothingLeft(world);
      });
  },
);

/** Over SSH, a command of the user's would carry the whole conversation. */
const commands: Readonly<Record<string, string>> = {
  'that works': 'exec ssh "$@"',
  'that is wrong': 'exit 1',
};

const commandSetUps: Readonly<
  Record<string, (world: World, command: string) => Promise<Readonly<Record<string, string>>>>
> = {
  'core.sshCommand': async ({ home }, command) => {
    await writeFile(join(home, '.gitconfig'), `[core]\n\tsshCommand = ${command}\n`);
    return {};
  },
  GIT_SSH_COMMAND: async (_world, command) => ({ GIT_SSH_COMMAND: command }),
  GIT_SSH: async (_world, command) => ({ GIT_SSH: command }),
  'url.insteadOf': async ({ home, sandbox }) => {
    const base = `ssh://nobody@127.0.0.1:1/`;
    const rules = ['insteadOf', 'pushInsteadOf'].map(
      (key) => `[url "${base}"]\n\t${key} = ssh://APKAEXAMPLEEXAMPLE12@127.0.0.1:${sandbox.port}/\n`,
    );
    await writeFile(join(home, '.gitconfig'), rules.join(''));
    return {};
  },
};

describe.each(['pipe', 'cli'] as const)(
  'over SSH, with %s, nothing of the user is started or obeyed',
  (program) => {
    for (const [name, setUp] of Object.entries(commandSetUps))
      test.each(Object.entries(commands))(`beside ${name} %s`, async (_kind, script) => {
        await using world = await openWorld();
        await growSource(world);
        const command = join(world.home, 'command');
        await writeFile(command, `#!/bin/sh\necho started >>${join(world.home, 'started')}\n${script}\n`, {
          mode: 0o755,
        });
        const more = await setUp(world, command);
        const clone = await world.clone();
        const env = {
          HOME: world.home,
          TMPDIR: world.temporary,
          ...clone.env,
          ...world.variables,
          REFS: 'all',
          MAX_ATTEMPTS: '1',
          ...more,
        };
        const ended = await runProgram(program, program === 'cli' ? ['mirror'] : [], clone.dir, env);
        expect(ended).toMatchObject({ exitCode: 0 });
        expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
        expect(await readFile(join(world.home, 'started'), 'utf8').catch(() => '')).toBe('');
        await expectNothingLeft(world);
      });
  },
);
