/** A chart as a file: its points as CSV, its picture as PNG. Made in the browser from what is drawn. */

import { element } from './dom.js';

/** The points as CSV (RFC 4180). The columns are named as in the API, times are in UTC, and no unit is changed. */
export function csvOf(series, keys) {
  const rows = series.at.map((at, index) => [
    new Date(at * 1000).toISOString(),
    ...keys.map((key) => series[key][index]),
  ]);
  return [['at', ...keys], ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** A spreadsheet takes what begins so for a formula. */
export function field(value) {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Saves text. */
export const saveCsv = (name, text) =>
  save(`${name}.csv`, new Blob([text], { type: 'text/csv;charset=utf-8' }));

/** Saves what a chart shows with its title above and its legend, `[{ text, colour }]`, below. */
export function savePng(name, { canvas, title, legend, isRightToLeft }) {
  const scale = canvas.width / canvas.clientWidth;
  const style = getComputedStyle(document.documentElement);
  const page = element('canvas', { width: canvas.width, height: canvas.height + 64 * scale });
  const pen = page.getContext('2d');
  pen.fillStyle = style.getPropertyValue('--panel');
  pen.fillRect(0, 0, page.width, page.height);
  pen.drawImage(canvas, 0, 32 * scale);
  pen.direction = isRightToLeft ? 'rtl' : 'ltr';
  pen.textAlign = 'start';
  const write = (text, { x, y, font, colour }) => {
    pen.font = `${font} ${13 * scale}px system-ui, sans-serif`;
    pen.fillStyle = style.getPropertyValue(colour);
    pen.fillText(text, isRightToLeft ? page.width - x : x, y);
    return pen.measureText(text).width;
  };
  write(title, { x: 8 * scale, y: 21 * scale, font: '600', colour: '--text' });
  let x = 8 * scale;
  for (const { text, colour } of legend)
    x += write(text, { x, y: page.height - 11 * scale, font: '400', colour }) + 16 * scale;
  page.toBlob((blob) => save(`${name}.png`, blob));
}

function save(name, blob) {
  const url = URL.createObjectURL(blob);
  element('a', { href: url, download: name }).click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
