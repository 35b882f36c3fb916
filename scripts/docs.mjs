// Writes the table of variables into docs/variables.md, from the schema.
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

const page = 'docs/variables.md';
const [before, rest] = readFileSync(page, 'utf8').split('<!-- variables -->\n');
const after = rest?.split('<!-- /variables -->')[1];
if (after === undefined)
  throw new Error(`${page} has no table between <!-- variables --> and <!-- /variables -->`);
const table = `<!-- variables -->\n${toVariablesTable()}\n<!-- /variables -->`;
writeFileSync(page, before + table + after);
