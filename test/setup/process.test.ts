// @module-tag slow
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../e2e/world';
import { run } from '../servers/git';
import { holdsSecret, names, openSetupWorld, type SetupWorld, user } from './world';

// Each run makes an RSA key of 4096 bits: seconds, on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Programs of these names that note their arguments and environment, and are the real ones otherwise. */
async function watchPrograms(...names: readonly string[]) {
  const [folder, notes] = [join(world.root, 'bin'), join(world.root, 'notes')];
  await mkdir(folder);
  await writeFile(notes, '');
  for (const name of names) {
    const { stdout } = await run('sh', '/', ['-c', `command -v ${name}`]);
    const script = `#!/bin/sh\n{ printf '${name} %s\\n' "$@"; env; } >> '${notes}'\nexec ${stdout.trim()} "$@"\n`;
    await writeFile(join(folder, name), script);
    await chmod(join(folder, name), 0o755);
  }
  return { path: `${folder}:${process.env['PATH']}`, read: () => readFile(notes, 'utf8') };
}

describe('secrets', () => {
  it('are not on the screen, in an argument, in the environment of another program, or in a file', async () => {
    const watched = await watchPrograms('ssh', 'git');
    const { exitCode, output } = await world.setup(['--yes', '--write'], {
      PATH: watched.path,
      DEBUG: 'true',
    });
    expect(exitCode).toBe(0);
    const base64 = String(world.api.state.variables.find(({ key }) => key === names.key)?.['value']);
    const privateKey = Buffer.from(base64, 'base64').toString();
    expect(privateKey).toContain('BEGIN RSA PRIVATE KEY');
    const notes = await watched.read();
    expect(notes).toMatch(/^ssh /m);
    expect(holdsSecret(notes, privateKey)).toBe(false);
    expect(holdsSecret(output, privateKey)).toBe(false);
    expect(await readdir(world.temporary)).toEqual([]);
    expect((await readdir(world.cwd)).sort()).toEqual(['.git', 'bitbucket-pipelines.yml']);
    expect(holdsSecret((await world.read('bitbucket-pipelines.yml')) ?? '', privateKey)).toBe(false);
  });

  it('are masked where a service repeats them', async () => {
    const token = world.env['BITBUCKET_TOKEN'] ?? '';
    world.api.faults['GET'] = { status: 401, body: { error: { message: `bad token ${token}` } } };
    const { exitCode, output } = await world.setup(['--yes']);
    expect(exitCode).toBe(1);
    expect(output).toContain('bad token ******');
    expect(output).not.toContain(token);
    expect(output).toContain('[setup-bitbucket-unauthorised]');
  });
});

