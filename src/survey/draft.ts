/**
 * Rules for what a survey has seen, each with the evidence that it rests on.
 *
 * Promises: a page is stored only where it was seen to stay the same between writes. It is everybody's only where people with
 * and without a session got the same. A write ends whatever it was not seen to leave alone. What was seen too seldom is left to
 * HTTP's own rules where the app says how long it is fresh, and passed otherwise.
 */

import { isToken } from '../http/field-name.ts';
import { type Cautious, loggedPage } from './cautious.ts';
import { type Cause, causesOf, type Causes } from './causes.ts';
import type { CookieRoles } from './cookie-roles.ts';
import { type IdleParameter, idleParameters } from './idle-parameters.ts';
import { type Exchange, type History, type Interval, nameOfKind, type WriteKind } from './page-history.ts';
import { mayTake } from './route-order.ts';
import { type SharedLooks, sharedLooks } from './shared-looks.ts';
import { isOdd, type PatternOf } from './path-templates.ts';

export type DraftType = {
  readonly name: string;
  readonly pattern: string;
  readonly requests: number;
  readonly scope: 'user' | 'public';
  /** In seconds. */
  readonly ttl: number;
  /** What the app says against storing it, where the bodies show that it may be stored. */
  readonly overrides: string | undefined;
  readonly vary: readonly string[];
  /** Parameters with which the page is another each time. */
  readonly volatile: readonly string[];
  readonly idle: readonly IdleParameter[];
  readonly causes: Causes;
  readonly shared: SharedLooks;
};

export type DraftWrite = {
  readonly kind: WriteKind;
  readonly count: number;
  /** Only bodies with this one name. */
  readonly only: string | undefined;
  /** Names of types: the writer's own copies, and everybody's. */
  readonly own: readonly string[] | 'all';
  readonly everybodys: readonly string[];
};

/** The page is another at most looks; most of its answers set a cookie; or HTTP would guess how long it may be kept. */
type PassedFor =
  'another page each time' | 'sets a cookie' | 'too few to say, and the app does not say how long';

export type Draft = {
  readonly roles: CookieRoles;
  readonly types: readonly DraftType[];
  readonly passed: readonly {
    readonly pattern: string;
    readonly requests: number;
    readonly why: PassedFor;
  }[];
  readonly seldom: readonly { readonly pattern: string; readonly requests: number }[];
  readonly writes: readonly DraftWrite[];
  /** GETs that log somebody in or out. */
  readonly acting: readonly string[];
  readonly people: number;
  /** What access logs add. */
  readonly cautious: Cautious;
  readonly exchanges: number;
};

export type DraftInput = {
  readonly exchanges: readonly Exchange[];
  readonly roles: CookieRoles;
  readonly patternOf: PatternOf;
  readonly history: History;
  readonly people: number;
};

/** Fewer looks at an unchanged page show nothing. */
const fewestLooks = 5;
/** A page that is another at this share of looks is not worth storing. */
const volatileShare = 0.5;
/** A write that was followed by so many unchanged looks, and no changed one, leaves the page alone; more where pages share a pattern. */
const fewestUnchanged = { one: 5, many: 20 };
/** A lifetime is as long as leaves, with 95 % confidence, at most this share of copies stale. */
const mostStale = 0.02;
const shortest = 30;
const longest = 7200;

/** Drafts the rules. */
export function draftRules({
  exchanges,
  roles,
  patternOf,
  history,
  people,
}: DraftInput): Omit<Draft, 'cautious' | 'exchanges'> {
  const reads = exchanges.filter(({ method }) => method === 'GET');
  const byPattern = Map.groupBy(reads, ({ target }) => patternOf(target));
  const intervals = Map.groupBy(history.intervals, ({ pattern }) => pattern);
  const types: DraftType[] = [];
  const passed: Draft['passed'][number][] = [];
  const seldom: Draft['seldom'][number][] = [];
  const names = new Set<string>();
  const acting = actingGets(reads, patternOf);
  // A rule for writes decides before any route.
  const isActing = (pattern: string): boolean => acting.some((wide) => mayTake(wide, pattern));
  for (const [pattern, asked] of [...byPattern].sort(([, one], [, other]) => other.length - one.length)) {
    const { volatile, steady } = splitByParameters(intervals.get(pattern) ?? []);
    const unchanged = steady.filter(({ isChanged }) => !isChanged).length;
    const requests = asked.length;
    const good = asked.filter(({ status }) => status === 200);
    if (steady.length >= fewestLooks && unchanged < steady.length * volatileShare)
      passed.push({ pattern, requests, why: 'another page each time' });
    else if (asked.filter((one) => setsCookie(one, roles)).length > requests * volatileShare)
      passed.push({ pattern, requests, why: 'sets a cookie' });
    else if (isOdd(pattern) || isActing(pattern)) seldom.push({ pattern, requests });
    else if (unchanged < fewestLooks || good.length < requests * volatileShare) {
      if (good.some(isGuessed))
        passed.push({ pattern, requests, why: 'too few to say, and the app does not say how long' });
      else seldom.push({ pattern, requests });
    } else
      types.push({
        name: newName(pattern, names),
        ...typeOf({ pattern, asked: good, steady, roles, volatile }),
      });
  }
  return {
    ...{ roles, types, passed, seldom, people },
    writes: writesOf(history, types),
    acting,
  };
}

