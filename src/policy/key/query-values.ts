/**
 * Decodes what a request names, so that `a%20b` in a path, `a+b` in a query and `a b` in a header are one name in
 * conditions and tags. What is not UTF-8 stays as written.
 */

import { parameterName } from '../../http/query.ts';

/** The values of a query parameter, in order; '' without a `=`. `query` is the text after `?`. */
export function queryValues(query: string | undefined, name: string): readonly string[] {
  if (query === undefined || query === '') return [];
  return query
    .split('&')
    .filter((piece) => piece !== '' && parameterName(piece) === name)
    .map((piece) => {
      const equals = piece.indexOf('=');
      return equals < 0 ? '' : decodeEscapes(piece.slice(equals + 1).replaceAll('+', ' '));
    });
}

/** Percent-encoded text, decoded. */
export function decodeEscapes(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not UTF-8.
    return text;
  }
}

/** A field value, whose bytes HTTP gives as latin-1, read as UTF-8. */
export function decodeBytes(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}
