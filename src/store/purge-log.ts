/**
 * The ordered log of purges. Decides whether a stored response is still current (DESIGN §4).
 *
 * Promises:
 * - A purge is one record, whatever it makes stale. Its position orders it against every fill.
 * - An entry is current if no matching purge is later than its `asOf`, and its `asOf` is not older than what the log
 *   remembers. So a fetch, refresh or 304 that was in flight during a purge cannot undo it.
 * - Memory is bounded: when the log forgets its oldest purges, entries from before them are no longer current.
 */

import { type Clock, type EpochMs, systemClock } from '../kit/time.ts';
import type { Tag } from '../policy/rules/tags.ts';
import { LogTimes } from './log-times.ts';

/** A place in one log. `own` counts this instance's unconfirmed purges: only this instance can read it. */
export type Position = {
  readonly log: string;
  readonly seq: number;
  readonly own?: { readonly log: string; readonly seq: number };
};

export type PurgeCause = 'write' | 'unmatched-write' | 'api' | 'group' | 'app' | 'reload';

export type Purge = {
  readonly tags: readonly Tag[];
  readonly prefixes: readonly UrlPrefix[];
  readonly everything: boolean;
  /** True: entries become stale, and may still be given where stale ones may. False: they are gone. */
  readonly soft: boolean;
  readonly cause: PurgeCause;
  /** Of a write: the name of its rule. */
  readonly rule?: string | undefined;
};

/** The start of a canonical path and query; with `host`, of that host only. */
export type UrlPrefix = { readonly host: string | undefined; readonly start: string };

export type PurgeSubject = {
  readonly asOf: Position;
  readonly tags: readonly Tag[];
  readonly host: string;
  readonly target: string;
};

/** Whether an entry may still be used: `stale` after a soft purge. */
export type Verdict =
  | { readonly kind: 'current' }
  | { readonly kind: 'stale'; readonly cause: PurgeCause }
  | {
      readonly kind: 'purged';
      /** Of the first purge that met it, of those that are remembered: the last of each tag. */
      readonly cause: PurgeCause | 'forgotten';
      readonly rule?: string | undefined;
    };

type Acknowledged = { readonly known: number; readonly acknowledged: number };

/** `workers`: of this instance, if it has several; one that ended instead counts as well. */
export type Receipt = { readonly instances: Acknowledged; readonly workers?: Acknowledged | undefined };

/** Hears of every purge of this instance once it holds here; `receipt` is what whoever appended it gets. */
export type OnAppended = (purge: Purge, receipt: Promise<Receipt>) => void;

export interface PurgeLog {
  position(): Position;
  /** Appends a purge. It is in force on this instance before anything is awaited. */
  append(purge: Purge): Promise<Receipt>;
  verdict(subject: PurgeSubject): Verdict;
  /** The position it had at an instant, or an earlier one. */
  positionAt(at: EpochMs): Position;
  /** A test: is the subject current as of this call, and would the purge meet it? Called before the purge is appended. */
  meets(purge: Purge): (subject: PurgeSubject) => boolean;
}

type Reach = Pick<Purge, 'everything' | 'tags' | 'prefixes'>;

/** Tests which subjects a purge would match, whatever their `asOf`. */
export function matcherOf({ everything, tags, prefixes }: Reach): (subject: PurgeSubject) => boolean {
  if (everything) return () => true;
  const wanted = new Set(tags);
  return (subject) =>
    subject.tags.some((tag) => wanted.has(tag)) || prefixes.some((prefix) => isBelow(subject, prefix));
}

type Last = { readonly seq: number } & Pick<Purge, 'cause' | 'rule'>;

/** The last hard and the last soft purge of one tag, prefix, or of everything. */
type Lasts = { hard: Last | undefined; soft: Last | undefined };

type PrefixLasts = Lasts & { readonly prefix: UrlPrefix };

const current: Verdict = { kind: 'current' };

const maxTags = 200_000;
const maxPrefixes = 1_000;

/** `clock`: of the entries' times. */
export type LocalLogOptions = {
  readonly clock?: Pick<Clock, 'now'> | undefined;
  readonly onAppended?: OnAppended | undefined;
};

/** The log of one process: without Redis it is the whole log, with Redis the part of it that has been read. */
export class LocalPurgeLog implements PurgeLog {
  readonly #id: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #times = new LogTimes();
  readonly #onAppended: OnAppended | undefined;
  #position: Position;
  /** A forgotten record may have purged entries from before this position. */
  #floor = 0;
  readonly #tags = new Map<Tag, Lasts>();
  readonly #prefixes = new Map<string, PrefixLasts>();
  readonly #everything: Lasts = { hard: undefined, soft: undefined };
  /** The position at which a subject was last found current; most lookups need not look at its tags again. */
  readonly #checked = new WeakMap<PurgeSubject, number>();

  /** `from`: what came before this place is not known, so entries from before it are not current. */
  constructor(id: string, from = 0, { clock = systemClock, onAppended }: LocalLogOptions = {}) {
    this.#id = id;
    this.#clock = clock;
    this.#onAppended = onAppended;
    this.#floor = from;
    this.#position = { log: id, seq: from };
  }

  position(): Position {
    return this.#position;
  }

