import { pipelinesFileUnfit } from './errors';

/** A piece of a text, and what takes its place. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Begin, and end of the value, of a node that was parsed. */
export function rangeOf(node: unknown): readonly [number, number] {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  if (!Array.isArray(range)) throw unfit('it has a form that is not understood');
  return [Number(range[0]), Number(range[1])];
}

export function startOfLine(source: string, at: number): number {
  return source.lastIndexOf('\n', at - 1) + 1;
}

/** The end of the last line, before `at`, that says something. */
export function endOfContent(source: string, at: number): number {
  const content = source.slice(0, at).trimEnd().length;
  const end = source.indexOf('\n', content);
  return end < 0 ? source.length : end;
}

/** `text` is whole lines; they come after the line that ends at `at`. */
export function addAt(source: string, at: number, text: string): Change {
  const end = source.startsWith('\n', at) ? at + 1 : at;
  const isLineOpen = end > 0 && source[end - 1] !== '\n';
  return { from: end, to: end, text: isLineOpen ? `\n${text}` : text };
}

export function applyChanges(source: string, changes: readonly Change[]): string {
  const last = [...changes].sort((a, b) => b.from - a.from);
  const lineEnd = source.includes('\r\n') ? '\r\n' : '\n';
  return last.reduce(
    (text, { from, to, text: put }) => text.slice(0, from) + put.replaceAll('\n', lineEnd) + text.slice(to),
    source,
  );
}

export function removeLines(source: string, start: number, end: number): Change {
  return { from: startOfLine(source, start), to: endOfContent(source, end) + 1, text: '' };
}

/** `why` completes "bitbucket-pipelines.yml can't be changed: …". */
export function unfit(why: string) {
  return pipelinesFileUnfit('bitbucket-pipelines.yml', why);
}
