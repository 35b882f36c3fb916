import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../package.json';
import { openFolder } from './servers/folder';
import { run } from './servers/git';

const root = resolve(import.meta.dirname, '..');

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly unknown[];
}
interface Sbom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}

const readSbom = async (): Promise<Sbom> =>
  JSON.parse(await readFile(join(root, 'dist/sbom.cdx.json'), 'utf8'));

describe('the bill of materials of the package', () => {
  test('has each library whose licence is passed on, with licence and checksum, and nothing else', async () => {
    const { metadata, components } = await readSbom();
    expect(metadata.component).toMatchObject({ type: 'application', name: 'codecommit-mirror', version });
    const notices = await readFile(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    const bundled = [...notices.matchAll(/^== (\S+) (\S+)$/gm)].map(
      ([, name, number]) => `pkg:npm/${name?.replace('@', '%40')}@${number}`,
    );
    expect(components.map(({ purl }) => purl).sort()).toEqual([...new Set(bundled)].sort());
    expect(bundled).toContainEqual(expect.stringMatching(/^pkg:npm\/ssh2@/));
    for (const component of components) {
      expect(component.licenses, component.purl).not.toHaveLength(0);
      expect(component.hashes, component.purl).not.toHaveLength(0);
    }
  });

  test('is the same each time, and says nothing of this machine', async () => {
    const text = await readFile(join(root, 'dist/sbom.cdx.json'), 'utf8');
    expect(text).not.toMatch(/timestamp|\/work\/|\/home\/|node_modules/);
  });
});

test('that of the image adds the Debian packages of its files, and Node', async () => {
  await using folder = await openFolder();
  const image = join(folder.path, 'image');
  await mkdir(join(image, 'opt'), { recursive: true });
  await mkdir(join(image, 'etc'));
  await mkdir(join(image, 'var/lib/dpkg/status.d'), { recursive: true });
  await cp(join(root, 'dist/sbom.cdx.json'), join(image, 'opt/sbom.cdx.json'));
  await writeFile(join(image, 'opt/node-version'), 'v24.21.0\n');
  await writeFile(join(image, 'etc/os-release'), 'ID=debian\nVERSION_ID="13"\n');
  const stanza =
    'Package: openssh-client\nStatus: install ok installed\nMaintainer: Debian <d@example.com>\nArchitecture: arm64\nVersion: 1:10.0p1-7+deb13u1\nDescription: secure shell\n Version: 9 is no field of its own.\n';
  await writeFile(join(image, 'var/lib/dpkg/status.d/openssh-client'), stanza);

  const made = await run('node', root, ['scripts/sbom.mjs', 'image', image]);
  expect(made.exitCode, made.stderr).toBe(0);
  const { metadata, components }: Sbom = JSON.parse(made.stdout);
  expect(metadata.component).toMatchObject({ type: 'container', name: 'codecommit-mirror', version });
  const own = await readSbom();
  const libraries = new Set(own.components.map(({ purl }) => purl));
  expect(components.filter(({ purl }) => !libraries.has(purl)).map(({ purl }) => purl)).toEqual([
    'pkg:npm/codecommit-mirror@1.0.0'.replace('1.0.0', version),
    'pkg:deb/debian/openssh-client@1%3A10.0p1-7%2Bdeb13u1?arch=arm64&distro=debian-13',
    'pkg:generic/node@24.21.0',
  ]);
  expect(components).toHaveLength(own.components.length + 3);
  expect((await run('node', root, ['scripts/sbom.mjs', 'image', image])).stdout).toBe(made.stdout);
});
