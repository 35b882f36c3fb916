export interface Series {
  readonly name: string;
  /** Size and seconds. */
  readonly points: readonly (readonly [number, number])[];
  readonly isOurs: boolean;
}

const frame = { width: 640, height: 340, left: 56, right: 16, top: 34, bottom: 96 };
const colours = ['#0052cc', '#97a0af', '#de350b', '#ff991f'];

/** A plot of seconds against a size, both from 0, as SVG. */
export function toPlot({
  title,
  x,
  series,
}: {
  title: string;
  x: string;
  series: readonly Series[];
}): string {
  const all = series.flatMap(({ points }) => points);
  const most = {
    x: Math.max(...all.map(([size]) => size)),
    y: Math.max(...all.map(([, seconds]) => seconds)),
  };
  const toX = (size: number) => frame.left + (size / most.x) * (frame.width - frame.left - frame.right);
  const toY = (seconds: number) =>
    frame.height - frame.bottom - (seconds / most.y) * (frame.height - frame.top - frame.bottom);
  const sizes = [...new Set(all.map(([size]) => size))];
  const marks = sizes.map((size) => toText(toX(size), toY(0) + 16, size.toLocaleString('en'), 'middle'));
  const steps = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const y = toY(part * most.y);
    const line = `<line x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y}" y2="${y}" stroke="#dfe1e6"/>`;
    return line + toText(frame.left - 6, y + 4, `${(part * most.y).toFixed(1)} s`, 'end');
  });
  const lines = series.map(({ name, points, isOurs }, index) => {
    const colour = colours[index % colours.length];
    const path = points
      .map(([size, seconds]) => `${toX(size).toFixed(1)},${toY(seconds).toFixed(1)}`)
      .join(' ');
    const y = frame.height - frame.bottom + 50 + index * 15;
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${isOurs ? 3 : 1.5}"/>`,
      `<rect x="${frame.left}" y="${y - 8}" width="18" height="4" fill="${colour}"/>`,
      toText(frame.left + 24, y, name.replaceAll('`', ''), 'start'),
    ].join('\n');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${frame.width} ${frame.height}" font-family="sans-serif" font-size="11">`,
    `<title>${toXml(title)}: seconds against ${x}</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${frame.left}" y="18" font-size="13" font-weight="bold">${toXml(title)}</text>`,
    ...steps,
    ...marks,
    toText(frame.width - frame.right, toY(0) + 32, x, 'end'),
    ...lines,
    '</svg>\n',
  ].join('\n');
}

function toText(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${toXml(text)}</text>`;
}

function toXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
