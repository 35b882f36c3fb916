import { MirrorError } from '../../errors';

/** One thing that is wrong with mirrors.yaml. No text of it holds a secret. */
export interface ConfigurationFault {
  /** From 1 on, as editors count. */
  readonly line: number;
  readonly column: number;
  /** What is wrong, with the value quoted unless it is a secret, and what is expected. */
  readonly message: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** Every fault of one file, in the order of its lines. Exit code 2: nothing has been touched. */
export class ConfigurationError extends MirrorError {
  readonly file: string;
  readonly faults: readonly ConfigurationFault[];

  constructor(file: string, faults: readonly ConfigurationFault[]) {
    super(
      'fleet-configuration-invalid',
      {
        message: faults.map((fault) => toFaultLine(file, fault)).join('\n'),
        remedy: [...new Set(faults.map(({ remedy }) => remedy))].join('\n'),
      },
      { exitCode: 2 },
    );
    this.file = file;
    this.faults = faults;
  }
}

/** `mirrors.yaml:3:12: …`, in the form that editors and terminals turn into a link. */
export function toFaultLine(file: string, { line, column, message }: ConfigurationFault): string {
  return `${file}:${line}:${column}: ${message}`;
}

export const configurationUnreadable = (file: string) =>
  new MirrorError(
    'fleet-configuration-invalid',
    {
      message: `"${file}" does not exist, can't be read, or is larger than 16 MiB.`,
      remedy: 'Give the path of your mirrors.yaml, or let "fleet init" write one.',
    },
    { exitCode: 2 },
  );

export const configurationExists = (file: string) =>
  new MirrorError(
    'fleet-file-exists',
    {
      message: `"${file}" exists already. Nothing was written.`,
      remedy: 'Edit that file, or give another path.',
    },
    { exitCode: 2 },
  );

export const configurationUnwritable = (file: string, cause: unknown) =>
  new MirrorError(
    'fleet-configuration-invalid',
    {
      message: `"${file}" can't be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'Give a path in a folder that exists and that this user can write to.',
    },
    { exitCode: 2, cause },
  );
