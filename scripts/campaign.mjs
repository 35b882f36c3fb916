// Bundles the fault campaign and runs it: npm run campaign -- --runs 100 --seed 1
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const outfile = 'dist/campaign.mjs';
await build({
  entryPoints: ['test/campaign/main.ts'],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: 'inline',
  logLevel: 'warning',
});
await import(pathToFileURL(outfile).href);
