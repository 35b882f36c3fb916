import type { Output } from '../program/session';

/** A stream that breaks lines at the width of the terminal, or at 80 columns, and indents what follows. */
export function createWrapper(stream: Output): Output {
  const width = stream.columns || 80;
  return {
    isTTY: stream.isTTY,
    columns: stream.columns,
    write(text) {
      // What moves in one place is cut to the width already.
      if (text.startsWith('\r')) return stream.write(text);
      return stream.write(
        text
          .split('\n')
          .map((line) => wrap(line, width))
          .join('\n'),
      );
    },
  };
}

function wrap(line: string, width: number): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    // A word that is longer than a line is left whole, to be copied.
    const end = space > 2 ? space : rest.indexOf(' ', width);
    if (end < 0) break;
    lines.push(rest.slice(0, end));
    rest = `  ${rest.slice(end + 1)}`;
  }
  return [...lines, rest].join('\n');
}
