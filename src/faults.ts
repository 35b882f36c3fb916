import { type ErrorCode, MirrorError } from './errors';

/** One thing that is wrong with what was asked. No text of it holds a secret. */
export interface Fault {
  /** The variable that the user has to look at. */
  readonly variable: string;
  readonly code: ErrorCode;
  /** What is wrong, with the value quoted unless it is a secret. */
  readonly message: string;
  readonly remedy: string;
}

/**
 * What was asked can't be done: every fault of one run. Its code is the faults' own code where they agree,
 * else `variables-invalid`; the exit code is 2, and nothing has been touched.
 */
export class SettingsError extends MirrorError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[], options: { cause?: unknown } = {}) {
    const codes = new Set(faults.map((fault) => fault.code));
    const [code] = codes;
    super(
      code !== undefined && codes.size === 1 ? code : 'variables-invalid',
      {
        message: faults.map((fault) => fault.message).join('\n'),
        remedy: [...new Set(faults.map((fault) => fault.remedy))].join('\n'),
      },
      { exitCode: 2, cause: options.cause },
    );
    this.faults = faults;
  }
}

/** An error of one fault, to be thrown by a parser and gathered by `collectFaults`. */
export function invalid(
  variable: string,
  message: string,
  remedy: string,
  code: ErrorCode = 'variables-invalid',
): SettingsError {
  return new SettingsError([{ variable, code, message, remedy }]);
}

export interface FaultCollection {
  readonly faults: readonly Fault[];
  add(...faults: readonly Fault[]): void;
  /** Gives what `parse` gives, or undefined when it throws a SettingsError, whose faults are kept. */
  attempt<T>(parse: () => T): T | undefined;
  attemptAsync<T>(read: () => Promise<T>): Promise<T | undefined>;
}

/** Gathers the faults of many parsers, so that one run reports all of them. */
export function collectFaults(): FaultCollection {
  const faults: Fault[] = [];
  function keep(error: unknown): undefined {
    if (!(error instanceof SettingsError)) throw error;
    faults.push(...error.faults);
  }
  return {
    faults,
    add: (...more) => {
      faults.push(...more);
    },
    attempt: (parse) => {
      try {
        return parse();
      } catch (error) {
        return keep(error);
      }
    },
    attemptAsync: async (read) => {
      try {
        return await read();
      } catch (error) {
        return keep(error);
      }
    },
  };
}

const longestQuote = 120;

/** Quotes a value in a message: control characters escaped, shortened, and without what must not be printed. */
export function quote(value: string): string {
  if (/PRIVATE KEY|b3BlbnNzaC1rZXktdjE/.test(value)) return '(a private key, not shown)';
  // The form of an AWS secret access key: 40 characters of base64, unlike an object ID not all of them hexadecimal.
  if (/^(?![0-9a-f]*$)[A-Za-z0-9/+]{40}$/.test(value))
    return '(40 characters, perhaps a secret access key: not shown)';
  const bare = withoutLogin(value);
  const short = bare.length > longestQuote ? `${bare.slice(0, longestQuote)}…` : bare;
  return JSON.stringify(short);
}

/** Whatever the form of a URL, what stands before its last `@` may be a password or a token: all of it is `***`. */
function withoutLogin(value: string): string {
  const end = value.lastIndexOf('@');
  return end < 0 ? value : `***${value.slice(end)}`;
}
