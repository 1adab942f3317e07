/** Reads fields and their lists in linear time, and decides which fields travel past this hop. */
import { foldFieldName } from './field-name.ts';
import type { Fields } from './message.ts';

/** The value of each line of the field, in order. */
export function fieldLines(fields: Fields, lowerName: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    if (isNamed(fields[at], lowerName)) lines.push(fields[at + 1] ?? '');
  }
  return lines;
}

/** Whether the field is present, even with an empty value. */
export function hasField(fields: Fields, lowerName: string): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    if (isNamed(fields[at], lowerName)) return true;
  }
  return false;
}

/** The lines of the field joined by `', '` (RFC 9110 §5.2), without outer whitespace; undefined if there are none. */
export function combinedValue(fields: Fields, lowerName: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    if (!isNamed(fields[at], lowerName)) continue;
    const line = trimWhitespace(fields[at + 1] ?? '');
    value = value === undefined ? line : `${value}, ${line}`;
  }
  return value;
}

/** The fields without those named (lower-case); order and spelling are kept. */
export function withoutFields(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at];
    if (name !== undefined && !names.has(name.toLowerCase())) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

/**
 * The fields for the next recipient (RFC 9110 §7.6.1). A `Connection` option for a field meant for all recipients is
 * ignored: otherwise a client could remove its own `Cookie`, or an origin its `Cache-Control`.
 */
export function endToEndFields(fields: Fields): string[] {
  const names = hopByHopNames(fields);
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (isHopByHop(name) || (names !== hopByHop && names.has(name.toLowerCase()))) continue;
    kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

/** Behind CGI `Transfer_Encoding` is `Transfer-Encoding`. Most names are as long as none of them. */
const isHopByHop = (name: string): boolean =>
  hopByHopLengths[name.length] === true && hopByHop.has(foldFieldName(name));

function hopByHopNames(fields: Fields): ReadonlySet<string> {
  const connection = combinedValue(fields, 'connection');
  // Nearly always it is `keep-alive`, which names one of them.
  if (connection === undefined || hopByHop.has(connection.toLowerCase())) return hopByHop;
  const names = new Set(hopByHop);
  for (const option of parseList(connection)) {
    const name = option.toLowerCase();
    if (!isForAllRecipients(name)) names.add(name);
  }
  return names;
}

/** The members of a list (RFC 9110 §5.6.1). A quote that is never closed must not hide a `no-store` after it. */
export function parseList(value: string): string[] {
  const members: string[] = [];
  let from = 0;
  let at = 0;
  let quotesClose = true;
  while (at < value.length) {
    const char = value.charCodeAt(at);
    if (char === comma) {
      pushMember(members, value, { from, to: at });
      from = at + 1;
    } else if (char === quote && quotesClose) {
      const close = closingQuote(value, at);
      if (close === -1) quotesClose = false;
      else at = close;
    }
    at += 1;
  }
  pushMember(members, value, { from, to: value.length });
  return members;
}

/** The text without spaces and tabs at either end (`OWS`, RFC 9110 §5.6.3). */
export function trimWhitespace(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isWhitespace(value.charCodeAt(from))) from += 1;
  while (to > from && isWhitespace(value.charCodeAt(to - 1))) to -= 1;
  return from === 0 && to === value.length ? value : value.slice(from, to);
}

function closingQuote(value: string, open: number): number {
  for (let at = open + 1; at < value.length; at += 1) {
    const char = value.charCodeAt(at);
    if (char === backslash) at += 1;
    else if (char === quote) return at;
  }
  return -1;
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;

const isWhitespace = (char: number): boolean => char === 0x20 || char === 0x09;

const isNamed = (name: string | undefined, lowerName: string): boolean =>
  name !== undefined &&
  name.length === lowerName.length &&
  (name === lowerName || name.toLowerCase() === lowerName);

function pushMember(members: string[], value: string, span: { from: number; to: number }): void {
  const member = trimWhitespace(value.slice(span.from, span.to));
  if (member !== '') members.push(member);
}

// Beside the fields of RFC 9110 §7.6.1: Proxy-* are for the next hop (§11.7), and RFC 9111 §3.1 keeps them out of a store.
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
]);

const hopByHopLengths: readonly boolean[] = Array.from({ length: 32 }, (_, length) =>
  [...hopByHop].some((name) => name.length === length),
);

const forAllRecipients: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'age',
  'authorization',
  'cache-control',
  'cdn-cache-control',
  'clear-site-data',
  'cookie',
  'date',
  'etag',
  'expires',
  'forwarded',
  'host',
  'last-modified',
  'location',
  'origin',
  'pragma',
  'range',
  'set-cookie',
  'shelflife-cache-control',
  'strict-transport-security',
  'vary',
  'via',
  'www-authenticate',
]);

const isForAllRecipients = (name: string): boolean =>
  forAllRecipients.has(name) ||
  name.startsWith('content-') ||
  name.startsWith('if-') ||
  name.startsWith('x-forwarded-') ||
  name.startsWith('access-control-') ||
  name.startsWith('cache-group');
