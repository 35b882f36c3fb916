import type * as z from 'zod';
import { destinationSchemas } from '../src/fleet/configuration/destination';
import { fieldTexts } from '../src/fleet/configuration/fields';
import { fileSchema, mirrorSchema, refsSchema } from '../src/fleet/configuration/schema';
import { sourceSchemas } from '../src/fleet/configuration/source';

type Shape = Readonly<Record<string, z.ZodType>>;

type HostSchema = (typeof sourceSchemas)[number] | (typeof destinationSchemas)[number];

/** The tables of docs/fleet.md with every key of mirrors.yaml, made from the schema that the program goes by. */
export function toFleetKeysTable(): string {
  return [
    '### The file',
    toTable(fileSchema.shape),
    '### Each of `mirrors`',
    toTable(mirrorSchema.shape),
    '### `refs`',
    toTable(refsSchema.shape),
    '### `from`: the source',
    toHostTable(sourceSchemas),
    '### `to`: the destination',
    toHostTable(destinationSchemas),
  ].join('\n\n');
}

function toTable(shape: Shape): string {
  const rows = Object.entries(shape).map(([key, field]) => `| ${toKey(key, field)} | ${toText(field)} |`);
  return ['| Key | Usage |', '| --- | --- |', ...rows].join('\n');
}

/** A key that means the same on several hosts has one row; those of all hosts come first. */
function toHostTable(schemas: readonly HostSchema[]): string {
  const rows = new Map<string, string[]>();
  for (const { shape } of schemas)
    for (const [key, field] of Object.entries<z.ZodType>(shape)) {
      const row = `${toKey(key, field)}\n${toText(field)}`;
      rows.set(row, [...(rows.get(row) ?? []), shape.host.value]);
    }
  const isOfAll = ([, hosts]: readonly [string, readonly string[]]) => hosts.length === schemas.length;
  const inOrder = [...rows].sort((a, b) => Number(isOfAll(b)) - Number(isOfAll(a)));
  const lines = inOrder.map(([row, hosts]) => {
    const [key, text] = row.split('\n');
    return `| ${key} | ${hosts.length === schemas.length ? 'all' : hosts.join(', ')} | ${text} |`;
  });
  return ['| Key | Hosts | Usage |', '| --- | --- | --- |', ...lines].join('\n');
}

function toKey(key: string, field: z.ZodType): string {
  return `\`${key}\`${field.safeParse(undefined).success ? '' : ' (*)'}`;
}

function toText(field: z.ZodType): string {
  return (fieldTexts.get(field)?.description ?? '').replaceAll('|', '\\|');
}
