/**
 * Which bytes of a representation are there, and which are missing (RFC 9111 §3.3, §3.4). Lists of parts are in order,
 * apart from each other, and belong to one strong validator: the caller has checked that (`sameStrongTag`).
 *
 * Promise: a part that is not wholly there is never said to be.
 */
import { etagText } from './entity-tags.ts';
import type { Fields } from './message.ts';
import type { SatisfiableRange } from './ranges.ts';

/** Whether all bytes of `wanted` are there. */
export const hasPart = (parts: readonly SatisfiableRange[], wanted: SatisfiableRange): boolean =>
  parts.some((part) => part.first <= wanted.first && wanted.last <= part.last);

/** The bytes of `wanted` that are not there, in order. */
export const missingParts = (
  parts: readonly SatisfiableRange[],
  wanted: SatisfiableRange,
): SatisfiableRange[] => {
  const missing: SatisfiableRange[] = [];
  let next = wanted.first;
  for (const { first, last } of parts) {
    if (first > wanted.last) break;
    if (first > next) missing.push({ first: next, last: first - 1 });
    next = Math.max(next, last + 1);
  }
  if (next <= wanted.last) missing.push({ first: next, last: wanted.last });
  return missing;
};

/**
 * The fields of a request for the missing bytes, which gets the whole instead should the representation have changed
 * (RFC 9111 §3.4, RFC 9110 §13.1.5); undefined when nothing is missing or there is no tag to hold on to.
 */
export const completionFields = (
  missing: readonly SatisfiableRange[],
  storedFields: Fields,
): string[] | undefined => {
  const tag = etagText(storedFields);
  if (missing.length === 0 || tag === undefined) return undefined;
  const list = missing.map(({ first, last }) => `${first}-${last}`).join(', ');
  return ['Range', `bytes=${list}`, 'If-Range', tag];
};
