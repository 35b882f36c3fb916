import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openFolder } from '../servers/folder';

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the demo keeps the status page of its fleet open until %s, and leaves nothing',
  async (signal) => {
    await using folder = await openFolder();
    const TMPDIR = join(folder.path, 'tmp');
    await mkdir(TMPDIR);
    const child = spawn(process.execPath, [resolve('dist/cli.js'), 'demo'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR },
    });
    let text = '';
    const closed = once(child, 'close');
    const page = await new Promise<string>((done, failed) => {
      child.stdout.on('data', (piece: Buffer) => {
        text += piece.toString();
        const [, url] = /The status page is open until \^C: (\S+)\n/.exec(text) ?? [];
        if (url !== undefined) done(url);
      });
      child.once('close', () => failed(new Error(text)));
    });
    const shown = await (await fetch(page)).text();
    for (const said of ['source gone', 'refs/heads/feature', 'acme/tools/lint', 'gitlab-tools.lint'])
      expect(shown).toContain(said);
    expect(shown.match(/state equal">equal</g)).toHaveLength(7);
    child.kill(signal);
    expect(await closed).toEqual([0, null]);
    expect(await readdir(TMPDIR)).toEqual([]);
  },
);
