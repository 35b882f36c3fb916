// @module-tag slow
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../servers/git';
import { holdsSecret, openSetupWorld, type SetupWorld, user } from './world';

// Each run makes an RSA key of 4096 bits: seconds, on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const question = /Make 9 changes\? \[y\/N\] /;

const toText = (base64: unknown) => Buffer.from(String(base64), 'base64').toString();

/** Runs setup on a terminal and types when it asks. */
async function type(keys: string, ...args: string[]) {
  const driver = join(import.meta.dirname, 'terminal.py');
  const cli = resolve(import.meta.dirname, '../../dist/cli.js');
  const program = [process.execPath, cli, ...world.args, '--write', ...args];
  const { env } = world;
  const { exitCode, stdout } = await run('python3', world.cwd, [driver, '[y/N]', keys, ...program], { env });
  return { exitCode, output: stdout };
}

describe('the question on a terminal', () => {
  it.each(['y\\n', 'YES\\n'])('is answered with %j: setup does it', async (keys) => {
    const { exitCode, output } = await type(keys);
    expect(output).toMatch(question);
    expect(exitCode).toBe(0);
    expect(output).toContain('Connection to CodeCommit with this key: verified');
    expect(world.aws.state.users.get(user)?.keys).toHaveLength(1);
    expect(holdsSecret(output, toText(world.api.state.variables[0]?.['value']))).toBe(false);
  });

  it.each(['n\\n', '\\n', 'yesterday\\n', '\\x04'])(
    'is answered with %j: nothing is changed',
    async (keys) => {
      const { exitCode, output } = await type(keys);
      expect(output).toMatch(question);
      expect(output).toContain('Cancelled. Nothing was changed.');
      expect(exitCode).toBe(1);
      expect(world.takeWrites()).toEqual([]);
      expect(await world.read('bitbucket-pipelines.yml')).toBeUndefined();
    },
  );

  it('is answered with Ctrl-C: stopped', async () => {
    const { exitCode, output } = await type('\\x03');
    expect(output).toMatch(question);
    expect(output).toContain('Stopped by SIGINT.');
    expect(exitCode).toBe(130);
    expect(world.takeWrites()).toEqual([]);
  });

  it('is asked before something is removed, too', async () => {
    await world.setup(['--yes']);
    world.takeWrites();
    const { exitCode, output } = await type('n\\n', '--remove');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/Make \d+ changes\?/);
    expect(world.takeWrites()).toEqual([]);
  });

  it('is not asked with --yes, or when there is nothing to do', async () => {
    expect((await type('n\\n', '--yes')).output).not.toContain('[y/N]');
    const { exitCode, output } = await type('n\\n');
    expect(exitCode).toBe(0);
    expect(output).not.toContain('[y/N]');
    expect(output).toContain('Nothing to do');
  });
});
