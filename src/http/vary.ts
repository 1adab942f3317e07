/**
 * Which requests a stored response was selected for (RFC 9111 §4.1).
 *
 * Promises: `*` never matches; a field that was missing matches only where it is missing again; two requests are taken
 * for the same only where their selecting fields mean the same, or where the stored response itself shows that it is
 * what the new request prefers.
 */
import { encodingMatches, languageMatches, normaliseEncodings, normaliseLanguages } from './preferences.ts';
import { combinedValue, fieldLines, parseList } from './fields.ts';
import type { Fields } from './message.ts';

/** `any`: a `*` is among the names. Names are lower-case, sorted, without repetition; none when there is no `Vary`. */
export type Vary = { readonly kind: 'any' } | { readonly kind: 'fields'; readonly names: readonly string[] };

/** What is kept of the request a variant answered, and of the response's own choice. Plain data: stored with it. */
export type SelectedVariant = {
  readonly names: readonly string[];
  /** Normalised values, one for each name; null for a field the request did not have. */
  readonly values: readonly (string | null)[];
  readonly contentEncoding: string | null;
  readonly contentLanguage: string | null;
};

/** A `Vary` that names more fields than this is taken for `*`. */
export const mostNames = 64;

/** What `Vary` says, all its lines together. */
export const parseVary = (fields: Fields): Vary => {
  const names = new Set<string>();
  for (const line of fieldLines(fields, 'vary')) {
    for (const name of parseList(line)) names.add(name.toLowerCase());
  }
  if (names.has('*') || names.size > mostNames) return { kind: 'any' };
  return names.size === 0 ? nothing : { kind: 'fields', names: [...names].sort() };
};

const nothing: Vary = { kind: 'fields', names: [] };

/** The request's normalised value for each of the names; null where the request has no such field. */
export const selectingValues = (names: readonly string[], requestFields: Fields): (string | null)[] =>
  names.map((name) => {
    const value = combinedValue(requestFields, name);
    return value === undefined ? null : normaliseSelecting(name, value);
  });

/** What to keep of an exchange so that later requests can be matched; undefined when `Vary` has a `*`. */
export const selectedVariant = (
  requestFields: Fields,
  responseFields: Fields,
): SelectedVariant | undefined => {
  const vary = parseVary(responseFields);
  if (vary.kind === 'any') return undefined;
  return {
    names: vary.names,
    values: selectingValues(vary.names, requestFields),
    contentEncoding: combinedValue(responseFields, 'content-encoding')?.toLowerCase() ?? null,
    contentLanguage: combinedValue(responseFields, 'content-language')?.toLowerCase() ?? null,
  };
};

/** Whether a stored response selected by `stored` may be used for a request with these fields. */
export const matchesVariant = (stored: SelectedVariant, requestFields: Fields): boolean => {
  for (let at = 0; at < stored.names.length; at += 1) {
    const name = stored.names[at] ?? '';
    const value = combinedValue(requestFields, name);
    const then = stored.values[at] ?? null;
    if (value === undefined ? then === null : then === normaliseSelecting(name, value)) continue;
    if (!choiceMatches(stored, { name, then, now: value })) return false;
  }
  return true;
};

/**
 * One spelling for the values of a selecting field that mean the same (RFC 9111 §4.1: whitespace, combined lines, and
 * "normalizing both header field values in a way that is known to have identical semantics").
 */
export const normaliseSelecting = (name: string, value: string): string => {
  if (name === 'accept-encoding') return normaliseEncodings(value);
  if (name === 'accept-language') return normaliseLanguages(value);
  return normaliseSpace(value);
};

// Where the fields differ, the response may still show what was chosen, and that the new request prefers it too.
const choiceMatches = (
  stored: SelectedVariant,
  { name, then, now }: { name: string; then: string | null; now: string | undefined },
): boolean => {
  if (name === 'accept-encoding') {
    return encodingMatches(stored.contentEncoding ?? 'identity', { accepted: then, wanted: now });
  }
  return (
    name === 'accept-language' &&
    stored.contentLanguage !== null &&
    now !== undefined &&
    languageMatches(stored.contentLanguage, now)
  );
};

// Whitespace around commas goes, other runs of it become one space; quoted strings stay as they are.
const normaliseSpace = (value: string): string =>
  parseList(value)
    .map((member) => (member.includes('"') ? member : member.replace(/[ \t]+/g, ' ')))
    .join(',');
