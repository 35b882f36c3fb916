import * as z from 'zod';
import { stateDamaged } from './errors';
import { mirrorStateSchema, repositoryStateSchema, runSchema } from './repositoryState';
import type { StateChange } from './store';

const headerSchema = z.object({
  format: z.literal('codecommit-mirror fleet state'),
  version: z.int().positive(),
});

const changeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('repository'), state: repositoryStateSchema }),
  z.object({
    kind: z.literal('runs'),
    mirror: z.string(),
    identity: z.string(),
    runs: z.array(runSchema),
  }),
  z.object({ kind: z.literal('mirror'), state: mirrorStateSchema }),
  z.object({ kind: z.literal('forget'), mirror: z.string(), identity: z.string() }),
]);

const batchSchema = z.array(changeSchema);

/** Turns one change of version n, as it stands in the file, into the changes of version n + 1. */
export type Migration = (change: unknown) => readonly unknown[];

/** The format of the file: its version, and how older ones become it. */
export interface StateFormat {
  readonly version: number;
  /** The migration of version 1 comes first. There are `version - 1` of them. */
  readonly migrations: readonly Migration[];
}

/** Version 1: each line after the header is a list of changes that were saved together. */
export const currentFormat: StateFormat = { version: 1, migrations: [] };

export function toHeader({ version }: StateFormat) {
  return { format: 'codecommit-mirror fleet state', version } as const;
}

/** The version that the first line names. Throws MirrorError `fleet-state-damaged`, also for a newer version. */
export function parseHeader(value: unknown, file: string, { version }: StateFormat): number {
  const header = headerSchema.safeParse(value);
  if (!header.success) throw stateDamaged(file, 'its first line is not that of a state file');
  if (header.data.version > version) {
    const what = `a newer version of this program wrote it (format ${header.data.version}; this one knows ${version})`;
    throw stateDamaged(file, what);
  }
  return header.data.version;
}

/** The changes of one line, brought to the current version; undefined where they are no changes. */
export function parseBatch(
  value: unknown,
  version: number,
  format: StateFormat,
): readonly StateChange[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const migrations = format.migrations.slice(version - 1);
  const changes = migrations.reduce<readonly unknown[]>((each, migrate) => each.flatMap(migrate), value);
  const batch = batchSchema.safeParse(changes);
  return batch.success ? batch.data : undefined;
}
