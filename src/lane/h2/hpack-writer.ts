/** Writes field blocks (HPACK, RFC 7541) that leave the reader's dynamic table as it is: literals without indexing (pure). */

import type { Fields } from '../../http/message.ts';
import { staticFields } from './static-table.ts';

/** RFC 7541 §7.1.3: fields that no intermediary may put into a table. */
const secret: ReadonlySet<string> = new Set(['cookie', 'authorization', 'proxy-authorization', 'set-cookie']);
/** By name, and by name and value: the first number in the static table. */
const numbers = numbersOf(staticFields);

function numbersOf(fields: Fields): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (let index = fields.length - 2; index >= 0; index -= 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]];
    found.set(name, index / 2 + 1);
    if (value !== '') found.set(`${name}\n${value}`, index / 2 + 1);
  }
  return found;
}

/** The block of these fields: names in lower case, a character for each byte. */
export function blockOf(fields: Fields): Buffer {
  let text = '';
  for (let index = 0; index < fields.length; index += 2)
    text += literal(fields[index] ?? '', fields[index + 1] ?? '');
  return Buffer.from(text, 'latin1');
}

function literal(name: string, value: string): string {
  const whole = numbers.get(`${name}\n${value}`);
  if (whole !== undefined) return integer(0x80, 7, whole);
  const kind = secret.has(name) ? 0x10 : 0;
  const number = numbers.get(name);
  const named = number === undefined ? `${integer(kind, 4, 0)}${string(name)}` : integer(kind, 4, number);
  return `${named}${string(value)}`;
}

const string = (text: string): string => `${integer(0, 7, text.length)}${text}`;

/** RFC 7541 §5.1. */
function integer(kind: number, prefix: number, value: number): string {
  const most = 2 ** prefix - 1;
  if (value < most) return String.fromCharCode(kind | value);
  let text = String.fromCharCode(kind | most);
  let rest = value - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) text += String.fromCharCode((rest & 0x7f) | 0x80);
  return text + String.fromCharCode(rest);
}
