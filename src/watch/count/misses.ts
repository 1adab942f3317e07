/**
 * The miss ledger: counts reads that were not hits, and why, by content type, by route, and for the costliest URLs.
 *
 * Promises: the causes of a type sum to its misses, and those of all types to all misses. Memory is bounded: types and routes
 * come from the configuration and count as `other` beyond a bound; only the heaviest URLs are kept.
 */

import { seconds } from '../../kit/time.ts';
import { type Kept, TopK } from '../../kit/top-k.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import { causeOf, clauseOf, type Cause, type Reason, reasonOf } from './miss-reason.ts';
import { maskTarget } from './mask-target.ts';
import { share } from './tally.ts';

export type ReasonCount = {
  readonly cause: Cause;
  readonly reason: Reason;
  readonly clause: string | undefined;
  readonly count: number;
  readonly share: number;
};

export type MissGroup = {
  readonly name: string;
  readonly total: number;
  readonly reasons: readonly ReasonCount[];
};

export type CostlyUrl = {
  readonly url: string;
  readonly type: string;
  readonly misses: number;
  readonly origin_seconds: number;
  readonly mean_origin_seconds: number;
  readonly reasons: readonly ReasonCount[];
};

export type MissReport = {
  readonly total: number;
  readonly causes: Readonly<Record<string, number>>;
  readonly reasons: readonly ReasonCount[];
  readonly types: readonly MissGroup[];
  readonly routes: readonly MissGroup[];
  /** The last may be `(other)`: everything that is not listed. */
  readonly urls: readonly CostlyUrl[];
};

type Counts = Map<Reason, number>;
type UrlMisses = { readonly type: string; readonly counts: Counts; seconds: number };

/** What one ledger has counted, for another to `take`. */
export type MissShare = {
  readonly types: readonly (readonly [string, Counts])[];
  readonly routes: readonly (readonly [string, Counts])[];
  readonly urls: readonly Kept<UrlMisses>[];
  readonly originSeconds: number;
};

const most = { types: 200, routes: 1000, urls: 750, reasons: 100 };

/** Counts misses by reason. */
export class MissLedger {
  readonly #types = new Map<string, Counts>();
  readonly #routes = new Map<string, Counts>();
  readonly #urls: TopK<UrlMisses>;
  #originSeconds = 0;

  constructor(halfLifeMs: number) {
    this.#urls = new TopK({ limit: most.urls, halfLifeMs });
  }

  record(outcome: Outcome): Reason {
    const { contentType, route, host, target, originDuration = seconds(0) } = outcome;
    const reason = reasonOf(outcome);
    increase(groupIn(this.#types, contentType, most.types), reason);
    increase(groupIn(this.#routes, route ?? unmatched, most.routes), reason);
    this.#originSeconds += originDuration;
    // Misses × origin time. The small term keeps the order useful when no miss took any time.
    const kept = this.#urls.record(host + target, originDuration + 1e-6);
    if (kept === undefined) return reason;
    kept.value ??= { type: contentType, counts: new Map(), seconds: 0 };
    increase(kept.value.counts, reason);
    kept.value.seconds += originDuration;
    return reason;
  }

  /** What was counted since the last call; from now on it counts from nothing. */
  drain(): MissShare {
    const share: MissShare = {
      types: [...this.#types],
      routes: [...this.#routes],
      urls: this.#urls.heaviest(),
      originSeconds: this.#originSeconds,
    };
    this.#types.clear();
    this.#routes.clear();
    this.#urls.clear();
    this.#originSeconds = 0;
    return share;
  }

  /** Counts what another ledger has counted. */
  take({ types, routes, urls, originSeconds }: MissShare): void {
    const merge = (into: Counts, from: Counts): void => {
      for (const [reason, count] of from) increase(into, reason, count);
    };
    for (const [name, counts] of types) merge(groupIn(this.#types, name, most.types), counts);
    for (const [name, counts] of routes) merge(groupIn(this.#routes, name, most.routes), counts);
    this.#originSeconds += originSeconds;
    for (const { name, weight, value } of urls) {
      const kept = this.#urls.record(name, weight);
      if (kept === undefined || value === undefined) continue;
      kept.value ??= { type: value.type, counts: new Map(), seconds: 0 };
      merge(kept.value.counts, value.counts);
      kept.value.seconds += value.seconds;
    }
  }

  turnTo(nowMs: number): void {
    this.#urls.turnTo(nowMs);
  }

  counts(): Map<Reason, number> {
    const all: Counts = new Map();
    for (const counts of this.#types.values())
      for (const [reason, count] of counts) increase(all, reason, count);
    return all;
  }

  /** With the `urls` costliest URLs. */
  report(urls: number): MissReport {
    const counts = this.counts();
    const causes: Record<string, number> = {};
    for (const [reason, count] of counts) causes[causeOf(reason)] = (causes[causeOf(reason)] ?? 0) + count;
    return {
      total: totalOf(counts),
      causes,
      reasons: listed(counts),
      types: groups(this.#types),
      routes: groups(this.#routes),
      urls: this.#byUrl(urls, counts),
    };
  }

  /** The costliest URLs, and all others as one, so that they sum to all misses. */
  #byUrl(most: number, all: ReadonlyMap<Reason, number>): CostlyUrl[] {
    const rest = new Map(all);
    let restSeconds = this.#originSeconds;
    const lines: CostlyUrl[] = [];
    for (const { name, value } of this.#urls.heaviest().slice(0, most)) {
      if (value === undefined) continue;
      for (const [reason, count] of value.counts) rest.set(reason, (rest.get(reason) ?? 0) - count);
      restSeconds -= value.seconds;
      lines.push(urlLine(maskTarget(name), value));
    }
    const others = urlLine(other, { type: other, counts: rest, seconds: Math.max(0, restSeconds) });
    return others.misses > 0 ? [...lines, others] : lines;
  }
}

function urlLine(url: string, { type, counts, seconds }: UrlMisses): CostlyUrl {
  const misses = totalOf(counts);
  const mean = share(seconds, misses);
  return { url, type, misses, origin_seconds: seconds, mean_origin_seconds: mean, reasons: listed(counts) };
}

const unmatched = '(unmatched)';
const other = '(other)';

function groupIn(groups: Map<string, Counts>, name: string, limit: number): Counts {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const kept = groups.size < limit ? name : other;
  const counts: Counts = groups.get(kept) ?? new Map<Reason, number>();
  groups.set(kept, counts);
  return counts;
}

function increase(counts: Counts, reason: Reason, by = 1): void {
  const kept = counts.has(reason) || counts.size < most.reasons ? reason : causeOf(reason);
  counts.set(kept, (counts.get(kept) ?? 0) + by);
}

const totalOf = (counts: Counts): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Reasons with their counts, the most frequent first. */
export function listed(counts: ReadonlyMap<Reason, number>): ReasonCount[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => ({
      cause: causeOf(reason),
      reason,
      clause: clauseOf(reason),
      count,
      share: share(count, total),
    }));
}

const groups = (map: ReadonlyMap<string, Counts>): MissGroup[] =>
  [...map]
    .map(([name, counts]) => ({ name, total: totalOf(counts), reasons: listed(counts) }))
    .sort((a, b) => b.total - a.total);
