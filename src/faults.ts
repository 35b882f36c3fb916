import { type ErrorCode, MirrorError } from './errors';

/** One thing that is wrong with the configuration. None of its texts contains a secret. */
export interface Fault {
  /** The variable that the user has to look at. */
  readonly variable: string;
  readonly code: ErrorCode;
  /** What is wrong, with the value quoted unless it is a secret. */
  readonly message: string;
  readonly remedy: string;
}

/** A fault as it is reported. The default code is `variables-invalid`. */
export type NewFault = Omit<Fault, 'code'> & { readonly code?: ErrorCode };

/**
 * The configuration is invalid: every fault of one run. Its code is the faults' own code where they agree,
 * otherwise `variables-invalid`. The exit code is 2, and nothing has been changed.
 */
export class SettingsError extends MirrorError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly NewFault[], options: { cause?: unknown } = {}) {
    const all = faults.map(toFault);
    const codes = new Set(all.map((fault) => fault.code));
    const [code] = codes;
    super(
      code !== undefined && codes.size === 1 ? code : 'variables-invalid',
      {
        message: all.map((fault) => fault.message).join('\n'),
        remedy: [...new Set(all.map((fault) => fault.remedy))].join('\n'),
      },
      { exitCode: 2, cause: options.cause },
    );
    this.faults = all;
  }
}

function toFault(fault: NewFault): Fault {
  return { code: 'variables-invalid', ...fault };
}

/** An error with one fault, for parsers that serve more than a collection of variables. */
export function invalid(variable: string, message: string, remedy: string, code?: ErrorCode): SettingsError {
  return new SettingsError([{ variable, message, remedy, ...(code && { code }) }]);
}

export interface FaultCollection {
  readonly faults: readonly Fault[];
  /** Adds one, by default `variables-invalid`. Gives undefined, so that a parser can end with `return faults.add(…)`. */
  add(variable: string, message: string, remedy: string, code?: ErrorCode): undefined;
  /** Adds those of another collection. */
  keep(faults: readonly Fault[]): void;
  /** Gives what `parse` gives; undefined if it throws a SettingsError, whose faults are kept. */
  attempt<T>(parse: () => T): T | undefined;
  attemptAsync<T>(read: () => Promise<T>): Promise<T | undefined>;
}

/** Collects the faults of many parsers, so that one run reports all of them. */
export function collectFaults(): FaultCollection {
  const faults: Fault[] = [];
  function keepOf(error: unknown): undefined {
    if (!(error instanceof SettingsError)) throw error;
    faults.push(...error.faults);
  }
  return {
    faults,
    add: (variable, message, remedy, code = 'variables-invalid') => {
      faults.push({ variable, code, message, remedy });
      return undefined;
    },
    keep: (more) => void faults.push(...more),
    attempt: (parse) => {
      try {
        return parse();
      } catch (error) {
        return keepOf(error);
      }
    },
    attemptAsync: async (read) => {
      try {
        return await read();
      } catch (error) {
        return keepOf(error);
      }
    },
  };
}

/** Gives the result of `read`. Throws SettingsError with the faults that it added, if there are any. */
export function orThrow<T>(read: (faults: FaultCollection) => T | undefined): T {
  const faults = collectFaults();
  const result = read(faults);
  if (result === undefined || faults.faults.length > 0) throw new SettingsError(faults.faults);
  return result;
}

/** Gives the text of the first row whose test is true. */
export function findFirst(rows: readonly (readonly [unknown, string])[]): string | undefined {
  return rows.find(([test]) => Boolean(test))?.[1];
}

const longestQuote = 120;

/** Quotes a value for a message: control characters are escaped, long values shortened, secrets hidden. */
export function quote(value: string): string {
  if (/PRIVATE KEY|b3BlbnNzaC1rZXktdjE/.test(value)) return '(a private key, not shown)';
  // An AWS secret access key is 40 characters of base64. Unlike an object ID, not all of them are hexadecimal.
  if (/^(?![0-9a-f]*$)[A-Za-z0-9/+]{40}$/.test(value))
    return '(40 characters, perhaps a secret access key: not shown)';
  const bare = withoutLogin(value);
  const short = bare.length > longestQuote ? `${bare.slice(0, longestQuote)}…` : bare;
  return JSON.stringify(short);
}

/** In a URL of any form, the part before the last `@` may be a password or a token: it becomes `***`. */
function withoutLogin(value: string): string {
  const end = value.lastIndexOf('@');
  return end < 0 ? value : `***${value.slice(end)}`;
}
