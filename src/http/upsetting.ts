/**
 * Which fields of a request may be what its error is about (cache-poisoned denial of service).
 *
 * An error with a lifetime of its own is stored (RFC 9111 §3). One that a single odd request brought about must not be
 * what everybody else gets: such an error is reused only for requests with the same values in these fields, whatever its
 * `Vary` says.
 */

import { foldFieldName } from './field-name.ts';
import type { Fields } from './message.ts';

/** Fields that servers act upon. */
const meaningful: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-datetime',
  'accept-encoding',
  'accept-language',
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'date',
  'dnt',
  'expect',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'origin',
  'prefer',
  'range',
  'referer',
  'save-data',
  'te',
  'upgrade',
  'upgrade-insecure-requests',
  'user-agent',
  'x-requested-with',
]);

/** A field of the application's own is no longer than this, and holds nothing but visible characters. */
const longestHarmless = 128;
const visible = /^[\x20-\x7e]*$/;

/** All fields together, beyond which a request is upsetting as a whole. */
const largestHarmless = 4096;

/** The names, lower-case, of the fields that may have brought an error about. Linear in the size of the fields. */
export function upsettingNames(fields: Fields): string[] {
  const isLarge = fields.reduce((size, text) => size + text.length, 0) > largestHarmless;
  const names = new Set<string>();
  for (let index = 0; index < fields.length; index += 2) {
    const name = (fields[index] ?? '').toLowerCase();
    const value = fields[index + 1] ?? '';
    const isHarmless =
      !meaningful.has(foldFieldName(name)) && value.length <= longestHarmless && visible.test(value);
    if (isLarge || !isHarmless) names.add(name);
  }
  return [...names];
}
