import type { Output } from '../../program/session';

/** A stream that wraps lines at the width of the terminal, or at 80 columns, and indents continuation lines. */
export function createWrapper(stream: Output): Output {
  const width = stream.columns || 80;
  return {
    isTTY: stream.isTTY,
    columns: stream.columns,
    write(text) {
      // Progress lines are already cut to the width.
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
    // A word longer than a line is kept whole, so that it can be copied.
    const end = space > 2 ? space : rest.indexOf(' ', width);
    if (end < 0) break;
    lines.push(rest.slice(0, end));
    rest = `  ${rest.slice(end + 1)}`;
  }
  return [...lines, rest].join('\n');
}
