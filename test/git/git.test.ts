import { getEventListeners } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGit, type Git } from '../../src/git/git';
import { createBareRepository, gitWith, grow } from '../servers/git';

let root: string;

beforeAll(async () => {
  root = await createBareRepository(await mkdtemp(join(tmpdir(), 'ccm-test-')));
  await grow(root, 'main', { count: 30 });
});
afterAll(() => rm(root, { recursive: true }));

/** A git whose subcommand `git <name>` is this script. */
async function openGit(name: string, script: string, signal = new AbortController().signal): Promise<Git> {
  await writeFile(join(root, `git-${name}`), `#!/bin/sh\n${script}\n`);
  await chmod(join(root, `git-${name}`), 0o755);
  return createGit({ directory: root, env: { PATH: `${root}:${process.env['PATH']}`, LC_ALL: 'C' }, signal });
}

test('a command that falls silent is ended, and so is what it had started', async () => {
  const git = await openGit('silent', 'echo one; sleep 900 & exec sleep 900');
  // Were what it started waited for, this test would reach its own time limit.
  await expect(git.run(['silent'], { stall: 300 })).rejects.toMatchObject({ code: 'timed-out' });
});

test('a command that says something again and again is not ended, however long it takes', async () => {
  const git = await openGit('slow', 'for i in 1 2 3 4 5 6; do echo $i >&2; sleep 0.3; done; echo done');
  expect(await git.run(['slow'], { stall: 5_000 })).toMatchObject({
    exitCode: 0,
    stdout: 'done\n',
  });
});

test('what it wrote last decides how long it may be silent', async () => {
  const git = await openGit('phases', 'echo quick >&2; exec sleep 600');
  const stall = (stderr: string) => (/quick/.test(stderr) ? 200 : 600_000);
  await expect(git.run(['phases'], { stall })).rejects.toMatchObject({
    code: 'timed-out',
  });
});

test.each(['', ' >&2'])(
  'a command that writes without end%s is ended, and what it started is not waited for',
  async (to) => {
    const git = await openGit('chatter', `exec yes a-line-of-some-length-that-is-said-again-and-again${to}`);
    await expect(git.run(['chatter'])).rejects.toMatchObject({ code: 'output-too-long' });
  },
);

test('a stop signal ends a command, and its name is told', async () => {
  const stop = new AbortController();
  const git = await openGit('long', 'exec sleep 600', stop.signal);
  setTimeout(() => stop.abort('SIGINT'), 100);
  await expect(git.run(['long'])).rejects.toMatchObject({ code: 'stopped', exitCode: 130 });
});

test('lines come as they are, through several commands, and a failure of any comes after them', async () => {
  const git = await openGit('none', 'exit 3');
  const list = async (commands: string[][], input: string) => {
    const lines: string[] = [];
    for await (const some of git.lines(commands, input)) lines.push(...some);
    return lines;
  };
  const oids = (await gitWith({}, root, 'rev-list', 'main')).split('\n');
  expect(await list([['rev-list', '--stdin']], 'main\n')).toEqual(oids);
  const types = await list(
    [
      ['rev-list', '--stdin'],
      ['cat-file', '--batch-check=%(objecttype)'],
    ],
    'main\n',
  );
  expect(types).toEqual(oids.map(() => 'commit'));
  await expect(list([['rev-list', '--stdin']], 'nowhere\n')).rejects.toMatchObject({ code: 'git-failed' });
  await expect(list([['none'], ['cat-file', '--batch-check']], '')).rejects.toMatchObject({
    code: 'git-failed',
  });
  await expect(list([['rev-list', '--stdin'], ['none']], 'main\n')).rejects.toMatchObject({
    code: 'git-failed',
  });
});

test('whoever stops reading ends the commands', async () => {
  const git = await openGit('endless', 'exec yes line');
  for await (const lines of git.lines([['endless']], '')) {
    expect(new Set(lines)).toEqual(new Set(['line']));
    break;
  }
});

test.each([
  ['falls silent', 'echo one; sleep 900 & exec sleep 900', 'timed-out'],
  ['writes without end', 'exec yes a-line-of-some-length-that-is-said-again-and-again', 'output-too-long'],
  [
    'complains without end',
    'exec yes a-line-of-some-length-that-is-said-again-and-again >&2',
    'output-too-long',
  ],
])('a listing that %s is ended, and what it started is not waited for', async (_title, script, code) => {
  const git = await openGit('listing', script);
  const read = async () => {
    for await (const _lines of git.lines([['listing']], '', { limits: { stall: 300, bytes: 2 ** 27 } }));
  };
  await expect(read()).rejects.toMatchObject({ code });
});

test('a command that has ended no longer listens to the stop signal, which outlives it', async () => {
  const { signal } = new AbortController();
  const git = await openGit('quick', 'echo one', signal);
  await git.run(['quick'], { stall: 60_000 });
  for await (const _lines of git.lines([['quick']], '', { limits: { stall: 60_000 } }));
  for await (const _lines of git.lines([['quick']], ''));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
