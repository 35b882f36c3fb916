import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type RunOptions, runChild, startChild } from '../../src/system/child';
import { openFolder } from '../servers/folder';

const env = { PATH: process.env['PATH'] };

/** Runs a script of the shell, which may write the ids of processes to the file "$0". */
async function runScript(script: string, options: Partial<RunOptions> = {}) {
  await using folder = await openFolder();
  const pids = join(folder.path, 'pids');
  const { signal } = new AbortController();
  const given = { program: 'sh', args: ['-c', script, pids], name: 'sh', env, signal, ...options };
  const result = await runChild(given).catch((error: unknown) => error);
  const text = await readFile(pids, 'utf8').catch(() => '');
  return { result, pids: text.split('\n').filter(Boolean).map(Number) };
}

/** Those that still run: a zombie, which nobody has waited for yet, has no arguments. */
async function selectAlive(pids: readonly number[]): Promise<readonly number[]> {
  const read = (pid: number) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const lines = await Promise.all(pids.map(read));
  return pids.filter((_pid, index) => lines[index] !== '');
}

test('a program that falls silent is gone when that is told, and so is what it started', async () => {
  const { result, pids } = await runScript('sleep 900 & echo "$!\n$$" > "$0"; exec sleep 900', {
    stall: 300,
  });
  expect(result).toMatchObject({ code: 'timed-out' });
  expect(pids).toHaveLength(2);
  expect(await selectAlive(pids)).toEqual([]);
});

test('one that is stopped, and does not listen, is gone too', async () => {
  const stop = new AbortController();
  const script = 'trap "" TERM; echo "$$" > "$0"; echo ready >&2; while :; do sleep 0.1; done';
  const onStderr = () => stop.abort('SIGINT');
  const { result, pids } = await runScript(script, { signal: stop.signal, onStderr });
  expect(result).toMatchObject({ code: 'stopped', exitCode: 130 });
  expect(pids).toHaveLength(1);
  expect(await selectAlive(pids)).toEqual([]);
});

test('what a program leaves behind is ended when it holds the output open', async () => {
  const { result, pids } = await runScript('sleep 900 & echo "$!" > "$0"; echo done');
  expect(result).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' });
  expect(pids).toHaveLength(1);
  expect(await selectAlive(pids)).toEqual([]);
});

test('what has left the group is not waited for', async () => {
  const { result, pids } = await runScript(
    'setsid sh -c \'echo "$$" > "$0"; exec sleep 900\' "$0" & echo done',
  );
  expect(result).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' });
  expect(await selectAlive(pids)).toEqual(pids);
  for (const pid of pids) process.kill(pid);
}, 20_000);

test('a program has the environment that it is given, and no other', async () => {
  const { result } = await runScript('exec env', { env: { ...env, GIVEN: 'é' }, input: '' });
  expect(result).toMatchObject({ stdout: expect.stringContaining('GIVEN=é\n') });
  expect(result).toMatchObject({ stdout: expect.not.stringMatching(/^HOME=/m) });
});

test('a signal that has ended a program is no success, and gives no exit code', async () => {
  const { result } = await runScript('kill -KILL $$');
  expect(result).toMatchObject({ exitCode: -1 });
});

test('a run that is stopped already starts nothing that stays', async () => {
  const { result, pids } = await runScript('echo "$$" > "$0"; exec sleep 900', {
    signal: AbortSignal.abort('SIGTERM'),
  });
  expect(result).toMatchObject({ code: 'stopped', exitCode: 143 });
  expect(await selectAlive(pids)).toEqual([]);
});

test('whoever reads the output does not take what was cut off for the whole', async () => {
  const { signal } = new AbortController();
  const limits = { stall: 300 };
  const child = startChild({
    program: 'sh',
    args: ['-c', 'printf half; exec sleep 900'],
    name: 'sh',
    env,
    signal,
    limits,
  });
  const read = async () => {
    for await (const chunk of child.output) expect(chunk.toString()).toBe('half');
  };
  await expect(read()).rejects.toMatchObject({ code: 'timed-out' });
  await expect(child.end).rejects.toMatchObject({ code: 'timed-out' });
});
