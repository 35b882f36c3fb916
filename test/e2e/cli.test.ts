import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { variables as allVariables } from '../../src/pipe/variables';
import { expectNothingLeft } from './footprint';
import { growSource } from './scene';
import { openWorld, runProgram } from './world';

describe('the command line', () => {
  const bare = { HOME: '/nonexistent' };
  test.each([['--version'], ['-v'], ['version']])('%s', async (word) => {
    expect(await runProgram('cli', [word], '/', bare)).toEqual({ exitCode: 0, output: `${version}\n` });
  });

  test.each(['mirror', 'check'])(
    '%s --help is in groups, and fits a terminal of 80 columns',
    async (command) => {
      const { exitCode, output } = await runProgram('cli', [command, '--help'], '/', bare);
      expect(exitCode).toBe(0);
      expect(output.match(/^\S.*:$/gm)).toEqual([
        'Destination:',
        'What is mirrored:',
        'Run:',
        'Source:',
        'Options:',
        'Example:',
      ]);
      // A word that is longer is left whole.
      for (const line of output.split('\n'))
        if (line.trim().includes(' ')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  test.each(['setup', 'mirror', 'check'])(
    '%s --help is plain text, at most 80 columns wide',
    async (command) => {
      const { exitCode, output } = await runProgram('cli', [command, '--help'], '/', bare);
      expect([exitCode, output]).toEqual([0, expect.not.stringContaining('`')]);
      const [options = '', examples = ''] = output.split(/^Examples?:$/m);
      for (const line of options.split('\n'))
        if (line.trim().includes(' ')) expect(line.length).toBeLessThanOrEqual(80);
      // A command is copied as it is, so it is on one line.
      for (const line of examples.trim().split('\n')) expect(line).toMatch(/^ *codecommit-mirror |^ +--/);
    },
  );

  test('setup with nothing says what is missing, and where the options are', async () => {
    const { exitCode, output } = await runProgram('cli', ['setup'], '/', bare);
    expect(exitCode).toBe(2);
    expect(output).toContain("required option '--codecommit <region/name>'");
    expect(output).toContain('codecommit-mirror setup --help lists the options');
  });

  test('setup says all that is wrong at once, and takes --yes beside --dry-run', async () => {
    const args = ['setup', '--codecommit', 'app', '--bitbucket', 'app', '--yes', '--dry-run'];
    const { exitCode, output } = await runProgram('cli', args, '/', bare);
    expect(exitCode).toBe(2);
    expect(output).toContain('--bitbucket is "app", which is not valid.');
    expect(output).toContain('--codecommit is "app", which is not valid.');
  });

  test('check --help leaves out what a check makes no use of, and check takes it', async () => {
    const idle = ['--backup', '--dry-run', '--push-size', '--max-attempts', '--report-file'];
    const { output } = await runProgram('cli', ['check', '--help'], '/', bare);
    for (const flag of idle) expect(output).not.toContain(flag);
    const taken = await runProgram('cli', ['check', '--dry-run', '--backup'], '/', bare);
    expect(taken.output).toContain('CODECOMMIT_URL is missing');
  });

  test('a switch can be turned off', async () => {
    const { output } = await runProgram('cli', ['mirror', '--no-prune'], '/', { ...bare, PRUNE: 'true' });
    expect(output).toContain('CODECOMMIT_URL is missing');
    expect(output).not.toContain('PRUNE is true');
  });

  test('a wrong word is answered with where the right ones are', async () => {
    const { output } = await runProgram('cli', ['mirror', '--refz'], '/', bare);
    expect(output).toContain('(codecommit-mirror mirror --help lists the options)');
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
