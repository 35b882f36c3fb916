import { styleText } from 'node:util';
import type { Log } from '../system/context';

/** Makes text safe to print. Secrets are masked from the moment they are registered. */
export interface Cleaner {
  /** `isBrief`: they are valid only for minutes, and only the last of them are remembered. */
  conceal(secrets: readonly string[], isBrief?: boolean): void;
  clean(text: string): string;
}

/** Where a program writes. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface LogOptions {
  readonly stream: Output;
  /** The stream for failures. Default: `stream`. */
  readonly failures?: Output | undefined;
  readonly colour: boolean;
  readonly debug: boolean;
  readonly cleaner: Cleaner;
  readonly now: () => number;
}

/** In a log, the interval between lines of progress. */
const progressMilliseconds = 5_000;

/** A log in the style of Atlassian's pipes. */
export function createLog(options: LogOptions): Log {
  const { clean } = options.cleaner;
  let lastProgress = options.now();
  let open = false;

  type Style = 'blue' | 'green' | 'yellow' | 'red' | 'gray';
  function write(label: string, style: Style, text: string, stream: Output = options.stream) {
    if (open) options.stream.write('\r\x1b[2K');
    open = false;
    const shown = options.colour ? styleText(style, label, { validateStream: false }) : label;
    const [line = '', ...more] = clean(text).split('\n');
    stream.write(`${shown} ${line}\n`);
    for (const next of more) stream.write(`  ${next.trim()}\n`);
  }
  function progress(text: string) {
    if (options.stream.isTTY) {
      // A wrapped line could not be erased.
      const width = (options.stream.columns || 80) - 1;
      options.stream.write(`\r\x1b[2K${clean(text).replaceAll('\n', ' ').slice(0, width)}`);
      open = true;
    } else if (options.now() - lastProgress >= progressMilliseconds) {
      lastProgress = options.now();
      write('INFO:', 'blue', text);
    }
  }
  return {
    info: (text) => write('INFO:', 'blue', text),
    success: (text) => write('✔', 'green', text),
    warn: (text) => write('WARNING:', 'yellow', text),
    failure: (text) => write('✖', 'red', text, options.failures),
    skip: (text) => write('–', 'gray', text),
    debug: (text) => options.debug && write('DEBUG:', 'gray', text),
    progress,
    conceal: options.cleaner.conceal,
  };
}

/** A log that says in each line what it is about. */
export function labelLog(log: Log, label: string): Log {
  const tell = (level: Exclude<keyof Log, 'conceal'>) => (text: string) => log[level](`[${label}] ${text}`);
  return {
    info: tell('info'),
    success: tell('success'),
    warn: tell('warn'),
    failure: tell('failure'),
    skip: tell('skip'),
    debug: tell('debug'),
    progress: tell('progress'),
    conceal: log.conceal,
  };
}

/** `showsColour`: the output is a terminal, or a log that shows colours. */
export function isColourSeen(
  env: Readonly<Record<string, string | undefined>>,
  showsColour: boolean,
): boolean {
  return showsColour && !env['NO_COLOR'];
}

/** Shorter secrets are not masked: that would break up words, ref names and object IDs. */
const maskedLength = 8;

/** A service signs thousands of logins a day; without a limit, each line would be searched for all of them. */
const briefAtMost = 1_000;

/**
 * Removes secrets, and everything that could control a terminal: control characters except line ends and tabs, and the
 * invisible characters that change the direction of text.
 */
export function createCleaner(): Cleaner {
  const lasting = new Set<string>();
  let brief: readonly string[] = [];
  let known: readonly string[] = [];
  return {
    conceal(secrets, isBrief = false) {
      const fresh = secrets.filter((secret) => secret.length >= maskedLength && !lasting.has(secret));
      if (fresh.length === 0) return;
      if (isBrief) brief = [...brief, ...fresh].slice(-briefAtMost);
      else for (const secret of fresh) lasting.add(secret);
      // Longest first: a secret may be part of a longer one.
      known = [...new Set([...lasting, ...brief])].sort((a, b) => b.length - a.length);
    },
    clean(text) {
      const masked = known.reduce((rest, secret) => rest.replaceAll(secret, '******'), text);
      return masked.replace(/(?![\n\t])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '');
    },
  };
}
