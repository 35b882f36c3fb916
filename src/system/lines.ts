import { StringDecoder } from 'node:string_decoder';
import { lineTooLong } from './errors';

/** A path may be long; a line that is longer is none of git's. */
const lineLength = 2 ** 20;

/** A line ends at a line feed and nowhere else: paths hold what else node:readline takes for its end. */
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
