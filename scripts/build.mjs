// Bundles each program into one file, so that the image and the npm package carry no node_modules.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { toPackageSbom } from './sbom.mjs';

const { metafile } = await build({
  entryPoints: {
    pipe: 'src/pipe.ts',
    cli: 'src/cli.ts',
    lambda: 'src/lambda.ts',
  },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  // The package starts dist/cli.js as a program; npm sets its mode.
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
  metafile: true,
  // AWS's client would tell the users of the pipe, on every run, which Node it will want one day.
  define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
  // ssh2 uses these native parts when they can be loaded and does without them otherwise.
  external: ['cpu-features', '*/sshcrypto.node'],
});

// What is bundled is passed on, and its licences ask that their texts go with it.
const folders = Object.keys(metafile.inputs).map(
  (input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0],
);
const bundled = [...new Set(folders)].filter(Boolean).sort();
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', bundled.map(toNotice).join('\n\n'));
const sbom = toPackageSbom(bundled.map(readManifest));
writeFileSync('dist/sbom.cdx.json', `${JSON.stringify(sbom, undefined, 2)}\n`);

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function toNotice(folder) {
  const { name, version, license } = readManifest(folder);
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `License: ${license}`;
  return `== ${name} ${version}\n\n${text}`;
}
