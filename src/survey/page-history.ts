/**
 * What a record shows of each page: between two looks at it by the same person, did its body change, and what was written
 * meanwhile?
 */

import { cacheMethods } from '../http/field-name.ts';
import type { EpochMs } from '../kit/time.ts';
import type { CookieRoles } from './cookie-roles.ts';
import { splitTarget } from '../http/path-spelling.ts';
import type { PatternOf } from './path-templates.ts';
import type { Seen, TrafficRecord } from './traffic-record.ts';

/** An exchange of a record that shows bodies. */
export type Exchange = TrafficRecord & { readonly seen: Seen };

/** Writes that the rules can tell from others: `POST /api/prefs json:/theme`. */
export type WriteKind = {
  readonly method: string;
  readonly pattern: string;
  /** The names in the body; absent: there was none, or nobody could read it. */
  readonly names: readonly string[] | undefined;
};

export type Interval = {
  /** Of the page: `/files/:id`. */
  readonly pattern: string;
  /** The names of its parameters, sorted: `page,sort`. */
  readonly parameters: string;
  readonly isChanged: boolean;
  readonly seconds: number;
  /** Kinds of writes between the two looks, by `nameOfKind`: the reader's own and those of others. */
  readonly own: ReadonlySet<string>;
  readonly others: ReadonlySet<string>;
};

export type History = {
  readonly kinds: ReadonlyMap<string, WriteKind>;
  /** How often each kind of write was seen. */
  readonly counts: ReadonlyMap<string, number>;
  readonly intervals: readonly Interval[];
};

/** The name of a kind. */
export const nameOfKind = ({ method, pattern, names }: WriteKind): string =>
  [method, pattern, ...(names === undefined ? [] : [names.join(',')])].join(' ');

/** Whether the exchange only reads, by its method. */
export const isRead = ({ method }: Pick<TrafficRecord, 'method'>): boolean =>
  method === 'GET' || method === 'HEAD';

/** Whether it may change something, by its method; shelflife itself answers `cacheMethods`. */
export const isWrite = ({ method }: Pick<TrafficRecord, 'method'>): boolean =>
  !isRead({ method }) && method !== 'OPTIONS' && /^[A-Z]+$/.test(method) && !cacheMethods.has(method);

/** Whose copy it is: all that the key would have of a person. */
export const partitionOf = ({ seen }: Exchange, { credentials }: Pick<CookieRoles, 'credentials'>): string =>
  JSON.stringify([seen.authorization, ...credentials.map((name) => seen.cookies[name])]);

/** Who it is: the same person with another session has the same name. */
export function personOf(exchange: Exchange, roles: CookieRoles): string {
  const claim = roles.flask?.userClaim;
  return (
    (claim === undefined ? undefined : exchange.seen.flask?.claims[claim]) ?? partitionOf(exchange, roles)
  );
}

/** The history of all pages; `exchanges` in the order of time. */
export function pageHistory(
  exchanges: readonly Exchange[],
  { roles, patternOf }: { readonly roles: CookieRoles; readonly patternOf: PatternOf },
): History {
  const kinds = new Map<string, WriteKind>();
  const writes = new WriteTimes();
  for (const exchange of exchanges) {
    if (!isWrite(exchange) || isRefused(exchange)) continue;
    const { method, target, at, seen } = exchange;
    const kind = { method, pattern: patternOf(target), names: seen.names };
    kinds.set(nameOfKind(kind), kind);
    writes.add(nameOfKind(kind), personOf(exchange, roles), at);
  }
  const last = new Map<string, { readonly at: EpochMs; readonly state: string }>();
  const intervals: Interval[] = [];
  for (const exchange of exchanges) {
    const { method, target, at, status } = exchange;
    if (method !== 'GET' || status === 304 || status >= 500) continue;
    const key = JSON.stringify([partitionOf(exchange, roles), pageOf(exchange, roles)]);
    const state = stateOf(exchange);
    const before = last.get(key);
    last.set(key, { at, state });
    if (before === undefined) continue;
    intervals.push({
      pattern: patternOf(target),
      parameters: parametersOf(target),
      isChanged: before.state !== state,
      seconds: (at - before.at) / 1000,
      ...writes.between(before.at, at, personOf(exchange, roles)),
    });
  }
  return { kinds, counts: writes.counts(), intervals };
}

/** Which page it is, whoever asks: all but the identity that tells two apart. */
export const pageOf = ({ target, seen }: Exchange, { choices }: Pick<CookieRoles, 'choices'>) =>
  [target, seen.encoding, seen.fields, choices.map((name) => seen.cookies[name])] as const;

/** What was given: the same for the same status and body. */
export const stateOf = ({ status, seen }: Exchange): string => `${status} ${seen.body}`;

/** The query's parameters. */
export const queryOf = (target: string): URLSearchParams => new URLSearchParams(splitTarget(target).query);

/** Names that rules cannot have in a condition are left out. */
const parametersOf = (target: string): string =>
  [...new Set(queryOf(target).keys())]
    .filter((name) => /^[^&=#\s,]+$/.test(name))
    .sort()
    .join(',');

/** A refused write changed nothing. */
const isRefused = ({ status }: TrafficRecord): boolean => status >= 400 && status < 500;

type KindTimes = { readonly all: EpochMs[]; readonly byPerson: Map<string, EpochMs[]> };

/** When each person wrote what; added in the order of time. */
class WriteTimes {
  readonly #byKind = new Map<string, KindTimes>();

  add(kind: string, person: string, at: EpochMs): void {
    const { all, byPerson } = this.#byKind.get(kind) ?? { all: [], byPerson: new Map<string, EpochMs[]>() };
    this.#byKind.set(kind, { all, byPerson });
    const times = byPerson.get(person) ?? [];
    byPerson.set(person, times);
    all.push(at);
    times.push(at);
  }

  counts(): Map<string, number> {
    return new Map([...this.#byKind].map(([kind, { all }]) => [kind, all.length]));
  }

  /** What happened at the instant of a look may have come before or after it, so both ends count. */
  between(from: EpochMs, to: EpochMs, reader: string): Pick<Interval, 'own' | 'others'> {
    const own = new Set<string>();
    const others = new Set<string>();
    for (const [kind, { all, byPerson }] of this.#byKind) {
      const everybodys = countBetween(all, from, to);
      if (everybodys === 0) continue;
      const readers = countBetween(byPerson.get(reader) ?? [], from, to);
      if (readers > 0) own.add(kind);
      if (everybodys > readers) others.add(kind);
    }
    return { own, others };
  }
}

const countBetween = (times: readonly EpochMs[], from: EpochMs, to: EpochMs): number =>
  countBefore(times, to + 1) - countBefore(times, from);

function countBefore(times: readonly EpochMs[], instant: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}
