import { StringDecoder } from 'node:string_decoder';
import { lineTooLong } from './errors';

/** A path may be long, but git writes no longer lines. */
const lineLength = 2 ** 20;

/** Splits output at line feeds only; node:readline also splits at characters that may occur in paths. */
export async function* readLines(output: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder();
  let rest = '';
  for await (const chunk of output) {
    const lines = `${rest}${decoder.write(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineLength) throw lineTooLong(lineLength);
    yield lines;
  }
  rest += decoder.end();
  if (rest !== '') yield [rest];
}
