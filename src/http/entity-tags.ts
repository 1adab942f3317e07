/** Reads and compares entity tags (RFC 9110 §8.8.3). A malformed tag is never a strong validator. */
import { fieldLines, trimWhitespace } from './fields.ts';
import type { Fields } from './message.ts';

/** `opaque` is the text between the quotes. A tag without quotes, or with a prefix other than `W/`, is weak. */
type EntityTag = { readonly weak: boolean; readonly opaque: string };

type EntityTags = { readonly kind: 'any' } | { readonly kind: 'tags'; readonly tags: readonly EntityTag[] };

/** The value of `If-Match` or `If-None-Match`: `*` or a list, which may have unquoted legacy tags. */
export function parseEntityTags(value: string): EntityTags {
  const text = trimWhitespace(value);
  return text === '*' ? { kind: 'any' } : { kind: 'tags', tags: splitTags(text).map(parseEntityTag) };
}

/** Parses one tag. */
export function parseEntityTag(text: string): EntityTag {
  const [, prefix = '', quoted, bare = ''] = entityTag.exec(text) ?? [];
  const isStrong = prefix === '' && quoted !== undefined;
  return { weak: !isStrong, opaque: quoted ?? bare };
}

/** Weak comparison (RFC 9110 §8.8.3.2). */
export const weaklyEqual = (a: EntityTag, b: EntityTag): boolean => a.opaque === b.opaque;

/** Strong comparison (RFC 9110 §8.8.3.2). */
export const stronglyEqual = (a: EntityTag, b: EntityTag): boolean =>
  !a.weak && !b.weak && a.opaque === b.opaque;

/** The response's `ETag` as received; undefined if it is missing, empty, or repeated with different values. */
export function etagText(fields: Fields): string | undefined {
  const [first, ...others] = fieldLines(fields, 'etag').map(trimWhitespace);
  if (first === undefined || first === '') return undefined;
  return others.every((other) => other === first) ? first : undefined;
}

// `W/"x"`, `w/"x"`, `W"x"`, `"x"`, or a tag without quotes.
const entityTag = /^(?:(w\/?)?"([^"]*)"|(?:w\/)?(.*))$/is;

// A comma inside quotes does not separate; unlike in quoted strings, a backslash is an ordinary character (§8.8.3).
function splitTags(text: string): string[] {
  const members: string[] = [];
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    if (char === ',') {
      members.push(text.slice(from, at));
      from = at + 1;
    } else if (char === '"') {
      const close = text.indexOf('"', at + 1);
      if (close === -1) break;
      at = close;
    }
    at += 1;
  }
  members.push(text.slice(from));
  return members.map(trimWhitespace).filter((member) => member !== '');
}
