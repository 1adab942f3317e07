/** What to compress, who accepts it compressed, and how to label it (RFC 9110 §8.4, §12.5.3, §8.8.3). */

import { combinedValue, fieldLines, parseList, withoutFields } from './fields.ts';
import type { Fields } from './message.ts';

/** The one coding of stored representations: every client that accepts a coding accepts this one, also over http. */
const storedCoding = 'gzip';

/** Below this many bytes compression saves less than it costs. */
export const smallestWorth = 1024;

const textTypes =
  /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?(?:json|xml|javascript|yaml)\b|application\/(?:ecmascript|manifest\+json|wasm|x-javascript|x-yaml|graphql)\b|image\/svg\+xml|font\/(?:ttf|otf)|application\/vnd\.ms-fontobject)/i;

/** Whether a response's content is uncoded text that may be transformed. */
export function isCompressible(fields: Fields): boolean {
  if (combinedValue(fields, 'content-encoding') !== undefined) return false;
  if (!textTypes.test(combinedValue(fields, 'content-type') ?? '')) return false;
  // RFC 9111 §5.2.2.6: no-transform: an intermediary "MUST NOT transform the content".
  return !parseList(combinedValue(fields, 'cache-control') ?? '').some(
    (name) => name.toLowerCase() === 'no-transform',
  );
}

const mostCodings = 4;

/** The origin's codings, in the order to undo them: the last applied first. `x-gzip` is gzip (RFC 9110 §8.4.1.3). */
export function codingsOf(fields: Fields): string[] {
  const value = combinedValue(fields, 'content-encoding');
  if (value === undefined) return [];
  const names = parseList(value.toLowerCase()).filter((name) => name !== 'identity');
  return names
    .map((name) => (name === 'x-gzip' ? 'gzip' : name))
    .toReversed()
    .slice(0, mostCodings);
}

/** Whether an `Accept-Encoding` takes gzip (RFC 9110 §12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  let any = false;
  for (const member of parseList(acceptEncoding.toLowerCase())) {
    const [name = '', ...parameters] = member.split(';').map((text) => text.trim());
    const isRefused = parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter));
    if (name === 'gzip' || name === 'x-gzip') return !isRefused;
    if (name === '*') any = !isRefused;
  }
  return any;
}

/** Whether to decode a response that the origin coded with gzip alone. Without `Accept-Encoding` any coding will do. */
export function mustDecode(fields: Fields, acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined || acceptsGzip(acceptEncoding)) return false;
  const codings = codingsOf(fields);
  const isPlainGzip = codings.length === 1 && codings[0] === 'gzip';
  return isPlainGzip && !/\bno-transform\b/i.test(combinedValue(fields, 'cache-control') ?? '');
}

/**
 * The fields of a response whose gzip was undone. Its strong ETag becomes weak: it named the coded bytes (RFC 9110 §8.8.3).
 */
export function decodedFields(fields: Fields): string[] {
  const tag = combinedValue(fields, 'etag');
  const kept = withoutFields(varyingByEncoding(fields), codedOnly);
  return tag === undefined ? kept : [...kept, 'ETag', tag.startsWith('W/') ? tag : `W/${tag}`];
}

/** The fields with `Accept-Encoding` added to `Vary`. */
export function varyingByEncoding(fields: Fields): string[] {
  const names = fieldLines(fields, 'vary').flatMap((line) => parseList(line));
  const lower = names.map((name) => name.toLowerCase());
  if (lower.includes('accept-encoding') || lower.includes('*')) return [...fields];
  return [...withoutFields(fields, varyName), 'Vary', [...names, 'Accept-Encoding'].join(', ')];
}

/** The fields of the gzip form. A strong ETag becomes weak: it identifies one sequence of bytes (RFC 9110 §8.8.3). */
export function gzipFields(fields: Fields): string[] {
  const tag = combinedValue(fields, 'etag');
  const kept = withoutFields(fields, tag === undefined || tag.startsWith('W/') ? plainOnly : plainOnlyAndTag);
  const labelled = [...kept, 'Content-Encoding', storedCoding];
  return tag === undefined || tag.startsWith('W/') ? labelled : [...labelled, 'ETag', `W/${tag}`];
}

const varyName: ReadonlySet<string> = new Set(['vary']);
// Digests are computed over the coded content (RFC 9530 §2, §3).
const plainOnly: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-length',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
]);
const codedOnly: ReadonlySet<string> = new Set([...plainOnly, 'content-encoding', 'etag']);
const plainOnlyAndTag: ReadonlySet<string> = new Set([...plainOnly, 'etag']);