/** Nothing in the answer says how long it is fresh: by HTTP's own rules, a tenth of the time since it was last modified. */
const isGuessed = ({ seen: { cacheControl } }: Exchange): boolean =>
  !/\b(?:s-maxage|max-age|no-store|no-cache)\b/i.test(cacheControl);

/** The same Flask session signed anew does not keep an answer from being stored. */
const setsCookie = ({ seen: { sets } }: Exchange, { flask }: CookieRoles): boolean =>
  Object.entries(sets).some(([name, set]) => set !== 'same' || name !== flask?.cookie);

/** The sets of parameters that make another page of each look, and the looks without them. */
function splitByParameters(intervals: readonly Interval[]): {
  readonly volatile: readonly string[];
  readonly steady: readonly Interval[];
} {
  const groups = [...Map.groupBy(intervals, ({ parameters }) => parameters)];
  const isVolatile = (group: readonly Interval[]): boolean =>
    group.length >= 3 && group.filter(({ isChanged }) => isChanged).length >= group.length * 0.9;
  const volatile = groups
    .filter(([names, group]) => names !== '' && isVolatile(group))
    .map(([names]) => names);
  return { volatile, steady: intervals.filter(({ parameters }) => !volatile.includes(parameters)) };
}

type Page = {
  readonly pattern: string;
  readonly asked: readonly Exchange[];
  readonly steady: readonly Interval[];
  readonly roles: CookieRoles;
  readonly volatile: readonly string[];
};

function typeOf({ pattern, asked, steady, roles, volatile }: Page): Omit<DraftType, 'name'> {
  const causes = causesOf(steady);
  const shared = sharedLooks(asked, roles);
  return {
    ...{ pattern, causes, shared, volatile },
    idle: idleParameters(asked, roles),
    requests: asked.length,
    scope: shared.isEverybodys ? 'public' : 'user',
    ttl: lifetimeOf(causes),
    overrides: asked
      .map(({ seen: { cacheControl } }) => cacheControl)
      .find((value) => /no-store|no-cache|private|max-age=0/i.test(value)),
    vary: variedFields(asked),
  };
}

/**
 * So long that, with 95 % confidence, no more than `mostStale` of the copies given differ from the page: changes of themselves
 * are taken for a Poisson process. Of k events in a time no more than about k + 3 + 2√k were to be expected; a copy given at a
 * random moment of its life is half of it old.
 */
export function lifetimeOf({ byItself, seconds }: Pick<Causes, 'byItself' | 'seconds'>): number {
  const mostChanges = byItself + 3 + 2 * Math.sqrt(byItself);
  const ttl = Math.floor((2 * mostStale * seconds) / mostChanges);
  return Math.min(longest, Math.max(shortest, ttl));
}

/** What the app says it varies by, and what it was asked with in several ways. */
function variedFields(asked: readonly Exchange[]): readonly string[] {
  const named = asked
    .flatMap(({ seen: { vary } }) => vary.toLowerCase().split(','))
    .map((name) => name.trim());
  const values = new Map<string, Set<string>>();
  for (const { seen } of asked)
    for (const [name, value] of Object.entries(seen.fields))
      values.set(name, (values.get(name) ?? new Set()).add(value));
  const several = [...values].filter(([, { size }]) => size > 1).map(([name]) => name);
  const all = new Set([...named, ...several]);
  for (const name of ['cookie', 'accept-encoding', 'authorization', 'origin']) all.delete(name);
  return [...all].filter((name) => name !== '*' && isToken(name)).sort();
}

