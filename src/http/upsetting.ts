/** Finds the request fields that may have caused an error: a stored one is reused only for requests with the same values. */

import { foldFieldName } from './field-name.ts';
import type { Fields } from './message.ts';

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

/** Longer values of an application's own fields, or values with invisible characters, may cause an error. */
const longestHarmless = 128;
const visible = /^[\x20-\x7e]*$/;

/** Above this total size any field may have caused the error. */
const largestHarmless = 4096;

/** The lower-case names of the fields that may have caused an error. */
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
