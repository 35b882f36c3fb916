import { lstat, writeFile } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline';
import { hasCode } from '../../system/errorCode';
import { toStopError } from '../../system/errors';
import { parseConfiguration } from '../configuration/configuration';
import { configurationExists, configurationUnwritable } from '../configuration/errors';
import { askedKinds, type InitAnswers, type PlaceKeys, parsePlace, toPlaceQuestion } from './places';
import { toConfigurationText } from './template';

/** The streams that the questions go over. */
export interface InitTerminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

export interface InitOptions {
  /** Where mirrors.yaml is written. */
  readonly file: string;
  readonly terminal: InitTerminal;
  readonly signal: AbortSignal;
}

/**
 * Asks five questions and writes a mirrors.yaml with comments. Gives its text, or undefined when the input ended before
 * the last answer: then nothing is written. Throws MirrorError `fleet-file-exists`, before the first question.
 */
export async function initConfiguration({
  file,
  terminal,
  signal,
}: InitOptions): Promise<string | undefined> {
  if (await exists(file)) throw configurationExists(file);
  const answers = await askAll(terminal, signal);
  if (answers === undefined) return undefined;
  const text = toConfigurationText(answers);
  parseConfiguration(text, file);
  await writeNew(file, text);
  return text;
}

async function exists(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined)) !== undefined;
}

/** `wx`: between the first question and this, somebody else may have written it. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    const isThere = hasCode(error, 'EEXIST');
    throw isThere ? configurationExists(file) : configurationUnwritable(file, error);
  }
}

/** Asks one question; undefined at the end of the input. */
type Ask = (question: string) => Promise<string | undefined>;

async function askAll(terminal: InitTerminal, signal: AbortSignal): Promise<InitAnswers | undefined> {
  const lines = createInterface({ input: terminal.input, output: terminal.output });
  const ask = toAsk(lines, signal);
  try {
    const say = (text: string) => terminal.output.write(`${text}\n`);
    const from = await askPlace('from', 'Mirror from which host', 'github', ask, say);
    if (from === undefined) return undefined;
    const to = await askPlace('to', 'Mirror to which host', 'codecommit', ask, say);
    if (to === undefined) return undefined;
    const exact = await askYesNo(ask, say);
    return exact === undefined ? undefined : { from, to, exact };
  } finally {
    lines.close();
  }
}

async function askPlace(
  side: 'from' | 'to',
  question: string,
  usual: string,
  ask: Ask,
  say: (text: string) => void,
): Promise<PlaceKeys | undefined> {
  const kind = await askUntil<string>(
    `${question}? ${askedKinds.join(', ')} [${usual}] `,
    (answer) => {
      const word = answer === '' ? usual : answer.toLowerCase();
      return askedKinds.includes(word) ? word : { fault: `one of ${askedKinds.join(', ')}` };
    },
    ask,
    say,
  );
  if (kind === undefined) return undefined;
  return await askUntil<PlaceKeys>(
    `${toPlaceQuestion(kind)}? `,
    (answer) => parsePlace(side, kind, answer),
    ask,
    say,
  );
}

const exactQuestion =
  'When branches are rewritten or deleted at the source, do the same at the destination? [y/N] ';

async function askYesNo(ask: Ask, say: (text: string) => void): Promise<boolean | undefined> {
  const answers = new Map([
    ['y', 'yes'],
    ['yes', 'yes'],
    ['n', 'no'],
    ['no', 'no'],
    ['', 'no'],
  ]);
  const answer = await askUntil<string>(
    exactQuestion,
    (text) => answers.get(text.toLowerCase()) ?? { fault: 'y or n' },
    ask,
    say,
  );
  return answer === undefined ? undefined : answer === 'yes';
}

/** Asks until the answer can be used. What was typed is not repeated: it may be a token. */
async function askUntil<T extends string | PlaceKeys>(
  question: string,
  parse: (answer: string) => T | { readonly fault: string },
  ask: Ask,
  say: (text: string) => void,
): Promise<T | undefined> {
  for (;;) {
    const answer = await ask(question);
    if (answer === undefined) return undefined;
    const parsed = parse(answer.trim());
    if (!isFault(parsed)) return parsed;
    say(`It must be ${parsed.fault}.`);
  }
}

function isFault<T extends string | PlaceKeys>(
  parsed: T | { readonly fault: string },
): parsed is { readonly fault: string } {
  return typeof parsed === 'object' && 'fault' in parsed;
}

/** Lines are taken one by one, so that those of a pipe, which come all at once, are not lost between two questions. */
function toAsk(lines: Interface, signal: AbortSignal): Ask {
  const answers = lines[Symbol.asyncIterator]();
  // On a terminal in raw mode Ctrl-C is a key, and no signal.
  let stopReason: unknown;
  lines.once('SIGINT', () => {
    stopReason = 'SIGINT';
    lines.close();
  });
  const stop = () => {
    stopReason = signal.reason;
    lines.close();
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return async (question) => {
    if (stopReason === undefined) {
      lines.setPrompt(question);
      lines.prompt();
    }
    const { value, done } = await answers.next();
    if (stopReason !== undefined) throw toStopError(stopReason);
    return done ? undefined : value;
  };
}
