/**
 * Reads what `Cache-Control`, `Pragma` and the targeted fields ask of a cache. In doubt less is stored, and for less time.
 */
import { type Dictionary, parseDictionary } from 'structured-headers';
import { seconds, type Seconds } from '../kit/time.ts';
import { deltaSeconds, type Directive, listedNames, longestTime, parseDirectives } from './directives.ts';
import { fieldLines, hasField } from './fields.ts';
import type { Fields } from './message.ts';
import type { LifetimeField } from './app-fields.ts';
import { accelDirectives, surrogateDirectives } from './surrogate-control.ts';

/** Response directives (RFC 9111 §5.2.2, RFC 5861, RFC 8246). An unreadable limit is 0. */
export type ResponseDirectives = {
  /** The targeted field that replaced `Cache-Control` and `Expires` (RFC 9213 §2.2). */
  readonly targetedBy: LifetimeField | undefined;
  readonly noStore: boolean;
  readonly noCache: boolean;
  /** Fields named by `no-cache="…"`, lower-case: not stored, so that the rest may be reused (§5.2.2.4). */
  readonly noCacheFields: readonly string[];
  readonly private: boolean;
  /** Fields named by `private="…"`, lower-case: not stored in a shared cache (§5.2.2.7). */
  readonly privateFields: readonly string[];
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly immutable: boolean;
  readonly maxAge: Seconds | undefined;
  readonly sMaxage: Seconds | undefined;
  readonly staleWhileRevalidate: Seconds | undefined;
  readonly staleIfError: Seconds | undefined;
};

/** Request directives (RFC 9111 §5.2.1, RFC 5861 §4). */
export type RequestDirectives = {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly noTransform: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: Seconds | undefined;
  readonly minFresh: Seconds | undefined;
  /** `longestTime` for `max-stale` without a value: however stale, it is accepted. */
  readonly maxStale: Seconds | undefined;
  readonly staleIfError: Seconds | undefined;
};

/** A response without directives; also what a rule with `cache_control: override` sees. */
export const noResponseDirectives: ResponseDirectives = Object.freeze({
  targetedBy: undefined,
  noStore: false,
  noCache: false,
  noCacheFields: [],
  private: false,
  privateFields: [],
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  noTransform: false,
  immutable: false,
  maxAge: undefined,
  sMaxage: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
});

/** A request without directives; also what a rule with `client_reload: ignore` sees. */
export const noRequestDirectives: RequestDirectives = Object.freeze({
  noStore: false,
  noCache: false,
  noTransform: false,
  onlyIfCached: false,
  maxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
  staleIfError: undefined,
});

export const targetedNames = ['shelflife-cache-control', 'cdn-cache-control'] as const;

/** The response directives of all `Cache-Control` lines. */
export const parseResponseDirectives = (fields: Fields): ResponseDirectives =>
  hasField(fields, 'cache-control')
    ? responseDirectives(parseDirectives(fields, 'cache-control'), undefined)
    : noResponseDirectives;

/** The request directives of `Cache-Control`, or of `Pragma` without it. */
export function parseRequestDirectives(fields: Fields): RequestDirectives {
  if (!hasField(fields, 'cache-control')) return pragmaDirectives(fields);
  const directives = parseDirectives(fields, 'cache-control');
  const has = (name: string): boolean => directives.some((directive) => directive.name === name);
  return {
    noStore: has('no-store'),
    noCache: has('no-cache'),
    noTransform: has('no-transform'),
    onlyIfCached: has('only-if-cached'),
    maxAge: shortest(directives, 'max-age'),
    minFresh: longestGiven(directives, 'min-fresh'),
    maxStale: maxStale(directives),
    staleIfError: shortestValid(directives, 'stale-if-error'),
  };
}

/**
 * The directives that apply to this cache: those of the first valid, non-empty targeted field in `names`, else those of
 * `Cache-Control` (RFC 9213 §2.1, §2.2). A known directive of the wrong type makes a targeted field invalid.
 */
export function effectiveDirectives(
  fields: Fields,
  names: readonly LifetimeField[] = targetedNames,
): ResponseDirectives {
  for (const name of names) {
    const targeted = hasField(fields, name) ? directivesIn(fields, name) : undefined;
    if (targeted !== undefined) return responseDirectives(targeted, name);
  }
  return parseResponseDirectives(fields);
}

function directivesIn(fields: Fields, name: LifetimeField): Directive[] | undefined {
  if (name === 'surrogate-control') return surrogateDirectives(fields);
  if (name === 'x-accel-expires') return accelDirectives(fields);
  // An empty line would leave a stray comma in the joined value and make it invalid.
  const lines = fieldLines(fields, name).filter((line) => line.trim() !== '');
  return lines.length === 0 ? undefined : targetedDirectives(lines.join(', '));
}

function responseDirectives(
  directives: readonly Directive[],
  targetedBy: LifetimeField | undefined,
): ResponseDirectives {
  const has = (name: string): boolean => isAmong(directives, name);
  const noCache = qualified(directives, 'no-cache');
  const forOneUser = qualified(directives, 'private');
  return {
    targetedBy,
    noStore: has('no-store'),
    noCache: noCache.whole,
    noCacheFields: noCache.names,
    private: forOneUser.whole,
    privateFields: forOneUser.names,
    public: has('public'),
    mustRevalidate: has('must-revalidate'),
    proxyRevalidate: has('proxy-revalidate'),
    mustUnderstand: has('must-understand'),
    noTransform: has('no-transform'),
    immutable: has('immutable'),
    maxAge: shortest(directives, 'max-age'),
    sMaxage: shortest(directives, 's-maxage'),
    staleWhileRevalidate: shortestValid(directives, 'stale-while-revalidate'),
    staleIfError: shortestValid(directives, 'stale-if-error'),
  };
}

