import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../package.json';
import { openFolder } from './servers/folder';
import { run } from './servers/git';

const root = resolve(import.meta.dirname, '..');

/** Packs what is published, without building it again; gives the file. */
async function pack(folder: string): Promise<string> {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const packed = await run('npm', root, args);
  expect(packed.exitCode, packed.stderr).toBe(0);
  return join(folder, packed.stdout.trim());
}

/** Packs what is published, without building it again, and installs it into a folder whose name has a space. */
async function install(folder: string): Promise<string> {
  const prefix = join(folder, 'a prefix');
  await mkdir(prefix);
  const file = await pack(folder);
  const installed = await run('npm', prefix, ['install', '--global', '--offline', '--prefix', prefix, file]);
  expect(installed.exitCode, installed.stderr).toBe(0);
  return join(prefix, 'bin', 'codecommit-mirror');
}

test('the package says where it is from, is built before it is packed, and needs no other', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect(manifest).toMatchObject({
    bin: { 'codecommit-mirror': 'dist/cli.js' },
    repository: { type: 'git', url: expect.stringMatching(/^git\+https:/) },
    homepage: expect.stringMatching(/^https:/),
    bugs: expect.stringMatching(/^https:/),
    keywords: expect.arrayContaining(['codecommit', 'bitbucket', 'mirror']),
    scripts: { prepack: expect.stringContaining('build') },
  });
  expect(manifest).not.toHaveProperty('dependencies');
});

test('it holds the programs, their licences and bill of materials, and the documentation, and nothing else', async () => {
  await using folder = await openFolder();
  const listed = await run('tar', '/', ['-tzf', await pack(folder.path)]);
  const files = listed.stdout
    .trim()
    .split('\n')
    .map((file) => file.replace('package/', ''));
  expect(files.filter((file) => !/^docs\/[\w-]+\.(md|svg|png)$/.test(file)).sort()).toEqual([
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dist/THIRD-PARTY-LICENSES.txt',
    'dist/cli.js',
    'dist/lambda.js',
    'dist/pipe.js',
    'dist/sbom.cdx.json',
    'package.json',
  ]);
  // Where npm shows the README, its links and pictures lead to files that are there.
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
  for (const link of links.filter((each) => !each.startsWith('https:'))) expect(files).toContain(link);
});

test('npx runs a command of the packed file', async () => {
  await using folder = await openFolder();
  const args = ['exec', '--offline', '--yes', '--package', await pack(folder.path), '--'];
  const env = { HOME: folder.path, npm_config_cache: join(folder.path, 'cache') };
  const checked = await run('npm', folder.path, [...args, 'codecommit-mirror', 'check', '--json'], { env });
  expect(checked.exitCode, checked.stderr).toBe(2);
  const [first] = JSON.parse(checked.stdout).points;
  expect(first).toMatchObject({ name: 'variables', state: 'failed' });
});

describe('the packed package, installed', () => {
  test('is a program: by its name, through a symbolic link, and with a list of its commands', async () => {
    await using folder = await openFolder();
    const program = await install(folder.path);
    const told = { exitCode: 0, stdout: `${version}\n`, stderr: '' };
    expect(await run(program, '/', ['--version'])).toMatchObject(told);
    const link = join(folder.path, 'link to it');
    await symlink(program, link);
    expect(await run(link, '/', ['version'])).toMatchObject(told);
    const help = await run(program, '/', []);
    expect(help.stderr + help.stdout).toMatch(
      /^ {2}mirror .*\n {2}check .*\n {2}setup .*\n(?:.*\n)* {2}fleet .*\n(?:.*\n)* {2}demo /m,
    );
  });

  test('shows the demo in an empty folder', { tags: ['slow'] }, async () => {
    await using folder = await openFolder();
    const program = await install(folder.path);
    const shown = await run(program, folder.path, ['demo', '--once']);
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('fleet init') });
  });
});
