// Writes the tables of variables and of keys into docs/variables.md and docs/fleet.md, from the schemas.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const { toVariablesTable } = await load('variablesTable');
writeBetween('docs/variables.md', 'variables', toVariablesTable());
const { toFleetKeysTable } = await load('fleetKeysTable');
writeBetween('docs/fleet.md', 'keys', toFleetKeysTable());

async function load(name) {
  const outfile = `dist/${name}.mjs`;
  await build({
    entryPoints: [`scripts/${name}.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile);
  }
}

function writeBetween(file, name, text) {
  const [before, rest] = readFileSync(file, 'utf8').split(`<!-- ${name} -->\n`);
  const after = rest?.split(`<!-- /${name} -->`)[1];
  if (after === undefined) throw new Error(`${file} has no <!-- ${name} --> and <!-- /${name} -->`);
  writeFileSync(file, `${before}<!-- ${name} -->\n${text}\n<!-- /${name} -->${after}`);
}
