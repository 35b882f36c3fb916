import { mkdir } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { openFolder } from '../servers/folder';
import { run } from '../servers/git';

const root = resolve(import.meta.dirname, '../..');

/** npm has the binaries of Node as packages. Gives the folder of the program. */
async function installNode(release: string, folder: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const options = ['--prefix', folder, '--ignore-scripts', '--no-save'];
  const installed = await run('npm', folder, ['install', ...options, `${name}@${release}`]);
  expect(installed.exitCode, installed.stderr).toBe(0);
  return join(folder, 'node_modules', name, 'bin');
}

/** Node 20.19 is the oldest that package.json names. */
describe.each(['20.19', '22', '24'])('on Node %s', (release) => {
  test('npx runs the packed file in an empty folder, and its demo', async () => {
    await using folder = await openFolder();
    const node = await installNode(release, folder.path);
    const packed = await run('npm', root, [
      'pack',
      '--silent',
      '--ignore-scripts',
      '--pack-destination',
      folder.path,
    ]);
    expect(packed.exitCode, packed.stderr).toBe(0);
    const file = join(folder.path, packed.stdout.trim());
    const empty = join(folder.path, 'empty');
    await mkdir(empty);
    const env = {
      PATH: `${node}${delimiter}${process.env['PATH']}`,
      HOME: empty,
      npm_config_cache: join(folder.path, 'cache'),
    };
    const npx = (...args: string[]) =>
      run('npx', empty, ['--yes', '--offline', `--package=${file}`, 'codecommit-mirror', ...args], { env });

    expect((await run('node', empty, ['--version'], { env })).stdout).toMatch(new RegExp(`^v${release}\\.`));
    expect(await npx('--version')).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
    expect(await npx('demo', '--once')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('3/3'),
      stderr: '',
    });
  });
});
