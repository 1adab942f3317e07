/** What a client prefers among codings and languages (RFC 9110 §12.5.3, §12.5.4), and whether a response is its choice. */
import { parseList } from './fields.ts';

/** The weight is in thousandths; 0: not acceptable. */
type Preference = { readonly name: string; readonly weight: number };

/**
 * `Accept-Encoding` in one spelling: names by preference, weights as ranks: `br,gzip;1,*;x`, where `x` is "not acceptable".
 */
export const normaliseEncodings = (value: string): string => ranked(parsePreferences(value, encodingName));

/** `Accept-Language` in one spelling, as `normaliseEncodings`. */
export const normaliseLanguages = (value: string): string => ranked(parsePreferences(value, lowerCase));

/** Whether a response in `coding`, chosen from `accepted`, suits `wanted`: from fewer options it would be chosen again. */
export function encodingMatches(
  coding: string,
  { accepted, wanted }: { accepted: string | null; wanted: string | undefined },
): boolean {
  const chosen = encodingName(coding);
  const wants = acceptable(wanted ?? '', encodingName);
  const offered = new Set(acceptable(accepted ?? '', encodingName).map(({ name }) => name));
  const refusesIdentity = /(?:identity|\*)\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)/i.test(wanted ?? '');
  if (wants.some(({ name }) => name !== 'identity' && !offered.has(name))) return false;
  if (chosen === 'identity') return !refusesIdentity;
  const best = greatestWeight(wants);
  return wants.some(({ name, weight }) => name === chosen && weight === best);
}

/** Whether the response has the one language the request prefers, or a narrower one (RFC 4647 §3.3.1). */
export function languageMatches(contentLanguage: string, wanted: string): boolean {
  const wants = acceptable(wanted, lowerCase);
  const best = greatestWeight(wants);
  const favourites = wants.filter(({ weight }) => weight === best);
  const range = favourites[0]?.name;
  if (favourites.length !== 1 || range === undefined || contentLanguage.includes(',')) return false;
  return contentLanguage === range || contentLanguage.startsWith(`${range}-`);
}

const greatestWeight = (wants: readonly Preference[]): number =>
  wants.reduce((best, { weight }) => Math.max(best, weight), 0);

const lowerCase = (name: string): string => name.toLowerCase();

// RFC 9110 §8.4.1.3, §8.4.1.1.
function encodingName(name: string): string {
  const lower = name.toLowerCase();
  return lower === 'x-gzip' || lower === 'x-compress' ? lower.slice(2) : lower;
}

function parsePreferences(value: string, nameOf: (name: string) => string): Preference[] {
  const preferences = new Map<string, number>();
  for (const member of parseList(value)) {
    const [name = '', ...parameters] = member.split(';');
    const key = nameOf(name.trim());
    // The first of two equal names counts.
    if (key !== '' && !preferences.has(key)) preferences.set(key, weightOf(parameters));
  }
  return [...preferences].map(([name, weight]) => ({ name, weight }));
}

// RFC 9110 §12.4.2: a weight is 0 to 1 with up to three digits, by default 1. An invalid one is ignored.
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [, digits] = /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(parameter) ?? [];
    if (digits !== undefined) return Math.min(1000, Math.round(Number(digits) * 1000));
  }
  return 1000;
}

const acceptable = (value: string, nameOf: (name: string) => string): Preference[] =>
  parsePreferences(value, nameOf).filter(({ weight }) => weight > 0);

function ranked(preferences: readonly Preference[]): string {
  const weights = [...new Set(preferences.map(({ weight }) => weight))].sort((a, b) => b - a);
  return [...preferences]
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1))
    .map(({ name, weight }) => `${name}${suffix(weight, weights.indexOf(weight))}`)
    .join(',');
}

function suffix(weight: number, rank: number): string {
  if (weight === 0) return ';x';
  return rank === 0 ? '' : `;${rank}`;
}
