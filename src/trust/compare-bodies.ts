/**
 * Where do two bodies differ? (pure) JSON is compared by values, any other text by lines.
 *
 * Promises: bounded work: bodies above half a megabyte are not compared, at most twenty places are found, and a line
 * comparison that needs more than two thousand edits is given up. Then they differ, and nobody knows where.
 */

import { diffArrays } from 'diff';

/** `name`: where it is, the same for like places: array indexes are `*`, and of a line only what stays is named. */
export type Difference = {
  readonly name: string;
  readonly copy: string;
  readonly now: string;
};

/** `places` is empty where it is not known what differs. */
export type Comparison =
  { readonly kind: 'same' } | { readonly kind: 'differs'; readonly places: readonly Difference[] };

/** Of a body, in bytes. */
export const mostCompared = 512 * 1024;
const mostPlaces = 20;
const mostEdits = 2000;
const mostMs = 50;

/** Compares a copy with what the origin gives now; `contentType` is that of both. */
export function compareBodies(copy: Buffer, now: Buffer, contentType: string): Comparison {
  if (copy.equals(now)) return { kind: 'same' };
  const isText = /^text\/|json|xml|javascript/i.test(contentType);
  if (!isText || Math.max(copy.length, now.length) > mostCompared) return { kind: 'differs', places: [] };
  const texts = [copy.toString(), now.toString()] as const;
  const values = /json/i.test(contentType) ? parsed(texts) : undefined;
  if (values === undefined) return { kind: 'differs', places: linePlaces(...texts) };
  const places: Difference[] = [];
  compareValues(values[0], values[1], { name: '', places });
  // Only the spelling differs: spaces, or the order of names.
  return places.length === 0 ? { kind: 'same' } : { kind: 'differs', places };
}

function parsed([copy, now]: readonly [string, string]): readonly [unknown, unknown] | undefined {
  try {
    return [JSON.parse(copy), JSON.parse(now)];
  } catch {
    // One of them only says that it is JSON.
    return undefined;
  }
}

type Walk = { readonly name: string; readonly places: Difference[] };

function compareValues(copy: unknown, now: unknown, { name, places }: Walk): void {
  if (places.length >= mostPlaces || Object.is(copy, now)) return;
  if (Array.isArray(copy) && Array.isArray(now)) {
    if (copy.length !== now.length)
      note({ name: `${name}/length`, copy: copy.length, now: now.length }, places);
    for (let at = 0; at < Math.min(copy.length, now.length); at += 1)
      compareValues(copy[at], now[at], { name: `${name}/*`, places });
  } else if (isObject(copy) && isObject(now)) {
    for (const key of new Set([...Object.keys(copy), ...Object.keys(now)]))
      compareValues(own(copy, key), own(now, key), { name: `${name}/${escaped(key)}`, places });
  } else note({ name, copy, now }, places);
}

const own = (value: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 6901 §3. */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function note(
  { name, copy, now }: { readonly name: string; readonly copy: unknown; readonly now: unknown },
  places: Difference[],
): void {
  if (places.length < mostPlaces) places.push({ name, copy: written(copy), now: written(now) });
}

const written = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? 'absent' : JSON.stringify(value);

/** Tags begin lines of their own: minified HTML is one line. */
const linesOf = (text: string): string[] => text.replace(/>\s*</g, '>\n<').split('\n');

function linePlaces(copy: string, now: string): Difference[] {
  const changes = diffArrays(linesOf(copy), linesOf(now), { maxEditLength: mostEdits, timeout: mostMs });
  const places: Difference[] = [];
  let removed: readonly string[] = [];
  for (const change of changes ?? []) {
    if (change.removed) {
      removed = change.value;
      continue;
    }
    const added = change.added ? change.value : [];
    pairUp(removed, added, places);
    removed = [];
  }
  pairUp(removed, [], places);
  return places;
}

function pairUp(removed: readonly string[], added: readonly string[], places: Difference[]): void {
  for (let at = 0; at < Math.max(removed.length, added.length); at += 1) {
    if (places.length >= mostPlaces) return;
    const [copy = '', now = ''] = [removed[at], added[at]];
    places.push({ name: shapeOf(copy, now), copy, now });
  }
}

const longestShape = 200;

/** What two lines have in common, up to whole words, with `…` for the rest. */
function shapeOf(copy: string, now: string): string {
  const most = Math.min(copy.length, now.length);
  let start = 0;
  while (start < most && copy[start] === now[start]) start += 1;
  let end = 0;
  while (end < most - start && copy.at(-1 - end) === now.at(-1 - end)) end += 1;
  const before = copy.slice(0, start).replace(/[\w+/=.:-]*$/, '');
  const after = copy.slice(copy.length - end).replace(/^[\w+/=.:-]*/, '');
  return `${before.slice(-longestShape)}…${after.slice(0, longestShape)}`;
}
