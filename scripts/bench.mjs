// Builds the benchmarks and runs them; the first argument is the number of rounds.
import { build } from 'esbuild';

const outfile = 'dist/bench.mjs';
await build({
  entryPoints: ['bench/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
});
await import(`../${outfile}`);
