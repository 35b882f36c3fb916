import { createInterface } from 'node:readline/promises';
import { setupStopped } from './errors';

/** The terminal for a question. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks a question: "y" or "yes" means yes; everything else, and the end of the input, means no. */
export async function askYes(question: string, { input, output }: Terminal, signal: AbortSignal) {
  const lines = createInterface({ input, output });
  const ending = new AbortController();
  // On a terminal in raw mode, Ctrl-C is a key, not a signal.
  lines.once('SIGINT', () => ending.abort(setupStopped('SIGINT')));
  lines.once('close', () => ending.abort());
  try {
    const answer = await lines.question(question, { signal: AbortSignal.any([signal, ending.signal]) });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    if (!ending.signal.aborted) throw error;
    if (ending.signal.reason instanceof Error && ending.signal.reason.name === 'MirrorError')
      throw ending.signal.reason;
    return false;
  } finally {
    lines.close();
  }
}
