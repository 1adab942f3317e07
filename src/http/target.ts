/**
 * One spelling for every request target (RFC 9112 §3.2, RFC 3986 §6.2.2): what is matched, what is in the key and what
 * is sent to the origin are the same text.
 *
 * Two readers who take one target for two different paths are how a rule is walked around: so every spelling either has
 * one meaning here, the one the origin is then given, or is refused. Promises: linear time; normalising twice changes
 * nothing; the path begins with a single `/` and has neither dot segments nor empty ones.
 */

/** Why a target is refused: 414 for `too-long`, 400 for the others. */
export type BadTarget =
  | 'too-long'
  | 'not-a-path'
  | 'bad-scheme'
  | 'bad-authority'
  | 'control-character'
  | 'space'
  | 'fragment'
  | 'backslash'
  | 'encoded-slash'
  | 'encoded-semicolon'
  | 'dot-segment-with-parameter'
  | 'bad-escape'
  | 'not-utf8';

/** `query` is the text behind the first `?`, as sent; undefined when there is no `?`. */
export type NormalisedTarget =
  | {
      readonly kind: 'ok';
      readonly path: string;
      readonly query: string | undefined;
      /** What an absolute-form target named; it takes the place of `Host` (RFC 9112 §3.2.2). */
      readonly absolute?: { readonly scheme: 'http' | 'https'; readonly authority: string };
    }
  /** `OPTIONS *` (RFC 9112 §3.2.4). */
  | { readonly kind: 'asterisk' }
  | { readonly kind: 'bad'; readonly reason: BadTarget };

/** Longest target taken, in characters. RFC 9112 §3 recommends at least 8,000. */
export const longestTarget = 8192;

/** The target's canonical spelling, or why it is refused. `raw` is the text of the request line. */
export const normaliseTarget = (raw: string): NormalisedTarget => {
  if (raw.length > longestTarget) return bad('too-long');
  if (raw === '*') return { kind: 'asterisk' };
  if (raw.startsWith('/')) return originForm(raw);
  const [, scheme = '', authority = '', rest = ''] = absoluteForm.exec(raw) ?? [];
  if (scheme === '') return bad('not-a-path');
  const lowerScheme = scheme.toLowerCase();
  if (lowerScheme !== 'http' && lowerScheme !== 'https') return bad('bad-scheme');
  // User information in a target is obsolete and a way to disguise the host (RFC 9110 §4.2.4).
  if (authority === '' || forbiddenInAuthority.test(authority)) return bad('bad-authority');
  const target = originForm(rest.startsWith('/') ? rest : `/${rest}`);
  if (target.kind !== 'ok') return target;
  return { ...target, absolute: { scheme: lowerScheme, authority: authority.toLowerCase() } };
};

/** The canonical path and query as one text, as it is sent. */
export const targetText = (path: string, query: string | undefined): string =>
  query === undefined ? path : `${path}?${query}`;

const absoluteForm = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is;
const forbiddenInAuthority = /[\x00-\x20\x7f-\uffff@\\%]/;
// Paths that are canonical already: no escape, no `;`, no empty segment, none that begins with a dot.
const plainPath = /^(?:\/[a-z0-9_~!$&'()*+,=:@-][a-z0-9._~!$&'()*+,=:@-]*)*\/?$/i;
const controlCharacter = /[\x00-\x1f\x7f]/;

const bad = (reason: BadTarget): { kind: 'bad'; reason: BadTarget } => ({ kind: 'bad', reason });

const originForm = (raw: string): NormalisedTarget => {
  const mark = raw.indexOf('?');
  const query = mark === -1 ? undefined : raw.slice(mark + 1);
  const reason = forbidden(raw);
  if (reason !== undefined) return bad(reason);
  const rawPath = mark === -1 ? raw : raw.slice(0, mark);
  if (plainPath.test(rawPath)) return { kind: 'ok', path: rawPath, query };
  const decoded = canonicalCharacters(rawPath);
  if (decoded.kind === 'bad') return decoded;
  const segments = removeDotSegments(decoded.path);
  return segments.kind === 'bad' ? segments : { kind: 'ok', path: segments.path, query };
};

const forbidden = (raw: string): BadTarget | undefined => {
  if (controlCharacter.test(raw)) return 'control-character';
  if (raw.includes(' ')) return 'space';
  // RFC 9112 §3.2: a fragment is no part of a request target.
  return raw.includes('#') ? 'fragment' : undefined;
};

type PathOrBad =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'bad'; readonly reason: BadTarget };

/**
 * Escapes of characters a path may hold raw are decoded, all others written with upper-case digits, and raw characters a
 * path may not hold are escaped.
 *
 * RFC 3986 §6.2.2.2 says so for unreserved characters only. Deviation: the other characters of a segment (`!$&'()*+,=:@`)
 * are decoded too, because the application behind decodes them before it looks, so that `a%2Cb` and `a,b` are one
 * resource. `%2F` and `%5C` are refused: half of all servers take them for a separator. `%3B` is refused: to some `;`
 * begins a parameter, to others it is a character, and only the raw form means the same to either as it was sent.
 */
const canonicalCharacters = (rawPath: string): PathOrBad => {
  let path = '';
  for (let at = 0; at < rawPath.length; at += 1) {
    const code = rawPath.charCodeAt(at);
    if (code !== percent) {
      if (code === backslash) return bad('backslash');
      if (code > 0xff) return bad('not-utf8');
      path += isPathCharacter(code) ? rawPath.charAt(at) : escapeOf(code);
      continue;
    }
    const digits = rawPath.slice(at + 1, at + 3);
    if (!hexPair.test(digits)) return bad('bad-escape');
    const byte = Number.parseInt(digits, 16);
    const reason = refusedEscape(byte);
    if (reason !== undefined) return bad(reason);
    path += isPathCharacter(byte) ? String.fromCharCode(byte) : escapeOf(byte);
    at += 2;
  }
  return isUtf8(path) ? { kind: 'path', path } : bad('not-utf8');
};

const percent = 0x25;
const backslash = 0x5c;
const hexPair = /^[0-9a-f]{2}$/i;

const refusedEscape = (byte: number): BadTarget | undefined => {
  if (byte < 0x20 || byte === 0x7f) return 'control-character';
  if (byte === 0x2f) return 'encoded-slash';
  if (byte === backslash) return 'backslash';
  return byte === 0x3b ? 'encoded-semicolon' : undefined;
};

const pathCharacters: readonly boolean[] = Array.from(
  { length: 256 },
  (_, code) => /[a-z0-9._~!$&'()*+,;=:@/-]/i.test(String.fromCharCode(code)) && code < 0x80,
);

const isPathCharacter = (code: number): boolean => pathCharacters[code] ?? false;

const escapeOf = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

// Over-long forms, lone surrogates and stray continuation bytes are no UTF-8; two decoders would differ about them.
const isUtf8 = (path: string): boolean => {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    // Only tells; the path is refused.
    return false;
  }
};

// RFC 3986 §5.2.4, with empty segments dropped. A dot segment with a parameter (`/..;/`) is `..` to some servers and a
// name to others: refused.
const removeDotSegments = (path: string): PathOrBad => {
  const kept: string[] = [];
  let last = '';
  for (const segment of path.split('/')) {
    last = segment;
    if (dotsWithParameter.test(segment)) return bad('dot-segment-with-parameter');
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const endsInSlash = kept.length > 0 && (last === '' || last === '.' || last === '..');
  return { kind: 'path', path: `/${kept.join('/')}${endsInSlash ? '/' : ''}` };
};

const dotsWithParameter = /^\.{1,2};/;