describe('what can not be looked at', () => {
  it('stands in the plan with the permission that is missing, and nothing is changed', async () => {
    for (const action of ['iam:GetUser', 'codecommit:GetRepository'])
      world.aws.faults[action] = { status: 403, code: 'AccessDenied' };
    world.api.faults['GET pipelines_config/variables'] = { status: 403 };
    const { exitCode, output } = await world.setup(['--yes']);
    expect(exitCode).toBe(1);
    expect(output).toContain(`no permission  IAM user ${user} (missing permission: iam:GetUser)`);
    expect(output).toContain(
      'These permissions are missing: codecommit:GetRepository, iam:GetUser, probably pipeline:variable. Nothing was changed.',
    );
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('the clients of AWS', () => {
  it('find each service by AWS_ENDPOINT_URL_<SERVICE>, and the credentials of --profile', async () => {
    const credentials = join(world.root, 'credentials');
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = world.env;
    await writeFile(credentials, `[mirror]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`);
    const { url } = world.aws;
    const { exitCode, output } = await world.setup(['--dry-run', '--profile', 'mirror'], {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_IAM: url,
      AWS_ENDPOINT_URL_STS: url,
      AWS_ENDPOINT_URL_CODECOMMIT: url,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      AWS_CONFIG_FILE: join(world.root, 'none'),
    });
    expect(output).toContain('AWS account 111122223333');
    expect(exitCode).toBe(0);
  });

  it('name the profile that does not exist', async () => {
    const { exitCode, output } = await world.setup(['--yes', '--profile', 'nope']);
    expect(exitCode).toBe(1);
    expect(output).toContain('With the profile "nope": There are no valid AWS credentials');
    expect(world.takeWrites()).toEqual([]);
  });

  it('say so when there are no credentials', async () => {
    const { exitCode, output } = await world.setup(['--yes'], {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SHARED_CREDENTIALS_FILE: join(world.root, 'none'),
    });
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-aws-credentials]');
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('setup that is stopped', () => {
  it('while it waits for IAM: says what is done, leaves no key behind, and the next run goes on', async () => {
    world.sandbox.faults.refuseKeys = true;
    const stopped = await runProgram('cli', [...world.args, '--yes'], world.cwd, world.env, (text, kill) => {
      if (text.includes('Waiting for IAM')) kill('SIGTERM');
    });
    expect(stopped.exitCode).toBe(143);
    expect(stopped.output).toContain(
      'Stopped by SIGTERM. Steps marked ✔ are done; nothing else was changed.',
    );
    expect(await readdir(world.temporary)).toEqual([]);
    expect(world.api.state.variables).toEqual([]);
    world.sandbox.faults.refuseKeys = false;
    expect(await world.setup(['--yes'])).toMatchObject({ exitCode: 0 });
    expect(world.api.state.variables).toHaveLength(2);
  });
});

describe('setup in a bad place', () => {
  it('goes on when nobody reads what it writes', async () => {
    const cli = join(import.meta.dirname, '../../dist/cli.js');
    const program = [process.execPath, cli, ...world.args, '--yes'].map((word) => `'${word}'`).join(' ');
    const env = { ...world.env, PATH: process.env['PATH'] ?? '' };
    const { stdout } = await run(
      'bash',
      world.cwd,
      ['-c', `${program} | head -1; echo "\${PIPESTATUS[0]}"`],
      { env },
    );
    expect(stdout).toMatch(/\n0\n$/);
    expect(world.api.state.variables).toHaveLength(2);
    const full = await run('bash', world.cwd, ['-c', `${program} --remove > /dev/full; echo $?`], { env });
    expect(full.stdout).toBe('0\n');
    expect(world.aws.state.users.size).toBe(0);
  });

  it('notices before the question that ssh is missing', async () => {
    const bin = join(world.root, 'bin');
    await mkdir(bin);
    const { stdout: git } = await run('sh', '/', ['-c', 'command -v git']);
    await symlink(git.trim(), join(bin, 'git'));
    const { exitCode, output } = await world.setup(['--yes'], { PATH: bin });
    expect(exitCode).toBe(1);
    expect(output).toContain('[program-missing]');
    expect(world.takeWrites()).toEqual([]);
  });

  it('tells of one failure, at once, while other requests are under way', async () => {
    world.aws.faults['iam:GetUser'] = { status: 400, code: 'Throttling' };
    world.api.faults['GET'] = { status: 401 };
    const { exitCode, output } = await world.setup(['--yes'], { NODE_OPTIONS: '--trace-warnings' });
    expect(exitCode).toBe(1);
    expect(output).toContain('[setup-bitbucket-unauthorised]');
    expect(output).not.toContain('MaxListenersExceededWarning');
    expect(
      output
        .trimEnd()
        .split('\n')
        .filter((line) => line.includes('✖')),
    ).toHaveLength(1);
  });
});

describe('the command', () => {
  it.each([
    [[]],
    [['--bitbucket', 'acme/app']],
    [['--bitbucket', 'acme', '--codecommit', 'x']],
    [['--nonsense']],
  ])('ends with 2 for wrong flags: %j', async (flags) => {
    const { exitCode } = await runProgram('cli', ['setup', ...flags], world.cwd, world.env);
    expect(exitCode).toBe(2);
    expect(world.takeWrites()).toEqual([]);
  });

  it('has each flag in the help and in docs/setup.md', async () => {
    const { output } = await runProgram('cli', ['setup', '--help'], world.cwd, {});
    const inHelp = [...output.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag);
    const page = await readFile(join(import.meta.dirname, '../../docs/setup.md'), 'utf8');
    const [, section = ''] = /^## Set up in one command\n(.*?)^## /ms.exec(page) ?? [];
    const inPage = [...section.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(inPage.sort()).toEqual(
      inHelp.filter((flag) => flag !== '--bitbucket' && flag !== '--codecommit').sort(),
    );
  });

  it('has a help with examples that it takes itself', async () => {
    const { exitCode, output } = await runProgram('cli', ['setup', '--help'], world.cwd, {});
    expect(exitCode).toBe(0);
    const examples = output
      .split('\n')
      .flatMap((line) => /^ {2}codecommit-mirror (setup .*)$/.exec(line)?.[1] ?? []);
    expect(examples).toHaveLength(5);
    for (const example of examples) {
      const flags = [...example.split(' ').filter((flag) => flag !== '--dry-run'), '--dry-run'];
      const api = ['--bitbucket-api', world.api.url];
      const env = { ...world.env, KNOWN_HOSTS: world.sandbox.knownHosts };
      expect(await runProgram('cli', [...flags, ...api], world.cwd, env)).toMatchObject({ exitCode: 0 });
    }
  });
});

it('the pipe carries nothing that only setup needs', async () => {
  const dist = join(import.meta.dirname, '../../dist');
  const ofSetup = /pipelines_config/;
  expect(await readFile(join(dist, 'pipe.js'), 'utf8')).not.toMatch(ofSetup);
  expect(await readFile(join(dist, 'cli.js'), 'utf8')).toMatch(ofSetup);
});
