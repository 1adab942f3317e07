/**
 * What whoever appends a purge to the shared log waits for, and is told.
 *
 * Each process is a reader of the log: `INSTANCE`, or `INSTANCE/WORKER` for one of several workers. An instance has read as
 * far as the slowest of its workers.
 */

import type { Clock, Seconds } from '../../kit/time.ts';
import type { Receipt } from '../purge-log.ts';
import { within } from '../redis/connection.ts';
import type { RedisHealth } from '../redis/health.ts';
import type { SyncReply } from './log-script.ts';

export type AppendReceiptsOptions = {
  readonly instance: string;
  readonly health: RedisHealth;
  readonly clock: Clock;
  readonly lag: Seconds;
  readonly deadline: Seconds;
  readonly coherence: 'bounded' | 'strict';
  readonly sync: () => Promise<boolean>;
};

/** The receipts of one reader of the log. */
export class AppendReceipts {
  readonly #options: AppendReceiptsOptions;
  readonly #others: OtherInstances;
  #generationSinceMs = -Infinity;
  #isClosed = false;

  constructor(options: AppendReceiptsOptions) {
    this.#options = options;
    this.#others = new OtherInstances(options.instance);
  }

  onReaders(readers: SyncReply['instances']): void {
    this.#others.take(readers);
  }

  onGeneration(): void {
    this.#generationSinceMs = this.#options.clock.monotonicMs();
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Of an append whose place `recorded` gives, once the log has it. `wantsAck`: waits for the other instances. */
  async of(recorded: Promise<number>, wantsAck: boolean): Promise<Receipt> {
    if (!this.#options.health.breaker.isClosed) return this.#others.receipt(undefined);
    const place = await this.#placeOf(recorded);
    if (place !== undefined && wantsAck) await this.#acknowledged(place);
    return this.#others.receipt(place);
  }

  /**
   * The place of an append, or `undefined` if there is none within `deadline`. `strict` waits longer, until Redis
   * counts as down, because others may trust their copies until they read the record.
   */
  async #placeOf(recorded: Promise<number>): Promise<number | undefined> {
    const { health, coherence, deadline, clock, lag } = this.#options;
    const untilMs = clock.monotonicMs() + lag * 1500;
    for (;;) {
      const place = await within(deadline * 1000, recorded).catch(() => undefined);
      if (place !== undefined || coherence !== 'strict' || this.#isClosed) return place;
      if (!health.breaker.isClosed || clock.monotonicMs() > untilMs) return undefined;
    }
  }

  /** Waits until all other instances have read up to `place`, or their leases have run out. */
  async #acknowledged(place: number): Promise<void> {
    const { clock, lag, health, sync } = this.#options;
    const untilMs = clock.monotonicMs() + lag * 1500;
    for (let pauseMs = 1; !this.#areAllPast(place); pauseMs = Math.min(pauseMs * 2, 20)) {
      if (clock.monotonicMs() > untilMs || !health.breaker.isClosed || this.#isClosed) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await sync();
    }
  }

  /** A new log does not know its readers until all have had time to join, or to stop trusting their copies. */
  #areAllPast(place: number): boolean {
    const { clock, lag, coherence } = this.#options;
    const isYoung = clock.monotonicMs() - this.#generationSinceMs < lag * 1000;
    return !(isYoung && coherence === 'strict') && this.#others.areAllPast(place);
  }
}

/** The readers of a log, as seen by one of them. The other workers of its own instance are not among them. */
class OtherInstances {
  readonly #own: string;
  #read: ReadonlyMap<string, number> = new Map();

  constructor(reader: string) {
    this.#own = instanceOf(reader);
  }

  take(readers: SyncReply['instances']): void {
    const read = new Map<string, number>();
    for (const { id, seq } of readers) {
      const instance = instanceOf(id);
      if (instance !== this.#own) read.set(instance, Math.min(seq, read.get(instance) ?? seq));
    }
    this.#read = read;
  }

  areAllPast(place: number): boolean {
    return [...this.#read.values()].every((seq) => seq >= place);
  }

  /** `undefined`: the purge has no place yet. */
  receipt(place: number | undefined): Receipt {
    const past = place === undefined ? [] : [...this.#read.values()].filter((seq) => seq >= place);
    return { instances: { known: this.#read.size + 1, acknowledged: past.length + 1 } };
  }
}

/** The instance that a reader belongs to. */
export const instanceOf = (reader: string): string => reader.replace(/\/.*$/, '');
