/**
 * What a request names, with its escapes decoded, so that `a%20b` of a path, `a+b` of a query and `a b` of a header are one
 * name in conditions and tags.
 *
 * Promise: never throws; what is not UTF-8 stays as it is written.
 */

import { parameterName } from '../../http/query.ts';

/** The values of one parameter of a query (the text behind `?`), in order. A parameter without `=` has the value ''. */
export const queryValues = (query: string | undefined, name: string): readonly string[] => {
  if (query === undefined || query === '') return [];
  return query
    .split('&')
    .filter((piece) => piece !== '' && parameterName(piece) === name)
    .map((piece) => {
      const equals = piece.indexOf('=');
      return equals < 0 ? '' : decodeEscapes(piece.slice(equals + 1).replaceAll('+', ' '));
    });
};

/** Percent-encoded text, decoded. */
export const decodeEscapes = (text: string): string => {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not UTF-8: nothing is lost, the text stands for itself.
    return text;
  }
};

/** A field value, which HTTP hands over byte by byte, as the text those bytes are in UTF-8. */
export const decodeBytes = (value: string): string => {
  if (!/[\x80-\xff]/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
};
