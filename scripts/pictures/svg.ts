interface Picture {
  readonly title: string;
  /** For those who can't see it. */
  readonly description: string;
  /** As a terminal shows them. */
  readonly lines: readonly string[];
}

const columns = 100;
const width = { character: 7.83, margin: 20 };
const lineHeight = 20;
const top = 48;

/** A terminal with these lines, for light and dark pages. */
export function toSvg({ title, description, lines }: Picture): string {
  const rows = lines.flatMap(toRows);
  const [x, y] = [
    Math.ceil(columns * width.character + 2 * width.margin),
    top + rows.length * lineHeight + 12,
  ];
  const texts = rows.map(({ kind, text }, index) => toText(kind, text, top + (index + 0.7) * lineHeight));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${x} ${y}" width="${x}" height="${y}" role="img" aria-labelledby="title desc">
<title id="title">${escapeXml(title)}</title>
<desc id="desc">${escapeXml(description)}</desc>
<style>
:root { --page: #ffffff; --edge: #d0d7de; --text: #1f2328; --dim: #59636e; --info: #0550ae; --good: #116329; --bad: #b3261e; --warn: #7d4e00; }
@media (prefers-color-scheme: dark) {
:root { --page: #0d1117; --edge: #3d444d; --text: #f0f6fc; --dim: #9198a1; --info: #79c0ff; --good: #56d364; --bad: #ff7b72; --warn: #e3b341; }
}
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; fill: var(--text); white-space: pre; }
.command, .dim { fill: var(--dim); } .info { fill: var(--info); } .good { fill: var(--good); } .bad { fill: var(--bad); } .warn { fill: var(--warn); }
.page { fill: var(--page); stroke: var(--edge); } .dot { fill: var(--edge); }
</style>
<rect class="page" x="0.5" y="0.5" width="${x - 1}" height="${y - 1}" rx="8"/>
${[20, 38, 56].map((cx) => `<circle class="dot" cx="${cx}" cy="20" r="5"/>`).join('')}
${texts.join('\n')}
</svg>
`;
}

type Kind = 'command' | 'info' | 'good' | 'bad' | 'warn' | 'plain';

const beginnings: readonly (readonly [string, Kind])[] = [
  ['$ ', 'command'],
  ['INFO: ', 'info'],
  ['WARNING: ', 'warn'],
  ['✔ ', 'good'],
  ['✖ ', 'bad'],
];

/** A line that is too long goes on below, indented. */
function toRows(line: string): { kind: Kind; text: string }[] {
  const kind = beginnings.find(([text]) => line.startsWith(text))?.[1] ?? 'plain';
  const rows: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const at = rest.lastIndexOf(' ', columns);
    const end = at > 4 ? at : columns;
    rows.push(rest.slice(0, end));
    rest = `    ${rest.slice(end).trimStart()}`;
  }
  return [...rows, rest].map((text, index) => ({ kind: index === 0 ? kind : 'plain', text }));
}

/** The beginning of a line has the colour that a terminal gives it. */
function toText(kind: Kind, text: string, y: number): string {
  const beginning = kind === 'plain' ? '' : (beginnings.find(([start]) => text.startsWith(start))?.[0] ?? '');
  const coloured = beginning === '' ? '' : `<tspan class="${kind}">${escapeXml(beginning)}</tspan>`;
  const rest = escapeXml(text.slice(beginning.length));
  return `<text x="${width.margin}" y="${y}" xml:space="preserve">${coloured}${rest}</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