const isAmong = (directives: readonly Directive[], name: string): boolean =>
  directives.some((directive) => directive.name === name);

// RFC 9111 §5.4: without `Cache-Control`, `Pragma: no-cache` in a request counts as `Cache-Control: no-cache`.
function pragmaDirectives(fields: Fields): RequestDirectives {
  if (!hasField(fields, 'pragma')) return noRequestDirectives;
  const isNoCache = parseDirectives(fields, 'pragma').some(({ name }) => name === 'no-cache');
  return isNoCache ? pragmaNoCache : noRequestDirectives;
}

const pragmaNoCache: RequestDirectives = Object.freeze({ ...noRequestDirectives, noCache: true });

// RFC 9111 §4.2.1: of several values the shortest counts, and an invalid one makes the response stale.
function shortest(directives: readonly Directive[], name: string): Seconds | undefined {
  if (!isAmong(directives, name)) return undefined;
  const given = directives.filter((directive) => directive.name === name);
  return least(given.map((directive) => deltaSeconds(directive) ?? seconds(0)));
}

// Not Math.min(...values): a field may have more members than a call may have arguments.
const least = (values: readonly Seconds[]): Seconds => values.reduce((a, b) => (a < b ? a : b), longestTime);

// A window for stale use is a permission: an unreadable one grants nothing.
function shortestValid(directives: readonly Directive[], name: string): Seconds | undefined {
  if (!isAmong(directives, name)) return undefined;
  const given = directives.filter((directive) => directive.name === name).map(deltaSeconds);
  return given.includes(undefined) ? undefined : least(given.map((value) => value ?? seconds(0)));
}

function longestGiven(directives: readonly Directive[], name: string): Seconds | undefined {
  const given = directives.filter((directive) => directive.name === name);
  if (given.length === 0) return undefined;
  return given.map((directive) => deltaSeconds(directive) ?? longestTime).reduce((a, b) => (a > b ? a : b));
}

// RFC 9111 §5.2.1.2: "If no value is assigned to max-stale, then the client will accept a stale response of any age."
function maxStale(directives: readonly Directive[]): Seconds | undefined {
  const given = directives.filter(({ name }) => name === 'max-stale');
  if (given.length === 0) return undefined;
  const limits = given.map((directive) =>
    directive.form === 'none' ? longestTime : (deltaSeconds(directive) ?? seconds(0)),
  );
  return least(limits);
}

// Without a valid list of names a directive is unqualified, which overrides a qualified one (§5.2.2.4, §5.2.2.7).
function qualified(directives: readonly Directive[], name: string): Qualified {
  if (!isAmong(directives, name)) return notGiven;
  const lists = directives.filter((directive) => directive.name === name).map(listedNames);
  return { whole: lists.includes(undefined), names: [...new Set(lists.flatMap((list) => list ?? []))] };
}

type Qualified = { readonly whole: boolean; readonly names: readonly string[] };
const notGiven: Qualified = { whole: false, names: [] };

const secondsDirectives: ReadonlySet<string> = new Set([
  'max-age',
  's-maxage',
  'stale-while-revalidate',
  'stale-if-error',
]);
const listDirectives: ReadonlySet<string> = new Set(['no-cache', 'private']);
const flagDirectives: ReadonlySet<string> = new Set([
  'no-store',
  'public',
  'must-revalidate',
  'proxy-revalidate',
  'must-understand',
  'no-transform',
  'immutable',
]);

function targetedDirectives(value: string): Directive[] | undefined {
  const dictionary = dictionaryOf(value);
  if (dictionary === undefined || dictionary.size === 0 || hasDecimalSeconds(value)) return undefined;
  const directives: Directive[] = [];
  for (const [name, [argument]] of dictionary) {
    const directive = targetedDirective(name, argument);
    if (directive === undefined) return undefined;
    if (directive !== 'absent') directives.push(directive);
  }
  return directives;
}

// The parser reads 3600.0 as 3600, but a Decimal is not an Integer. The strings in `value` are closed: it has been parsed.
const hasDecimalSeconds = (value: string): boolean =>
  /(?:^|[, \t])(?:max-age|s-maxage|stale-while-revalidate|stale-if-error)=-?\d+\./.test(
    value.replace(/"(?:[^"\\]|\\.)*"/g, '""'),
  );

function dictionaryOf(value: string): Dictionary | undefined {
  try {
    return parseDictionary(value);
  } catch {
    // Not a Dictionary: RFC 9213 §2.1 says to ignore the field.
    return undefined;
  }
}

function targetedDirective(name: string, argument: unknown): Directive | 'absent' | undefined {
  if (argument === false && (flagDirectives.has(name) || listDirectives.has(name))) return 'absent';
  if (secondsDirectives.has(name)) {
    const isWhole = typeof argument === 'number' && Number.isInteger(argument);
    return isWhole ? { name, argument: String(argument), form: 'token' } : undefined;
  }
  if (listDirectives.has(name) && typeof argument === 'string') return { name, argument, form: 'quoted' };
  if (flagDirectives.has(name) || listDirectives.has(name)) {
    return argument === true ? { name, argument: '', form: 'none' } : undefined;
  }
  return { name, argument: '', form: 'none' };
}
