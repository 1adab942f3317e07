/**
 * What the proxy does, seen as a whole: the counters, their copies over time, and what stands around them (store, Redis,
 * memory). Everything else in this room reads from here.
 */

import type { Config } from '../../config/config.ts';
import { type Clock, type EpochMs, type Seconds, seconds } from '../../kit/time.ts';
import type { BackgroundStats } from '../../proxy/exchange/exchange.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import type { OriginCondition } from '../../origin/origin-health.ts';
import type { RedisState } from '../../store/opened-store.ts';
import type { PurgeLog } from '../../store/purge-log.ts';
import type { Store } from '../../store/store.ts';
import type { Counters } from './counters.ts';
import type { Counting } from './counting.ts';
import { EndedSweep } from './ended-sweep.ts';
import type { RecentPurges } from './purges.ts';
import { type Point, Timeline } from './window.ts';

export type WatchOptions = {
  readonly config: () => Config;
  readonly clock: Clock;
  readonly counting: Counting;
  readonly store: Pick<Store, 'size' | 'entries' | 'subjects'>;
  readonly purgeLog: Pick<PurgeLog, 'position' | 'verdict'>;
  readonly health: Pick<OriginCondition, 'isClosed'>;
  readonly redis: () => RedisState;
  /** The routes in quarantine; absent: none ever is. */
  readonly quarantined?: (() => readonly string[]) | undefined;
  /** The rollouts that have ended by themselves, with why; absent: none ever does. */
  readonly rolledBack?: (() => readonly string[]) | undefined;
  /** What could be changed in the rules; absent: nothing. */
  readonly advised?: (() => readonly { readonly id: string; readonly text: string }[]) | undefined;
  readonly background?: (() => BackgroundStats | undefined) | undefined;
  /** Other processes that belong to this one: how many, and their memory. */
  readonly others?: { readonly count: number; readonly residentBytes: () => number };
};

/** What is known about the proxy at work. */
export class Watch {
  readonly counters: Counters;
  readonly purges: RecentPurges;
  readonly timeline = new Timeline();
  readonly startedAt: EpochMs;
  readonly options: WatchOptions;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly #sweep: EndedSweep;
  #residentBytes = 0;
  readonly #onTick: ((point: Point) => void)[] = [];

  constructor(options: WatchOptions) {
    this.options = options;
    this.counters = options.counting.counters;
    this.purges = options.counting.purges;
    this.onOutcome = this.counters.onOutcome;
    this.startedAt = options.clock.now();
    this.#sweep = new EndedSweep({ ...options, ledger: this.counters.writes });
    this.tick();
  }

  now(): Point {
    const { clock, store, redis } = this.options;
    return {
      at: clock.now(),
      tally: this.counters.total(),
      storeBytes: store.size().bytes,
      residentBytes: this.#resident() + (this.options.others?.residentBytes() ?? 0),
      redisBytes: redis().bytes,
      reasons: this.counters.ledger.counts(),
    };
  }

  #resident(): number {
    try {
      this.#residentBytes = process.memoryUsage.rss();
    } catch {
      // Reading it opens a file. When none can be opened (EMFILE), the last number stands.
    }
    return this.#residentBytes;
  }

  /** To be called every second. */
  tick(): void {
    const point = this.now();
    this.timeline.record(point);
    this.counters.turnTo(point.at);
    this.lookForEnded();
    for (const listener of this.#onTick) listener(point);
  }

  /** Counts copies that writes ended, as far as one step finds them. */
  lookForEnded(): void {
    this.#sweep.step();
  }

  onTick(listener: (point: Point) => void): void {
    this.#onTick.push(listener);
  }

  /** Ticks every second until the returned function is called. Does not keep the process alive. */
  start(): () => void {
    const timer = setInterval(() => {
      this.tick();
    }, 1000);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  }

  get uptime(): Seconds {
    return seconds((this.options.clock.now() - this.startedAt) / 1000);
  }
}
