/** How long a response stays fresh and how old it is (RFC 9111 §4.2), in the RFC's words. A doubt makes it shorter. */
import { between, type EpochMs, seconds, type Seconds } from '../kit/time.ts';
import type { ResponseDirectives } from './cache-control.ts';
import { parseDeltaSeconds } from './directives.ts';
import { combinedValue, hasField, parseList } from './fields.ts';
import { formatHttpDate, parseHttpDate } from './http-date.ts';
import type { Fields, ResponseHead } from './message.ts';

/** All but the last two are explicit. */
export type FreshnessSource = 'targeted' | 's-maxage' | 'max-age' | 'expires' | 'heuristic' | 'none';

export type Freshness = { readonly lifetime: Seconds; readonly source: FreshnessSource };

export type ExchangeTimes = { readonly requestTime: EpochMs; readonly responseTime: EpochMs };

/** RFC 9111 §4.2.2 proposes a tenth of the time since `Last-Modified`; this is its upper bound. */
export const longestHeuristic: Seconds = seconds(24 * 60 * 60);

/** Statuses "defined as cacheable by default" (RFC 9110 §15.1). A 206 is stored as a part only. */
export const cacheableByDefault: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
]);

/** The response's `freshness_lifetime` for a shared cache, and where it comes from. */
export const freshnessLifetime = (
  response: ResponseHead,
  { directives, responseTime }: { directives: ResponseDirectives; responseTime: EpochMs },
): Freshness =>
  explicitLifetime(response.fields, { directives, responseTime }) ??
  heuristicLifetime(response, { directives, responseTime });

/** Whether the origin gave the lifetime. */
export const isExplicit = ({ source }: Freshness): boolean => source !== 'heuristic' && source !== 'none';

/** `corrected_initial_age` (RFC 9111 §4.2.3): the age on receipt, including the time of the call. */
export function correctedInitialAge(fields: Fields, { requestTime, responseTime }: ExchangeTimes): Seconds {
  const ageValue = parseAge(fields) ?? 0;
  const dateValue = dateOrReceipt(fields, responseTime);
  // Date has whole seconds, so the fraction since then says nothing about the age.
  const apparentAge = Math.max(0, Math.floor(between(dateValue, responseTime)));
  const responseDelay = Math.max(0, between(requestTime, responseTime));
  const correctedAgeValue = ageValue + responseDelay;
  return seconds(Math.max(apparentAge, correctedAgeValue));
}

/** `current_age` (RFC 9111 §4.2.3); at least the initial age if the clock jumps back. */
export function currentAge(
  { initialAge, responseTime }: { readonly initialAge: Seconds; readonly responseTime: EpochMs },
  now: EpochMs,
): Seconds {
  const residentTime = Math.max(0, between(responseTime, now));
  return seconds(initialAge + residentTime);
}

/** The value of `Age` (RFC 9111 §5.1). Deviation: only the parameters after an integer are dropped, not the value. */
export function parseAge(fields: Fields): Seconds | undefined {
  const first = parseList(combinedValue(fields, 'age') ?? '')[0];
  if (first === undefined) return undefined;
  const [integer = ''] = first.split(';', 1);
  return parseDeltaSeconds(integer.trimEnd());
}

/** `date_value`: `Date`, or the time of receipt if it is missing or invalid (RFC 9110 §6.6.1). */
export const dateOrReceipt = (fields: Fields, responseTime: EpochMs): EpochMs =>
  parseHttpDate(combinedValue(fields, 'date') ?? '', responseTime) ?? responseTime;

/** The fields with a `Date` (RFC 9110 §6.6.1: a recipient with a clock adds the time of receipt). */
export const withDate = (fields: Fields, responseTime: EpochMs): Fields =>
  hasField(fields, 'date') ? fields : [...fields, 'Date', formatHttpDate(responseTime)];

// RFC 9111 §4.2.1; a targeted field replaces `Expires` too (RFC 9213 §2.2).
function explicitLifetime(
  fields: Fields,
  { directives, responseTime }: { directives: ResponseDirectives; responseTime: EpochMs },
): Freshness | undefined {
  const { sMaxage, maxAge, targetedBy } = directives;
  if (targetedBy !== undefined) {
    const lifetime = sMaxage ?? maxAge;
    return lifetime === undefined ? undefined : { lifetime, source: 'targeted' };
  }
  if (sMaxage !== undefined) return { lifetime: sMaxage, source: 's-maxage' };
  if (maxAge !== undefined) return { lifetime: maxAge, source: 'max-age' };
  const expires = combinedValue(fields, 'expires');
  if (expires === undefined) return undefined;
  return { lifetime: expiresLifetime(expires, fields, responseTime), source: 'expires' };
}

// RFC 9111 §5.3: an invalid date, such as '0' or several joined values, is in the past.
function expiresLifetime(expires: string, fields: Fields, responseTime: EpochMs): Seconds {
  const expiresValue = parseHttpDate(expires, responseTime);
  if (expiresValue === undefined) return seconds(0);
  return seconds(Math.max(0, between(dateOrReceipt(fields, responseTime), expiresValue)));
}

// RFC 9111 §4.2.2: only for a status cacheable by default, or with `public`.
function heuristicLifetime(
  { status, fields }: ResponseHead,
  { directives, responseTime }: { directives: ResponseDirectives; responseTime: EpochMs },
): Freshness {
  const mayGuess = cacheableByDefault.has(status) || directives.public;
  const lastModified = mayGuess
    ? parseHttpDate(combinedValue(fields, 'last-modified') ?? '', responseTime)
    : undefined;
  if (lastModified === undefined) return { lifetime: seconds(0), source: 'none' };
  const unchangedFor = Math.max(0, between(lastModified, dateOrReceipt(fields, responseTime)));
  return { lifetime: seconds(Math.min(unchangedFor / 10, longestHeuristic)), source: 'heuristic' };
}
