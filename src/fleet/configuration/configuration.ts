import type { Policy } from '../../plan/plan';
import type { Selection } from '../../plan/refs';
import { readRegularFile } from '../../system/regularFile';
import { findCrossFaults } from './crossFaults';
import type { DestinationConfiguration } from './destination';
import { openDocument } from './document';
import { ConfigurationError, type ConfigurationFault, configurationUnreadable } from './errors';
import { type FileConfiguration, fileSchema } from './schema';
import { toFaults } from './schemaFaults';
import type { SourceConfiguration } from './source';

/** What mirrors.yaml says. It holds references to secrets, and no secret. */
export interface FleetConfiguration {
  readonly mirrors: readonly MirrorConfiguration[];
  /** Repositories that are mirrored at the same time. */
  readonly concurrency: number;
  /** The most of them at one host, as source or as destination. */
  readonly concurrencyPerHost: number;
}

export interface MirrorConfiguration {
  /** Unique in the file, also when upper and lower case are taken as the same. */
  readonly name: string;
  readonly from: SourceConfiguration;
  readonly to: DestinationConfiguration;
  readonly selection: Extract<Selection, { refs: 'all' }>;
  readonly policy: Policy;
  /** Keeps the tips that are replaced or deleted, as branches. */
  readonly backup: boolean;
  readonly lfs: 'warn' | 'fail' | 'push';
  /** Minutes for the run of one repository. */
  readonly timeoutMinutes: number;
}

/** Reads mirrors.yaml. Throws ConfigurationError with every fault, or MirrorError `fleet-configuration-invalid`. */
export async function readConfiguration(file: string): Promise<FleetConfiguration> {
  const text = await readRegularFile(file);
  if (text === undefined) throw configurationUnreadable(file);
  return parseConfiguration(text, file);
}

/** Parses the text of mirrors.yaml; `file` is its name in the faults. Throws ConfigurationError with every fault. */
export function parseConfiguration(text: string, file: string): FleetConfiguration {
  const document = openDocument(text);
  if (document.isBroken) throw new ConfigurationError(file, inOrder(document.faults));
  const result = fileSchema.safeParse(document.value);
  const faults = [
    ...document.faults,
    ...(result.success ? [] : toFaults(result.error.issues, document)),
    ...findCrossFaults(document),
  ];
  if (!result.success || faults.length > 0) throw new ConfigurationError(file, inOrder(faults));
  return toConfiguration(result.data);
}

function inOrder(faults: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  return [...faults].sort((a, b) => a.line - b.line || a.column - b.column);
}

function toConfiguration(file: FileConfiguration): FleetConfiguration {
  return {
    mirrors: file.mirrors.map((mirror) => toMirror(mirror, file.timeout_minutes)),
    concurrency: file.concurrency,
    concurrencyPerHost: file.concurrency_per_host,
  };
}

function toMirror(mirror: FileConfiguration['mirrors'][number], timeoutMinutes: number): MirrorConfiguration {
  const { name, from, to, refs, force, prune, prune_limit, backup, lfs, timeout_minutes } = mirror;
  return {
    name,
    from,
    to,
    selection: { refs: 'all', include: refs.include, exclude: refs.exclude },
    policy: { force, prune, pruneLimit: prune_limit },
    backup,
    lfs,
    timeoutMinutes: timeout_minutes ?? timeoutMinutes,
  };
}
