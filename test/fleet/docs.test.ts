import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { toFleetKeysTable } from '../../scripts/fleetKeysTable';
import { createFleetCommand, type FleetRequest } from '../../src/fleet/command/fleetCommand';
import { parseConfiguration } from '../../src/fleet/configuration/configuration';
import { toJsonSchema } from '../../src/fleet/configuration/jsonSchema';
import { parseMarker } from '../../src/fleet/plan/marker';
import { toNameFields, toTaggedName } from '../../src/fleet/plan/naming';
import { parseSecretReference } from '../../src/fleet/secrets/reference';
import { toMetrics } from '../../src/fleet/service/metrics';

const guide = readFileSync(resolve(import.meta.dirname, '../../docs/fleet.md'), 'utf8');

const blocksOf = (language: string) =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);

/** The cells of the table below this heading, a row each, without the first two lines. */
function tableBelow(heading: string): readonly string[][] {
  const [, section = ''] = guide.split(`\n## ${heading}\n`);
  const rows = section.split('\n## ')[0]?.match(/^\|.*\|$/gm) ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** The commands of the fleet that the guide shows, word by word. */
const commandsOf = (text: string) =>
  [...text.matchAll(/^codecommit-mirror fleet (.+?)(?: +#.*)?$/gm)].map(([, words = '']) =>
    [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''),
  );

async function parseCommand(words: readonly string[]): Promise<FleetRequest | undefined> {
  let request: FleetRequest | undefined;
  const command = createFleetCommand(async (given) => {
    request = given;
  });
  await command.parseAsync([...words], { from: 'user' });
  return request;
}

describe('docs/fleet.md', () => {
  const commands = commandsOf(blocksOf('sh').join(''));

  it('shows commands', () => {
    expect(commands.length).toBeGreaterThan(10);
  });

  test.each(commands.map((words) => [words]))('has a command that is taken: %s', async (words) => {
    expect(await parseCommand(words)).toMatchObject({ subcommand: words[0] });
  });

  it('has each command in the table', () => {
    const shown = tableBelow('Running it').flatMap(([cell = '']) => /^`fleet (\w+)`$/.exec(cell)?.[1] ?? []);
    const known = createFleetCommand(async () => undefined).commands.map((command) => command.name());
    expect(shown.sort()).toEqual([...known].sort());
  });

  it('names the metrics that there are', () => {
    const view = { mirrors: [], repositories: [], isStopped: false };
    const families = [...toMetrics(view, {}, 0).matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name);
    for (const family of families) expect(guide).toContain(`| \`${family}\` |`);
  });

  it('has the tables of keys that the schema gives', () => {
    const [, tables] = /<!-- keys -->\n(.*)\n<!-- \/keys -->/s.exec(guide) ?? [];
    expect(tables).toBe(toFleetKeysTable());
  });

  const examples = blocksOf('yaml');
  const validate = new Ajv({ strict: true }).compile(toJsonSchema());

  test.each(examples.map((example) => [example]))('has an example that is taken: %s', (example) => {
    expect(parseConfiguration(example, 'mirrors.yaml').mirrors.length).toBeGreaterThan(0);
    expect([validate(parse(example)), validate.errors]).toEqual([true, null]);
  });

  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(1);
  });

  it('shows the fields of a template as they are', () => {
    const fields = toNameFields({ owner: 'acme/platform/web', name: 'app' }, 'acme/platform');
    expect(tableBelow('Names').map(([name, value]) => [name, value])).toEqual(
      Object.entries(fields).map(([name, value]) => [`\`{${name}}\``, `\`${value}\``]),
    );
  });

  it('shows a marker and an ending as they are', () => {
    const [marker = ''] = blocksOf('text');
    const { identity, path } = parseMarker(marker.trim()) ?? {};
    expect([identity, path]).toEqual(['github.com#123456', 'acme/app']);
    expect(guide).toContain(toTaggedName('codecommit', 'app', 'github.com#123456'));
  });

  it('shows the forms of secrets as they are', () => {
    const forms = tableBelow('Secrets').flatMap(([cell = '']) =>
      [...cell.matchAll(/`([^`]*)`/g)].map(([, form = '']) => form),
    );
    expect(forms.length).toBeGreaterThan(5);
    for (const form of forms) {
      const text = form
        .replace('<region>', 'eu-west-1')
        .replace('<account>', '123456789012')
        .replace(/<(name|key)>/g, 'x');
      expect([form, parseSecretReference(text)]).toEqual([form, expect.anything()]);
    }
  });
});
