/** Decides which requests a stored variant may answer (RFC 9111 §4.1): those that mean the same, or prefer it. */
import { encodingMatches, languageMatches, normaliseEncodings, normaliseLanguages } from './preferences.ts';
import { combinedValue, fieldLines, parseList } from './fields.ts';
import type { Fields } from './message.ts';

/** `any`: `Vary` has a `*`. Names are lower-case, sorted and unique. */
type Vary = { readonly kind: 'any' } | { readonly kind: 'fields'; readonly names: readonly string[] };

export type SelectedVariant = {
  readonly names: readonly string[];
  readonly values: readonly (string | null)[];
  readonly contentEncoding: string | null;
  readonly contentLanguage: string | null;
};

/** A `Vary` with more names counts as `*`. */
export const mostNames = 64;

/** Reads all lines of `Vary`. */
export function parseVary(fields: Fields): Vary {
  const names = new Set<string>();
  for (const line of fieldLines(fields, 'vary')) {
    for (const name of parseList(line)) names.add(name.toLowerCase());
  }
  if (names.has('*') || names.size > mostNames) return { kind: 'any' };
  return names.size === 0 ? nothing : { kind: 'fields', names: [...names].sort() };
}

const nothing: Vary = { kind: 'fields', names: [] };

/** The request's normalised value for each name; null without such a field. */
export const selectingValues = (names: readonly string[], requestFields: Fields): (string | null)[] =>
  names.map((name) => {
    const value = combinedValue(requestFields, name);
    return value === undefined ? null : normaliseSelecting(name, value);
  });

/** The values that later requests are matched with; undefined for `Vary: *`. */
export function selectedVariant(requestFields: Fields, responseFields: Fields): SelectedVariant | undefined {
  const vary = parseVary(responseFields);
  if (vary.kind === 'any') return undefined;
  return {
    names: vary.names,
    values: selectingValues(vary.names, requestFields),
    contentEncoding: combinedValue(responseFields, 'content-encoding')?.toLowerCase() ?? null,
    contentLanguage: combinedValue(responseFields, 'content-language')?.toLowerCase() ?? null,
  };
}

/** Whether a stored response selected by `stored` may be used for a request with these fields. */
export function matchesVariant(stored: SelectedVariant, requestFields: Fields): boolean {
  for (let at = 0; at < stored.names.length; at += 1) {
    const name = stored.names[at] ?? '';
    const value = combinedValue(requestFields, name);
    const then = stored.values[at] ?? null;
    if (value === undefined ? then === null : then === normaliseSelecting(name, value)) continue;
    if (!choiceMatches(stored, { name, then, now: value })) return false;
  }
  return true;
}

/** One spelling for values of a selecting field with the same meaning (RFC 9111 §4.1). */
function normaliseSelecting(name: string, value: string): string {
  if (name === 'accept-encoding') return normaliseEncodings(value);
  if (name === 'accept-language') return normaliseLanguages(value);
  return normaliseSpace(value);
}

function choiceMatches(
  stored: SelectedVariant,
  { name, then, now }: { name: string; then: string | null; now: string | undefined },
): boolean {
  if (name === 'accept-encoding') {
    return encodingMatches(stored.contentEncoding ?? 'identity', { accepted: then, wanted: now });
  }
  return (
    name === 'accept-language' &&
    stored.contentLanguage !== null &&
    now !== undefined &&
    languageMatches(stored.contentLanguage, now)
  );
}

// Quoted strings stay unchanged.
const normaliseSpace = (value: string): string =>
  parseList(value)
    .map((member) => (member.includes('"') ? member : member.replace(/[ \t]+/g, ' ')))
    .join(',');
