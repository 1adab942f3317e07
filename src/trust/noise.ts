/**
 * Per-request noise (pure): the places at which two answers for the same identity differ although nothing has happened
 * between them.
 */

import type { Difference } from './compare-bodies.ts';

/** What differs each time. */
export type NoiseKind = 'csrf-token' | 'nonce' | 'clock' | 'request-id' | 'token' | 'number' | 'other';

export type Noise = { readonly name: string; readonly kind: NoiseKind };

const byName: readonly (readonly [NoiseKind, RegExp])[] = [
  ['csrf-token', /csrf|xsrf|authenticity/i],
  ['nonce', /nonce/i],
  ['request-id', /(request|trace|correlation|span)[-_ ]?id/i],
  ['clock', /time|date|clock|generated|elapsed|duration|took|\bnow\b|uptime|_at$/i],
  ['token', /token|session|signature|jwt/i],
];

/** The noise of a page: what differs between two of its answers in short succession. */
export const noiseOf = (again: readonly Difference[]): Noise[] =>
  again.map((place) => ({ name: place.name, kind: kindOf(place) }));

/** Whether a shape says where it is: one without words around it would cover every other line. */
export const isPlace = ({ name }: Pick<Difference, 'name'>): boolean =>
  name.startsWith('/') || name.length > 4;

/** The differences that are no noise. */
export function beyondNoise(
  places: readonly Difference[],
  noise: readonly Pick<Noise, 'name'>[],
): readonly Difference[] {
  return places.filter((place) => !noise.some(({ name }) => covers(name, place)));
}

/** A difference that begins before the noise does, or ends behind it, is more than noise. */
function covers(name: string, place: Difference): boolean {
  if (!isPlace({ name })) return false;
  if (name === place.name) return true;
  const [before, after] = sidesOf(name);
  const [placeBefore, placeAfter] = sidesOf(place.name);
  return !name.startsWith('/') && placeBefore.startsWith(before) && placeAfter.endsWith(after);
}

/** Pages of one pattern have other numbers: in identifiers, in counts. */
function sidesOf(name: string): readonly [string, string] {
  const at = name.indexOf('…');
  const side = (text: string): string => text.replace(/\d+/g, '0');
  return [side(name.slice(0, at)), side(name.slice(at + 1))];
}

const clockValue = /^\s*\d{4}-\d\d-\d\d[T ]|\b\d{1,2}:\d\d(:\d\d)?\b|^\d{10}(\d{3})?(\.\d+)?$/;

function kindOf({ name, copy, now }: Difference): NoiseKind {
  for (const [kind, pattern] of byName) if (pattern.test(name)) return kind;
  if (clockValue.test(copy) && clockValue.test(now)) return 'clock';
  return [copy, now].every((value) => /^-?\d+(\.\d+)?$/.test(value)) ? 'number' : 'other';
}