  append(purge: Purge): Promise<Receipt> {
    this.record(this.#position.seq + 1, purge);
    const receipt = Promise.resolve(alone);
    this.#onAppended?.(purge, receipt);
    return receipt;
  }

  record(seq: number, purge: Purge): void {
    this.reach(seq);
    this.#times.record(seq, this.#clock.now());
    const { cause, rule } = purge;
    const last: Last = rule === undefined ? { seq, cause } : { seq, cause, rule };
    if (purge.everything) note(this.#everything, last, purge.soft);
    for (const tag of purge.tags) this.#noteTag(tag, last, purge.soft);
    for (const prefix of purge.prefixes) this.#notePrefix(prefix, last, purge.soft);
  }

  reach(seq: number): void {
    this.#position = { log: this.#id, seq };
  }

  verdict(subject: PurgeSubject): Verdict {
    const { asOf } = subject;
    const now = this.#position.seq;
    if (asOf.log === this.#id && (asOf.seq === now || this.#checked.get(subject) === now)) return current;
    if (asOf.log !== this.#id || asOf.seq < this.#floor) return { kind: 'purged', cause: 'forgotten' };
    const verdict = this.#search(subject);
    if (verdict.kind === 'current') this.#checked.set(subject, now);
    return verdict;
  }

  positionAt(at: EpochMs): Position {
    return { log: this.#id, seq: this.#times.placeAt(at) ?? this.#position.seq };
  }

  meets(purge: Purge): (subject: PurgeSubject) => boolean {
    const { seq } = this.#position;
    const floor = this.#floor;
    const matches = matcherOf(purge);
    const before = new Map<Lasts, number>();
    const tags = purge.tags.map((tag) => this.#tags.get(tag));
    const prefixes = purge.prefixes.map((prefix) => this.#prefixes.get(prefixKey(prefix)));
    for (const lasts of [this.#everything, ...tags, ...prefixes]) {
      if (lasts !== undefined) before.set(lasts, lasts.hard?.seq ?? 0);
    }
    const ended = (lasts: Lasts | undefined, asOf: number): boolean => {
      if (lasts?.hard === undefined) return false;
      const hard = before.get(lasts) ?? lasts.hard.seq;
      return hard > asOf && hard <= seq;
    };
    const wasPurged = (subject: PurgeSubject): boolean => {
      const from = subject.asOf.seq;
      if (ended(this.#everything, from)) return true;
      for (const tag of subject.tags) if (ended(this.#tags.get(tag), from)) return true;
      for (const lasts of this.#prefixes.values()) {
        if (isBelow(subject, lasts.prefix) && ended(lasts, from)) return true;
      }
      return false;
    };
    const isKnown = ({ log, seq: from }: Position): boolean =>
      log === this.#id && from >= floor && from <= seq;
    return (subject) => isKnown(subject.asOf) && matches(subject) && !wasPurged(subject);
  }

  #search(subject: PurgeSubject): Verdict {
    let [first, soft]: (Last | undefined)[] = [];
    for (const lasts of this.#lastsOf(subject)) {
      const { hard } = lasts;
      if (hard !== undefined && hard.seq > subject.asOf.seq && hard.seq < (first?.seq ?? Infinity))
        first = hard;
      if (lasts.soft !== undefined && lasts.soft.seq > subject.asOf.seq) soft = lasts.soft;
    }
    if (first !== undefined) return purgedBy(first);
    return soft === undefined ? current : { kind: 'stale', cause: soft.cause };
  }

  *#lastsOf(subject: PurgeSubject): Iterable<Lasts> {
    yield this.#everything;
    for (const tag of subject.tags) {
      const lasts = this.#tags.get(tag);
      if (lasts !== undefined) yield lasts;
    }
    for (const lasts of this.#prefixes.values()) if (isBelow(subject, lasts.prefix)) yield lasts;
  }

  #noteTag(tag: Tag, last: Last, soft: boolean): void {
    const lasts = this.#tags.get(tag) ?? { hard: undefined, soft: undefined };
    note(lasts, last, soft);
    // The first tag of the map is the one to forget.
    this.#tags.delete(tag);
    this.#tags.set(tag, lasts);
    if (this.#tags.size > maxTags) this.#forgetFirst(this.#tags);
  }

  #notePrefix(prefix: UrlPrefix, last: Last, soft: boolean): void {
    const key = prefixKey(prefix);
    const lasts = this.#prefixes.get(key) ?? { hard: undefined, soft: undefined, prefix };
    note(lasts, last, soft);
    this.#prefixes.delete(key);
    this.#prefixes.set(key, lasts);
    if (this.#prefixes.size > maxPrefixes) this.#forgetFirst(this.#prefixes);
  }

  #forgetFirst(map: Map<string, Lasts>): void {
    const first = map.entries().next();
    if (first.done === true) return;
    const [key, lasts] = first.value;
    map.delete(key);
    this.#floor = Math.max(this.#floor, lasts.hard?.seq ?? 0, lasts.soft?.seq ?? 0);
  }
}

const alone: Receipt = { instances: { known: 1, acknowledged: 1 } };

function note(lasts: Lasts, last: Last, soft: boolean): void {
  if (soft) lasts.soft = last;
  else lasts.hard = last;
}

const purgedBy = ({ cause, rule }: Last): Verdict =>
  rule === undefined ? { kind: 'purged', cause } : { kind: 'purged', cause, rule };

const prefixKey = ({ host, start }: UrlPrefix): string => JSON.stringify([host, start]);

function isBelow({ host, target }: PurgeSubject, prefix: UrlPrefix): boolean {
  return (prefix.host === undefined || prefix.host === host) && target.startsWith(prefix.start);
}
