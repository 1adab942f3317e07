/**
 * Reads the lifetimes that RFC 9213 does not define: `Surrogate-Control` (Edge Architecture 1.0) and nginx's
 * `X-Accel-Expires`, as directives of `Cache-Control`.
 *
 * Promises: nothing throws. What cannot be read forbids storing. `private` in `Cache-Control` still binds: an app that
 * writes both means one user.
 */
import { type Directive, listedNames, parseDeltaSeconds, parseDirectives } from './directives.ts';
import { combinedValue, fieldLines } from './fields.ts';
import { parseHttpDate } from './http-date.ts';
import type { Fields } from './message.ts';
import { epochMs } from '../kit/time.ts';

/** The directives of `Surrogate-Control`; undefined without one that concerns storing, such as `content="ESI/1.0"` alone. */
export function surrogateDirectives(fields: Fields): Directive[] | undefined {
  if (fieldLines(fields, 'surrogate-control').every((line) => line.trim() === '')) return undefined;
  const directives = parseDirectives(fields, 'surrogate-control').map(withoutExtension);
  return directives.some(({ name }) => concernsStoring.has(name))
    ? [...directives, ...unqualifiedPrivate(fields)]
    : undefined;
}

/** The directives that `X-Accel-Expires` stands for: seconds, `0` for not at all, `@` with seconds since 1970. */
export function accelDirectives(fields: Fields): Directive[] | undefined {
  const value = combinedValue(fields, 'x-accel-expires');
  if (value === undefined || value === '') return undefined;
  const lifetime = value.startsWith('@')
    ? secondsUntil(value.slice(1), fields)
    : Number(parseDeltaSeconds(value) ?? 0);
  const directive: Directive =
    lifetime > 0
      ? { name: 'max-age', argument: String(lifetime), form: 'token' }
      : { name: 'no-store', argument: '', form: 'none' };
  return [directive, ...unqualifiedPrivate(fields)];
}

const concernsStoring: ReadonlySet<string> = new Set([
  'max-age',
  's-maxage',
  'no-store',
  'no-cache',
  'private',
  'stale-while-revalidate',
  'stale-if-error',
]);

/** `max-age=300+60`: 300 seconds, and 60 more for a surrogate that cannot ask; those are not taken up. */
const withoutExtension = (directive: Directive): Directive =>
  directive.name === 'max-age'
    ? { ...directive, argument: directive.argument.replace(/^(\d+)\+\d+$/, '$1') }
    : directive;

// Counted from Date: without one nobody can tell when it was said.
function secondsUntil(epoch: string, fields: Fields): number {
  const until = parseDeltaSeconds(epoch);
  const date = parseHttpDate(combinedValue(fields, 'date') ?? '', epochMs(0));
  return until === undefined || date === undefined ? 0 : Math.floor(until - date / 1000);
}

const unqualifiedPrivate = (fields: Fields): Directive[] =>
  parseDirectives(fields, 'cache-control').filter(
    (directive) => directive.name === 'private' && listedNames(directive) === undefined,
  );
