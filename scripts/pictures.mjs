// Draws what a plan and a run look like, from real runs on the demo's server: docs/plan.svg and docs/run.svg.
// `node scripts/pictures.mjs <folder>` draws them elsewhere. Needs dist/.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const folder = process.argv[2] ?? 'docs';
const scratch = mkdtempSync(join(tmpdir(), 'ccm-pictures-'));
try {
  const outfile = join(scratch, 'pictures.cjs');
  await build({
    entryPoints: ['scripts/pictures/draw.ts'],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    outfile,
    logLevel: 'warning',
    external: ['cpu-features', '*/sshcrypto.node'],
  });
  const { draw } = await import(pathToFileURL(outfile).href);
  for (const { name, svg } of await draw({ root: scratch, program: 'dist/cli.js', env: process.env }))
    writeFileSync(join(folder, name), svg);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
