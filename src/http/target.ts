/**
 * Normalises request targets (RFC 9112 §3.2, RFC 3986 §6.2.2): matching, the key and the request to the origin use the same
 * text. What may be a resource of its own (`%2F`, `//`) stays as sent (`path-readings.ts`).
 *
 * Promises: normalising twice changes nothing. The path begins with `/` and has no dot segments.
 */

import { readingsOf } from './path-readings.ts';
import { isPlain, removeDotSegments, spelled } from './path-spelling.ts';

export type BadTarget =
  | 'too-long'
  | 'not-a-path'
  | 'bad-scheme'
  | 'bad-authority'
  | 'control-character'
  | 'space'
  | 'fragment'
  | 'backslash'
  | 'dot-segment-with-parameter'
  | 'bad-escape'
  | 'not-a-byte'
  | 'too-many-readings';

export type NormalisedTarget =
  | {
      readonly kind: 'ok';
      readonly path: string;
      readonly query: string | undefined;
      /** From an absolute-form target; it replaces `Host` (RFC 9112 §3.2.2). */
      readonly absolute?: { readonly scheme: 'http' | 'https'; readonly authority: string };
    }
  /** `OPTIONS *` (RFC 9112 §3.2.4). */
  | { readonly kind: 'asterisk' }
  | { readonly kind: 'bad'; readonly reason: BadTarget };

/** The longest target accepted, in characters. RFC 9112 §3 recommends at least 8,000. */
export const longestTarget = 8192;

/** The target's canonical spelling, or why it is refused. */
export function normaliseTarget(raw: string): NormalisedTarget {
  if (raw.length > longestTarget) return bad('too-long');
  if (raw === '*') return { kind: 'asterisk' };
  if (raw.startsWith('/')) return originForm(raw);
  const [, scheme = '', authority = '', rest = ''] = absoluteForm.exec(raw) ?? [];
  if (scheme === '') return bad('not-a-path');
  const lowerScheme = scheme.toLowerCase();
  if (lowerScheme !== 'http' && lowerScheme !== 'https') return bad('bad-scheme');
  // User information in a target is obsolete and can disguise the host (RFC 9110 §4.2.4).
  if (authority === '' || forbiddenInAuthority.test(authority)) return bad('bad-authority');
  const target = originForm(rest.startsWith('/') ? rest : `/${rest}`);
  if (target.kind !== 'ok') return target;
  return { ...target, absolute: { scheme: lowerScheme, authority: authority.toLowerCase() } };
}

const absoluteForm = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is;
const forbiddenInAuthority = /[\x00-\x20\x7f-\uffff@\\%]/;
// Canonical paths: no escape, no `;`, no empty segment, none that begins with a dot.
const plainPath = /^(?:\/[a-z0-9_~!$&'()*+,=:@-][a-z0-9._~!$&'()*+,=:@-]*)*\/?$/i;
const controlCharacter = /[\x00-\x1f\x7f]/;

const bad = (reason: BadTarget): { kind: 'bad'; reason: BadTarget } => ({ kind: 'bad', reason });

function originForm(raw: string): NormalisedTarget {
  const mark = raw.indexOf('?');
  const query = mark === -1 ? undefined : raw.slice(mark + 1);
  const reason = forbidden(raw);
  if (reason !== undefined) return bad(reason);
  const rawPath = mark === -1 ? raw : raw.slice(0, mark);
  if (plainPath.test(rawPath)) return { kind: 'ok', path: rawPath, query };
  const decoded = canonicalCharacters(rawPath);
  if (decoded.kind === 'bad') return decoded;
  if (dotsWithParameter.test(decoded.path)) return bad('dot-segment-with-parameter');
  const path = removeDotSegments(decoded.path);
  return readingsOf(path).isWhole ? { kind: 'ok', path, query } : bad('too-many-readings');
}

function forbidden(raw: string): BadTarget | undefined {
  if (controlCharacter.test(raw)) return 'control-character';
  if (raw.includes(' ')) return 'space';
  return raw.includes('#') ? 'fragment' : undefined;
}

type PathOrBad =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'bad'; readonly reason: BadTarget };

/**
 * RFC 3986 §6.2.2.2 decodes unreserved characters only. Deviation: the other characters of a segment (`!$&'()*+,=:@`) are
 * decoded too, because applications decode before they match. `%2F`, `%5C`, `%3B` and bytes that are not UTF-8 stay: a
 * server may distinguish them from the raw character.
 */
function canonicalCharacters(rawPath: string): PathOrBad {
  let path = '';
  for (let at = 0; at < rawPath.length; at += 1) {
    const code = rawPath.charCodeAt(at);
    if (code !== percent) {
      if (code === backslash) return bad('backslash');
      if (code > 0xff) return bad('not-a-byte');
      path += spelled(code);
      continue;
    }
    const digits = rawPath.slice(at + 1, at + 3);
    if (!hexPair.test(digits)) return bad('bad-escape');
    const byte = Number.parseInt(digits, 16);
    if (byte < 0x20 || byte === 0x7f) return bad('control-character');
    path += isPlain(byte) ? spelled(byte) : `%${digits.toUpperCase()}`;
    at += 2;
  }
  return { kind: 'path', path };
}

const percent = 0x25;
const backslash = 0x5c;
const hexPair = /^[0-9a-f]{2}$/i;

// Some servers read `/..;/` as `..`, others as a name.
const dotsWithParameter = /\/\.{1,2};/;
