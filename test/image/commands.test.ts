import { expect, test } from 'vitest';
import { version } from '../../package.json';
import { startContainer } from './container';

test.each([
  [['--version'], new RegExp(`^${version.replaceAll('.', '\\.')}\n$`)],
  [['setup', '--help'], /^Usage: codecommit-mirror setup /],
  [['check', '--help'], /^Usage: codecommit-mirror check /],
  [['mirror', '--help'], /^Usage: codecommit-mirror mirror /],
])('%j is a command of the command line', async (args, expected) => {
  const { exitCode, output } = await startContainer({}, args).ended;
  expect(output).toMatch(expected);
  expect(exitCode).toBe(0);
});

test('demo needs nothing that the image has not', async () => {
  const { exitCode, output } = await startContainer({}, ['demo', '--once']).ended;
  expect(output).toContain('3/3');
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
});

test('without arguments it is the pipe, which says what is missing', async () => {
  const { exitCode, output } = await startContainer({}).ended;
  expect(exitCode).toBe(2);
  expect(output).toContain('CODECOMMIT_URL is missing');
});