/** `/api/files/:id` is `api_files_id`. */
function newName(pattern: string, taken: Set<string>): string {
  const words = pattern.toLowerCase().match(/[a-z\d]+/g) ?? ['start'];
  const whole = /^[a-z]/.test(words.join('')) ? words.join('_') : `page_${words.join('_')}`;
  const base = whole.slice(0, longestName);
  let name = base;
  for (let count = 2; taken.has(name) || reserved.has(name); count += 1) name = `${base}_${count}`;
  taken.add(name);
  return name;
}

const longestName = 56;
/** Names that mean something else: to the rules, to tags, or to YAML. */
const reserved = new Set([
  ...['standard', 'pass', 'settings', 'bookmarks', 'tags', loggedPage],
  ...['user', 'type', 'url', 'host', 'prefix'],
  ...['true', 'false', 'null'],
]);

function writesOf({ kinds, counts }: History, types: readonly DraftType[]): readonly DraftWrite[] {
  const byEndpoint = Map.groupBy(kinds.values(), ({ method, pattern }) => `${method} ${pattern}`);
  return [...byEndpoint.values()].flatMap((group) => {
    const writes = group.map((kind) => writeOf(kind, counts.get(nameOfKind(kind)) ?? 0, types));
    const harmless = writes.filter(isHarmlessAlone);
    const others = writes.filter((write) => !harmless.includes(write));
    return [
      ...harmless.map((write) => ({ ...write, only: write.kind.names?.[0] })),
      ...widest(others, harmless),
    ];
  });
}

/** Its body has one name, and it was seen to leave everything alone: others may come to the same place. */
const isHarmlessAlone = ({ kind: { names }, own, everybodys }: DraftWrite): boolean =>
  names?.length === 1 && own.length === 0 && everybodys.length === 0;

/** One rule for the rest of a place: as wide as the widest of them, and all where bodies tell them apart. */
function widest(writes: readonly DraftWrite[], harmless: readonly DraftWrite[]): readonly DraftWrite[] {
  const [first] = writes.length > 0 ? writes : harmless;
  if (first === undefined) return [];
  return [
    {
      ...first,
      only: undefined,
      count: writes.reduce((sum, { count }) => sum + count, 0),
      own: harmless.length > 0 || writes.length > 1 ? 'all' : first.own,
      everybodys: [...new Set(writes.flatMap(({ everybodys }) => everybodys))],
    },
  ];
}

function writeOf(kind: WriteKind, count: number, types: readonly DraftType[]): DraftWrite {
  const name = nameOfKind(kind);
  const personal = types.filter(({ scope }) => scope === 'user');
  const readersOwn = (type: DraftType): readonly Cause[] =>
    causesBy(type, name).filter(({ whose }) => whose === 'own');
  const own = personal.filter((type) => !leaveAlone(type, readersOwn(type))).map((type) => type.name);
  const everybodys = types.filter((type) => changesForOthers(type, name)).map((type) => type.name);
  return { kind, count, only: undefined, own: own.length > personal.length * 0.6 ? 'all' : own, everybodys };
}

/** Whether writes were seen often enough to leave the page alone; of none, they were not. */
function leaveAlone({ pattern }: DraftType, causes: readonly Cause[]): boolean {
  const fewest = pattern.includes(':') ? fewestUnchanged.many : fewestUnchanged.one;
  return sum(causes, 'changed') === 0 && sum(causes, 'unchanged') >= fewest;
}

const causesBy = ({ causes: { causes } }: DraftType, kind: string): readonly Cause[] =>
  causes.filter((one) => one.kind === kind);

/** Everybody's page is changed by whoever writes; another's page only where it was seen. */
function changesForOthers(type: DraftType, kind: string): boolean {
  const causes = causesBy(type, kind);
  if (type.scope === 'user') return causes.some(({ whose, changed }) => whose === 'others' && changed > 0);
  return !leaveAlone(type, causes);
}

const sum = (causes: readonly Cause[], of: 'changed' | 'unchanged'): number =>
  causes.reduce((total, cause) => total + cause[of], 0);

/** They redirect, and give or take a cookie. */
function actingGets(reads: readonly Exchange[], patternOf: PatternOf): readonly string[] {
  const acting = reads.filter(
    ({ status, seen }) =>
      status >= 300 && status < 400 && Object.values(seen.sets).some((set) => set !== 'same'),
  );
  return [...new Set(acting.map(({ target }) => patternOf(target)))].sort();
}
