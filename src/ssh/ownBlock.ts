/**
 * Puts `block` between marker lines at the start of a file in ~/.ssh (ssh uses the first value it finds). Replaces the
 * block that an earlier run wrote under the same name, and keeps all other lines.
 */
export function replaceOwnBlock(text: string, name: string, block: string): string {
  return `${toMarker('begin', name)}\n${block}${toMarker('end', name)}\n${removeOwnBlock(text, name)}`;
}

/** The text without our block for that name. */
export function removeOwnBlock(text: string, name: string): string {
  const [begin, end] = [toMarker('begin', name), toMarker('end', name)];
  const lines = text.split('\n');
  const from = lines.indexOf(begin);
  const to = lines.indexOf(end, from);
  if (from < 0 || to < 0) return text;
  return removeOwnBlock([...lines.slice(0, from), ...lines.slice(to + 1)].join('\n'), name);
}

function toMarker(edge: 'begin' | 'end', name: string): string {
  return `# codecommit-mirror ${edge} ${name}`;
}
