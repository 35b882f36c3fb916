/** A part of a text, and its replacement. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export function startOfLine(source: string, at: number): number {
  return source.lastIndexOf('\n', at - 1) + 1;
}

/** The end of the last non-empty line before `at`. */
export function endOfContent(source: string, at: number): number {
  const content = source.slice(0, at).trimEnd().length;
  const end = source.indexOf('\n', content);
  return end < 0 ? source.length : end;
}

/** Adds `text`, which consists of whole lines, after the line that ends at `at`. */
export function addAt(source: string, at: number, text: string): Change {
  const end = source.startsWith('\n', at) ? at + 1 : at;
  const isLineOpen = end > 0 && source[end - 1] !== '\n';
  return { from: end, to: end, text: isLineOpen ? `\n${text}` : text };
}

/** Changes at the same place are applied in the order of the list. */
export function applyChanges(source: string, changes: readonly Change[]): string {
  const lineEnd = source.includes('\r\n') ? '\r\n' : '\n';
  const inOrder = [...changes].sort((a, b) => a.from - b.from || a.to - b.to);
  let [at, result] = [0, ''];
  for (const { from, to, text } of inOrder) {
    // If the last line has no line end, only the first of several texts adds it.
    const put = result.endsWith('\n') && from === at ? text.replace(/^\n/, '') : text;
    result += source.slice(at, from) + put.replaceAll('\n', lineEnd);
    at = to;
  }
  return result + source.slice(at);
}

export function removeLines(source: string, start: number, end: number): Change {
  return { from: startOfLine(source, start), to: endOfContent(source, end) + 1, text: '' };
}
