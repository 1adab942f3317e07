/** One line per content type: requests, hits, the current lifetime, what was saved. */

import type { ContentType, TtlConfig } from '../../config/config.ts';
import { type EpochMs, wallTime } from '../../kit/time.ts';
import { hourBandAt } from '../../policy/lifetime/hours.ts';
import type { TypeCounts } from '../count/counters.ts';
import { get, hitRate, quantile, share } from '../count/tally.ts';
import type { Watch } from '../count/watch.ts';

/** Lifetimes in seconds; times in milliseconds unless the name says seconds. */
export type TypeLine = {
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  readonly hit_rate: number;
  readonly writes: number;
  /** The lifetime of a response stored now: base times the hour's factor, clamped; `null` where HTTP decides. */
  readonly ttl: number | null;
  readonly hour: { readonly name: string; readonly factor: number } | null;
  readonly last_lifetime: number | null;
  readonly mean_hit_ms: number;
  readonly mean_miss_ms: number;
  readonly p95_hit_ms: number;
  readonly p95_miss_ms: number;
  readonly saved_seconds: number;
  readonly saved_bytes: number;
  readonly stale_hits: number;
};

/** One line per content type that has a rule or had requests. */
export function typeTable({ counters, options }: Watch): Record<string, TypeLine> {
  const config = options.config();
  const now = wallTime(options.clock, options.clock.now());
  const used = [...config.contentTypes].filter(
    ([name, type]) => type.kind === 'rule' || counters.types.has(name),
  );
  const names = new Set([...counters.types.keys(), ...used.map(([name]) => name)]);
  const lines: [string, TypeLine][] = [...names].map((name) => {
    const contentType = config.contentTypes.get(name);
    return [name, lineOf(counters.types.get(name), lifetimeNow(contentType, config.ttl, now))];
  });
  return Object.fromEntries(lines.sort(([, a], [, b]) => b.requests - a.requests));
}

type Lifetime = Pick<TypeLine, 'ttl' | 'hour'>;

function lifetimeNow(type: ContentType | undefined, ttl: TtlConfig, now: EpochMs): Lifetime {
  if (type?.kind !== 'rule') return { ttl: null, hour: null };
  const band = hourBandAt(ttl.hours, ttl.timeZone, now);
  const factor = band?.factor ?? 1;
  const lifetime = Math.min(
    type.max ?? ttl.max,
    Math.max(type.min ?? ttl.min, (type.ttl ?? ttl.default) * factor),
  );
  const rounded = Math.floor(Math.round(lifetime * 1e6) / 1e6);
  return { ttl: rounded, hour: band === undefined ? null : { name: band.name, factor } };
}

const ms = (value: number | undefined): number => Math.round((value ?? 0) * 1e6) / 1e3;

function lineOf(counts: TypeCounts | undefined, lifetime: Lifetime): TypeLine {
  const last_lifetime = counts?.lastLifetime ?? null;
  const tally = counts?.tally ?? new Float64Array();
  const [hits, misses, writes] = [get(tally, 'hits'), get(tally, 'misses'), get(tally, 'writes')];
  return {
    requests: hits + misses + writes,
    hits,
    misses,
    hit_rate: hitRate(tally),
    writes,
    ...lifetime,
    last_lifetime,
    mean_hit_ms: ms(share(get(tally, 'hitSeconds'), hits)),
    mean_miss_ms: ms(share(get(tally, 'missSeconds'), misses)),
    p95_hit_ms: ms(quantile(tally, 'hitTimes', 0.95)),
    p95_miss_ms: ms(quantile(tally, 'missTimes', 0.95)),
    saved_seconds: get(tally, 'savedSeconds'),
    saved_bytes: get(tally, 'savedBytes'),
    stale_hits: get(tally, 'staleHits'),
  };
}
