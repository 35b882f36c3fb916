// Writes the table of variables into the README, from the schema.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const outfile = 'dist/variablesTable.mjs';
await build({
  entryPoints: ['scripts/variablesTable.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile,
});
const { toVariablesTable } = await import(pathToFileURL(outfile).href);
rmSync(outfile);

const [before, rest] = readFileSync('README.md', 'utf8').split('<!-- variables -->\n');
const after = rest?.split('<!-- /variables -->')[1];
if (after === undefined)
  throw new Error('README.md has no table between <!-- variables --> and <!-- /variables -->');
const table = `<!-- variables -->\n${toVariablesTable()}\n<!-- /variables -->`;
writeFileSync('README.md', before + table + after);
