import { EventEmitter } from 'node:events';
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStopSignal } from '../../src/program/stopSignal';
import { openTemporaryFolder } from '../../src/system/temporaryFolder';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
});
afterEach(() => rm(root, { recursive: true }));

/** A process as far as signals go, and a clock that shows what it is set to. */
function createProcess() {
  const clock = { now: 0 };
  const exits: number[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
  return { clock, exits, source, signal: createStopSignal(source, () => clock.now) };
}

test.each(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'])('%s asks the run to stop', (name) => {
  const { source, signal, exits } = createProcess();
  source.emit(name);
  expect([signal.aborted, signal.reason, exits]).toEqual([true, name, []]);
});

test('a second signal removes the folders at once and ends the program; the same one twice does not', async () => {
  const { source, clock, exits, signal } = createProcess();
  const folder = await openTemporaryFolder({ env: { TMPDIR: root } });
  await writeFile(join(folder.path, 'id_rsa'), 'secret');
  source.emit('SIGINT');
  clock.now = 900;
  source.emit('SIGINT');
  await access(join(folder.path, 'id_rsa'));
  clock.now = 1_100;
  source.emit('SIGTERM');
  expect(await readdir(root)).toEqual([]);
  expect([signal.reason, exits]).toEqual(['SIGINT', [143]]);
  // As the end of the run does that goes on meanwhile.
  await folder[Symbol.asyncDispose]();
});
