/**
 * A request over HTTP/2 as the lane reads one over HTTP/1.1 (pure).
 *
 * Promise: what is written down here, node:http2 and the reader behind it (`proxy/h2/h2-head.ts`) read as the same request; the
 * text is one request, whatever the fields hold. All else is `undefined`, and node:http2's to judge.
 */

import type { Fields } from '../../http/message.ts';
import type { ReadFields } from './hpack-reader.ts';

/** As node:http2 is told. */
const mostBytes = 16 * 1024;
const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const plainValue = /^[\x21-\x7e]+(?:[ \t][\x21-\x7e]+)*$/;
const visible = /^[\x21-\x7e]+$/;

/** RFC 9113 §8.2.2, and what would change how a request of HTTP/1.1 is read. */
const notPlain: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'],
  ...['te', 'expect', 'trailer', 'content-length', 'host', 'http2-settings'],
]);

/** The head in the words of HTTP/1.1, of a request without a body. */
export function plainHeadOf({ fields, bytes }: ReadFields, isEncrypted: boolean): string | undefined {
  if (bytes > mostBytes) return undefined;
  const pseudo = pseudoOf(fields);
  if (pseudo === undefined) return undefined;
  const { method, scheme, path, authority } = pseudo;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (scheme !== 'https' && (scheme !== 'http' || isEncrypted)) return undefined;
  if (!path.startsWith('/') || !visible.test(path) || !visible.test(authority)) return undefined;
  const lines = linesOf(fields);
  if (lines === undefined) return undefined;
  return `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n${lines}\r\n`;
}

type Pseudo = {
  readonly method: string;
  readonly scheme: string;
  readonly path: string;
  readonly authority: string;
};

/** The four of a request, once each, and before all others (RFC 9113 §8.3). */
function pseudoOf(fields: Fields): Pseudo | undefined {
  const found = new Map<string, string>();
  for (let index = 0; index < pseudoCount * 2; index += 2)
    found.set(fields[index] ?? '', fields[index + 1] ?? '');
  const [method, scheme, path, authority] = [':method', ':scheme', ':path', ':authority'].map((name) =>
    found.get(name),
  );
  if (method === undefined || scheme === undefined || path === undefined) return undefined;
  return authority === undefined ? undefined : { method, scheme, path, authority };
}

const pseudoCount = 4;

function linesOf(fields: Fields): string | undefined {
  let lines = '';
  let cookie = '';
  for (let index = pseudoCount * 2; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (!token.test(name) || notPlain.has(name) || !plainValue.test(value)) return undefined;
    // RFC 9113 §8.2.3: crumbs are one field.
    if (name === 'cookie') cookie += cookie === '' ? value : `; ${value}`;
    else lines += `${name}: ${value}\r\n`;
  }
  return cookie === '' ? lines : `${lines}cookie: ${cookie}\r\n`;
}
