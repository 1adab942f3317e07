/**
 * Keeps the last hundred reads, and copies of the counters at regular instants: fine ones for the last minutes, coarse ones
 * for the last day. What happened in a period is the difference of two copies.
 */

import { type EpochMs, type Seconds, seconds } from '../../kit/time.ts';
import type { Reason } from './miss-reason.ts';
import { difference, type Tally } from './tally.ts';

const lookups = 100;

/** The last hundred reads: which were hits, and how long they took. */
export class LastLookups {
  readonly #hits = new Uint8Array(lookups);
  readonly #seconds = new Float64Array(lookups);
  #next = 0;
  #count = 0;
  #sumHits = 0;

  record(isHit: boolean, duration: Seconds): void {
    const index = this.#next;
    this.#sumHits += (isHit ? 1 : 0) - (this.#hits[index] ?? 0);
    this.#hits[index] = isHit ? 1 : 0;
    this.#seconds[index] = duration;
    this.#next = index === lookups - 1 ? 0 : index + 1;
    if (this.#count < lookups) this.#count += 1;
  }

  /** Those since the last call, the oldest first; from now on there are none. */
  drain(): (readonly [isHit: boolean, Seconds])[] {
    const first = this.#count < lookups ? 0 : this.#next;
    const drained = Array.from({ length: this.#count }, (_, index) => {
      const at = (first + index) % lookups;
      return [this.#hits[at] === 1, seconds(this.#seconds[at] ?? 0)] as const;
    });
    this.#hits.fill(0);
    [this.#next, this.#count, this.#sumHits] = [0, 0, 0];
    return drained;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 to 1; 0 before the first read. */
  get hitRate(): number {
    return this.#count === 0 ? 0 : this.#sumHits / this.#count;
  }

  /** In milliseconds; 0 before the first read. */
  get meanMs(): number {
    if (this.#count === 0) return 0;
    // Summed each time: a running sum of fractions would drift.
    return (
      (this.#seconds.subarray(0, this.#count).reduce((sum, value) => sum + value, 0) * 1000) / this.#count
    );
  }
}

/** The counters at one instant, and the memory in use. */
export type Point = {
  readonly at: EpochMs;
  readonly tally: Tally;
  readonly storeBytes: number;
  readonly residentBytes: number;
  readonly redisBytes: number | undefined;
  readonly reasons: ReadonlyMap<Reason, number>;
};

export type Stretch = {
  readonly tally: Tally;
  readonly reasons: ReadonlyMap<Reason, number>;
  readonly from: EpochMs;
  readonly covers: boolean;
};

const grains = [
  { everyMs: 1000, keep: 130 },
  { everyMs: 10_000, keep: 370 },
  { everyMs: 300_000, keep: 300 },
] as const;

/** Ticks may come a little early: with half a tick of slack, no copy is skipped. */
const slackMs = 500;

/** Copies of the counters over the last day. */
export class Timeline {
  readonly #series = grains.map((grain): { everyMs: number; keep: number; points: Point[] } => ({
    ...grain,
    points: [],
  }));

  record(point: Point): void {
    for (const { everyMs, keep, points } of this.#series) {
      const last = points.at(-1);
      // The clock was set back: start again, because points cannot be compared across the change.
      if (last !== undefined && point.at < last.at) points.length = 0;
      else if (last !== undefined && point.at - last.at < everyMs - slackMs) continue;
      points.push(point);
      if (points.length > keep) points.shift();
    }
  }

  /** The last point at or before `instant`; the very first one when all are later. */
  before(instant: number): Point | undefined {
    const candidates = this.#series.map(({ points }) => points.findLast(({ at }) => at <= instant));
    const found = candidates.filter((point) => point !== undefined).sort((a, b) => b.at - a.at)[0];
    return found ?? this.#series.at(-1)?.points[0];
  }

  since(instant: number, now: Point): Stretch {
    const from = this.before(instant);
    if (from === undefined) return { tally: now.tally, reasons: now.reasons, from: now.at, covers: false };
    const reasons = reasonsBetween(from.reasons, now.reasons);
    return { tally: difference(now.tally, from.tally), reasons, from: from.at, covers: from.at <= instant };
  }

  /** Points for a chart of the last `span`, in the finest grain that reaches so far back. */
  points(span: Seconds, now: EpochMs): readonly Point[] {
    const spanMs = span * 1000;
    const series =
      this.#series.find(({ everyMs, keep }) => everyMs * (keep - 1) >= spanMs) ?? this.#series.at(-1);
    return series?.points.filter(({ at }) => at >= now - spanMs - series.everyMs) ?? [];
  }
}

/** How often each reason occurred between two points. */
export const reasonsBetween = (
  earlier: ReadonlyMap<Reason, number>,
  later: ReadonlyMap<Reason, number>,
): Map<Reason, number> =>
  new Map([...later].map(([reason, count]) => [reason, count - (earlier.get(reason) ?? 0)]));
