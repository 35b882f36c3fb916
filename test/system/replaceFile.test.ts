import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOwnIdentity } from '../../src/system/processIdentity';
import { replaceFile } from '../../src/system/replaceFile';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccm-replace-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function findDeadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('removes what a killed process left beside the file, and nothing else', async () => {
  const { namespace, pid, startTime } = readOwnIdentity();
  const dead = await findDeadPid();
  const kept = [
    'config.000000000000',
    `config.ccmirror-${namespace}-${pid}-${startTime}-000000000000`,
    `config.ccmirror-1-${dead}-1-000000000000`,
    `known_hosts.ccmirror-${namespace}-${dead}-1-000000000000`,
  ];
  for (const name of [...kept, `config.ccmirror-${namespace}-${dead}-1-000000000000`])
    await writeFile(join(folder, name), 'half');
  await replaceFile(join(folder, 'config'), 'whole', { mode: 0o600 });
  expect((await readdir(folder)).sort()).toEqual(['config', ...kept].sort());
  expect(await readFile(join(folder, 'config'), 'utf8')).toBe('whole');
});
