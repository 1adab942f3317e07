/** A report as one self-contained HTML page: inline style and charts, no script, no request. */

import type { Report, ReportPoint } from './report.ts';
import { coverageOf, type Table, tablesOf, titleOf } from './report-words.ts';

/** The page. */
export function reportHtml(report: Report): string {
  const title = escaped(titleOf(report));
  const body = [
    `<h1>${title}</h1>`,
    `<p>${escaped(coverageOf(report))}</p>`,
    '<div class="charts">',
    chart('Hit rate', report.points, { value: ({ hit_rate }) => hit_rate, top: 1, unit: '%' }),
    chart('Requests', report.points, { value: ({ requests }) => requests, top: undefined, unit: '' }),
    chart('Requests to the origin', report.points, {
      value: ({ origin_requests: n }) => n,
      top: undefined,
      unit: '',
    }),
    '</div>',
    ...tablesOf(report).map(htmlTable),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
${body.join('\n')}
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1rem; color: light-dark(#1b1d21, #e6e8ec); background: light-dark(#fff, #16181c); }
main { max-width: 60rem; margin: auto; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg rect { fill: #1a73c7; } svg text { font-size: 10px; fill: currentColor; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; padding: .3rem .6rem; border-bottom: 1px solid light-dark(#d9dce1, #363a42); }
.met { color: light-dark(#146c2e, #6fd08c); } .not-met { color: light-dark(#a3131f, #ff8f8f); }
`;

type Drawn = {
  readonly value: (point: ReportPoint) => number | null;
  /** The value at the top; absent: the highest value. */
  readonly top: number | undefined;
  readonly unit: '%' | '';
};

const size = { width: 300, height: 110, left: 36, bottom: 16 };

/** One bar per point, with its value as a tooltip. */
function chart(title: string, points: readonly ReportPoint[], { value, top, unit }: Drawn): string {
  const highest = top ?? Math.max(1, ...points.map((point) => value(point) ?? 0));
  const shown = (number: number): string =>
    unit === '%' ? `${(number * 100).toFixed(0)} %` : number.toLocaleString('en-US');
  const step = (size.width - size.left) / points.length;
  const room = size.height - size.bottom - 8;
  const bars = points.map((point, index) => {
    const number = value(point);
    if (number === null) return '';
    const height = (number / highest) * room;
    const [x, y] = [size.left + index * step + 1, size.height - size.bottom - height];
    const label = `${point.at.slice(0, 16).replace('T', ' ')}: ${shown(number)}`;
    return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(1, step - 2).toFixed(1)}" height="${height.toFixed(1)}"><title>${escaped(label)}</title></rect>`;
  });
  const first = points[0]?.at.slice(5, 10) ?? '';
  const last = points.at(-1)?.at.slice(5, 10) ?? '';
  return `<figure><figcaption>${escaped(title)}</figcaption>
<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escaped(`${title}, from ${first} to ${last}`)}">
<text x="0" y="14">${escaped(shown(highest))}</text><text x="0" y="${size.height - size.bottom}">0</text>
<text x="${size.left}" y="${size.height - 3}">${first}</text><text x="${size.width}" y="${size.height - 3}" text-anchor="end">${last}</text>
${bars.join('')}
</svg></figure>`;
}

function htmlTable({ title, head, rows }: Table): string {
  const cells = (row: readonly string[], tag: 'th' | 'td'): string =>
    row.map((cell) => `<${tag}${classOf(cell)}>${escaped(cell)}</${tag}>`).join('');
  const lines = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n');
  return `<h2>${escaped(title)}</h2>
<div class="table"><table><thead><tr>${cells(head, 'th')}</tr></thead>
<tbody>
${lines}
</tbody></table></div>`;
}

const classOf = (cell: string): string =>
  cell === 'met' ? ' class="met"' : cell === 'not met' ? ' class="not-met"' : '';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => entities[mark] ?? mark);
