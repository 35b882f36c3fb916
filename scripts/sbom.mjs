// Software bills of materials in CycloneDX 1.5, without times and random numbers: what is built again is the same.
//   node scripts/sbom.mjs image <root file system>   prints that of the image
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Of the npm package: the libraries that are inside the bundles, and no tool that only built them. `manifests` are
 * their package.json. npm gives the components, with licences and checksums of package-lock.json.
 */
export function toPackageSbom(manifests, folder = '.') {
  const names = manifests.map(({ name, version }) => `${name}@${version}`);
  const all = JSON.parse(
    execFileSync(
      'npm',
      ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'],
      { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    ),
  );
  const components = all.components
    .filter((component) => names.includes(toName(component)))
    // They are part of what is shipped, although npm installs nothing of them.
    .map(({ properties: _properties, ...component }) => {
      const own = manifests.find(({ name, version }) => `${name}@${version}` === toName(component));
      return { ...component, scope: 'required', licenses: component.licenses ?? toLicenses(own) };
    });
  const missing = names.filter((name) => !components.some((component) => toName(component) === name));
  if (missing.length > 0) throw new Error(`package-lock.json does not have ${missing.join(', ')}`);
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { properties: _properties, ...root } = all.metadata.component;
  return toDocument({ ...root, name, version }, components);
}

/** Some packages still have the list of npm's early days, which npm does not pass on. */
function toLicenses({ licenses = [] }) {
  return licenses.map(({ type }) => ({ license: { id: type } }));
}

function toName({ group, name, version }) {
  return `${group ? `${group}/` : ''}${name}@${version}`;
}

/**
 * Of the image whose files are below `root`: the libraries of /opt/sbom.cdx.json, the Debian packages of
 * /var/lib/dpkg/status.d, which docker/gather.sh writes for each package that a file was copied from, and Node.
 */
export function toImageSbom(root) {
  const own = JSON.parse(readFileSync(join(root, 'opt/sbom.cdx.json'), 'utf8'));
  const folder = join(root, 'var/lib/dpkg/status.d');
  const stanzas = readdirSync(folder)
    .filter((file) => !file.endsWith('.md5sums'))
    .sort()
    .map((file) => parseStanza(readFileSync(join(folder, file), 'utf8')));
  const { id, version } = readRelease(root);
  const debian = stanzas.map((stanza) => toDebianComponent(stanza, `${id}-${version}`));
  const { component } = own.metadata;
  const ref = `pkg:oci/codecommit-mirror@${component.version}`;
  const image = { ...component, type: 'container', 'bom-ref': ref, purl: ref };
  return toDocument(image, [component, ...own.components, ...debian, ...readNode(root)]);
}

function parseStanza(text) {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([\w-]+): (.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

function toDebianComponent({ Package: name, Version: version, Architecture: arch, Maintainer }, distro) {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${arch}&distro=${distro}`;
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    supplier: { name: Maintainer ?? 'Debian' },
  };
}

function readRelease(root) {
  const file = join(root, 'etc/os-release');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const read = (name) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: read('ID') || 'debian', version: read('VERSION_ID') };
}

/** Node is no Debian package: gather.sh notes its version. */
function readNode(root) {
  const file = join(root, 'opt/node-version');
  if (!existsSync(file)) return [];
  const version = readFileSync(file, 'utf8').trim().replace(/^v/, '');
  const purl = `pkg:generic/node@${version}`;
  return [{ type: 'platform', 'bom-ref': purl, name: 'node', version, purl }];
}

function toDocument(component, components) {
  const sorted = [...components].sort((one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1));
  const body = { component, components: sorted };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${toUuid(JSON.stringify(body))}`,
    version: 1,
    metadata: { component },
    components: sorted,
  };
}

/** A UUID of version 8 (RFC 9562) that says what the content is. */
function toUuid(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const [, self, command, root] = process.argv;
if (self !== undefined && import.meta.url === pathToFileURL(self).href) {
  if (command !== 'image' || root === undefined) {
    process.stderr.write('Usage: node scripts/sbom.mjs image <root file system>\n');
    process.exitCode = 2;
  } else process.stdout.write(`${JSON.stringify(toImageSbom(root), undefined, 2)}\n`);
}
