/** The stored and the missing bytes of a representation (RFC 9111 §3.3, §3.4); parts are in order and do not touch. */
import { etagText } from './entity-tags.ts';
import type { Fields } from './message.ts';
import type { SatisfiableRange } from './ranges.ts';

/** Whether all bytes of `wanted` are present. */
export const hasPart = (parts: readonly SatisfiableRange[], wanted: SatisfiableRange): boolean =>
  parts.some((part) => part.first <= wanted.first && wanted.last <= part.last);

/** The missing bytes of `wanted`, in order. */
export function missingParts(
  parts: readonly SatisfiableRange[],
  wanted: SatisfiableRange,
): SatisfiableRange[] {
  const missing: SatisfiableRange[] = [];
  let next = wanted.first;
  for (const { first, last } of parts) {
    if (first > wanted.last) break;
    if (first > next) missing.push({ first: next, last: first - 1 });
    next = Math.max(next, last + 1);
  }
  if (next <= wanted.last) missing.push({ first: next, last: wanted.last });
  return missing;
}

/** The fields of a request for the missing bytes, or for the whole if it has changed (RFC 9111 §3.4, RFC 9110 §13.1.5). */
export function completionFields(
  missing: readonly SatisfiableRange[],
  storedFields: Fields,
): string[] | undefined {
  const tag = etagText(storedFields);
  if (missing.length === 0 || tag === undefined) return undefined;
  const list = missing.map(({ first, last }) => `${first}-${last}`).join(', ');
  return ['Range', `bytes=${list}`, 'If-Range', tag];
}
