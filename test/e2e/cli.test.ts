import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { variables as allVariables } from '../../src/settings/variables';
import { expectNothingLeft } from './footprint';
import { growSource } from './scene';
import { openWorld, runProgram } from './world';

describe('the command line', () => {
  const bare = { HOME: '/nonexistent' };
  test('--version', async () => {
    expect(await runProgram('cli', ['--version'], '/', bare)).toEqual({
      exitCode: 0,
      output: `${version}\n`,
    });
  });

  test('mirror --help names every flag with its variable', async () => {
    const { exitCode, output } = await runProgram('cli', ['mirror', '--help'], '/', bare);
    expect(exitCode).toBe(0);
    for (const { name, flag } of allVariables) {
      if (flag === undefined) expect(output).not.toMatch(new RegExp(`\\[${name}[\\],]`));
      else expect(output.includes(flag.split(' ')[0] ?? '') && output.includes(`[${name}`)).toBe(true);
    }
  });

  test.each([[['mirror', '--no-such-flag']], [['no-such-command']], [['mirror', '--refs']]])(
    'a wrong word %j is a wrong variable: exit code 2',
    async (args) => {
      const { exitCode, output } = await runProgram('cli', args, '/', bare);
      expect(exitCode).toBe(2);
      expect(output).toMatch(/^error: /);
      expect(output).not.toMatch(/^ +at .*:\d+/m);
    },
  );

  test('flags win over variables, and lists are lists', async () => {
    await using world = await openWorld();
    await growSource(world);
    const clone = await world.clone({ kind: 'full' });
    const flags = [
      '--refs',
      'all',
      '--include',
      'main',
      'refs/tags/v*',
      '--dry-run',
      '--source-url',
      world.source,
    ];
    const key = join(world.ssh, 'id_rsa_tmp');
    const env = {
      ...world.variables,
      HOME: world.home,
      TMPDIR: world.temporary,
      REFS: 'current',
      SOURCE_PROXY: undefined,
    };
    const { exitCode, output } = await runProgram(
      'cli',
      ['mirror', ...flags, '--ssh-key-file', key],
      clone.dir,
      env,
    );
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
    expect(output.match(/^INFO: (branch|tag) \S+:/gm)).toEqual([
      'INFO: branch main:',
      'INFO: tag v0:',
      'INFO: tag v1:',
    ]);
    expect(output).toContain('Dry run: nothing was pushed');
    expect(await world.destinationRefs()).toEqual({});
    await expectNothingLeft(world);
  });
});
