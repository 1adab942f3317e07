/**
 * The purge log that instances share: a Redis Stream. Each instance keeps what it has read (DESIGN §4).
 *
 * Promises:
 * - A purge is in force here from the call on, and is appended before anything is read from Redis again.
 * - At least every `lag`/4 the log is asked for new records and checked to be the known one. A log that is missing,
 *   shorter, on another server or an older copy begins a new generation, and nothing from before is current.
 * - `strict`: an append resolves when every instance with a live lease has read past it.
 *
 * A fill on this instance, against a purge on another:
 *   1. we take position 10 and ask the origin      2. the other appends 11
 *   3. we store the answer, asOf 10, also in Redis 4. each instance that reads 11, sooner or later, drops the entry
 */

import { randomUUID } from 'node:crypto';
import type { Clock, EpochMs, Seconds } from '../../kit/time.ts';
import { decodeRecord } from './log-record.ts';
import type { LogRecord, Place, SyncReply, SyncRequest } from './log-script.ts';
import { PendingPurges } from './pending-purges.ts';
import {
  type OnAppended,
  LocalPurgeLog,
  type Position,
  type Purge,
  type PurgeLog,
  type PurgeSubject,
  type Receipt,
  type Verdict,
} from '../purge-log.ts';
import type { RedisHealth } from '../redis/health.ts';
import { type Owner, ownerText, type Refusal } from '../redis/owner.ts';
import { within } from '../redis/connection.ts';

export type RedisPurgeLogOptions = {
  readonly instance: string;
  readonly owner: Owner;
  readonly send: (request: SyncRequest) => Promise<SyncReply | Refusal>;
  readonly reconnect: () => void;
  readonly health: RedisHealth;
  readonly clock: Clock;
  readonly lag: Seconds;
  readonly deadline: Seconds;
  readonly coherence: 'bounded' | 'strict';
  readonly keep: Seconds;
  readonly onGeneration?: () => void;
  readonly onRefused?: (refusal: Refusal) => void;
  readonly onAppended?: OnAppended | undefined;
};

const keepCount = 100_000;
const beatBounds = { shortest: 10, longest: 500 };
const nowhere: Place = { seq: 0, nonce: '', generation: '' };

/** One instance's view of the shared log. */
export class RedisPurgeLog implements PurgeLog {
  readonly #options: RedisPurgeLogOptions;
  readonly #pending: PendingPurges;
  #read: LocalPurgeLog;
  #place = nowhere;
  #position: Position;
  #others: SyncReply['instances'] = [];
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #silences = 0;
  #generationSinceMs = -Infinity;
  #beat: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: RedisPurgeLogOptions) {
    this.#options = options;
    this.#pending = new PendingPurges(options.instance);
    this.#read = new LocalPurgeLog(`before-redis:${randomUUID()}`);
    this.#position = this.#read.position();
  }

  position(): Position {
    return this.#position;
  }

  get place(): number {
    return this.#place.seq;
  }

  get waiting(): number {
    return this.#pending.batch().records.length;
  }

  verdict(subject: PurgeSubject): Verdict {
    return this.#pending.onTopOf(this.#read.verdict(subject), subject);
  }

  positionAt(at: EpochMs): Position {
    return this.#read.positionAt(at);
  }

  meets(purge: Purge): (subject: PurgeSubject) => boolean {
    return this.#read.meets(purge);
  }

  append(purge: Purge): Promise<Receipt> {
    const receipt = this.#append(purge);
    this.#options.onAppended?.(purge, receipt);
    return receipt;
  }

  async #append(purge: Purge): Promise<Receipt> {
    const { health, coherence } = this.#options;
    const wantsAck = coherence === 'strict' || purge.cause === 'api';
    const confirmed = this.#pending.add(purge, { wantsAck });
    this.#changed();
    void this.sync();
    if (!health.breaker.isClosed) return this.#receipt(undefined);
    const place = await this.#placeOf(confirmed);
    if (place !== undefined && wantsAck) await this.#acknowledged(place);
    return this.#receipt(place);
  }

  /**
   * The place of an append, or `undefined` if there is none within `deadline`. `strict` waits longer, until Redis
   * counts as down, because others may trust their copies until they read the record.
   */
  async #placeOf(confirmed: Promise<number>): Promise<number | undefined> {
    const { health, coherence, deadline, clock, lag } = this.#options;
    const untilMs = clock.monotonicMs() + lag * 1500;
    for (;;) {
      const place = await within(deadline * 1000, confirmed).catch(() => undefined);
      if (place !== undefined || coherence !== 'strict' || this.#isClosed) return place;
      if (!health.breaker.isClosed || clock.monotonicMs() > untilMs) return undefined;
    }
  }

  async start(): Promise<void> {
    await this.#onBeat();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#beat);
    await this.#running;
    if (!this.#pending.isEmpty) await this.sync();
  }

  /** Asks for new records. Resolves to whether the log was up to date at some moment after the call. Never rejects. */
  sync(): Promise<boolean> {
    if (this.#running === undefined) {
      this.#running = this.#catchUp().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // A round trip in flight began before this call, and may miss what the caller is waiting for.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.sync();
    });
    return this.#next;
  }

  onRecords(records: readonly LogRecord[]): void {
    let wantsAck = false;
    for (const record of records) {
      if (record.seq <= this.#place.seq) continue;
      const follows = record.seq === this.#place.seq + 1 && record.generation === this.#position.log;
      if (!follows) {
        wantsAck = true;
        break;
      }
      wantsAck = this.#apply(record) || wantsAck;
    }
    this.#changed();
    if (wantsAck) void this.sync();
  }

  async #onBeat(): Promise<void> {
    await this.sync();
    if (this.#isClosed) return;
    const { shortest, longest } = beatBounds;
    const beatMs = Math.max(shortest, Math.min(longest, (this.#options.lag * 1000) / 4));
    this.#beat = setTimeout(() => void this.#onBeat(), beatMs);
  }

  async #catchUp(): Promise<boolean> {
    for (;;) {
      const how = await this.#roundTrip();
      if (how !== 'more') return how === 'up-to-date';
    }
  }

  async #roundTrip(): Promise<'up-to-date' | 'more' | 'failed'> {
    const { health, clock, deadline, lag } = this.#options;
    const [askedAt, mark] = [clock.monotonicMs(), health.mark];
    const asProbe = health.breaker.beginProbe(askedAt);
    const batch = this.#pending.batch();
    const limitMs = Math.max(deadline * 1000, Math.min(1000, lag * 500));
    try {
      const reply = await within(limitMs, this.#options.send(this.#request(batch.records)));
      this.#silences = 0;
      if (reply.kind === 'refused') return this.#refused(reply, asProbe);
      this.#pending.confirm(batch, reply.newest);
      const isUpToDate = this.#take(reply);
      // An answer too slow for lookups does not show that lookups would succeed.
      health.ended(asProbe, clock.monotonicMs() - askedAt <= deadline * 1000);
      if (isUpToDate) health.heard(askedAt, mark);
      return isUpToDate ? 'up-to-date' : 'more';
    } catch {
      // For any failure: nothing was read, and pending purges stay pending.
      health.ended(asProbe, false);
      this.#silences += 1;
      if (this.#silences % 2 === 0) this.#options.reconnect();
      return 'failed';
    }
  }

  #refused(refusal: Refusal, asProbe: boolean): 'failed' {
    const { health, onRefused } = this.#options;
    health.refused(asProbe);
    onRefused?.(refusal);
    return 'failed';
  }

  #request(records: SyncRequest['records']): SyncRequest {
    const { instance, lag, keep } = this.#options;
    const owner = ownerText(this.#options.owner);
    const kept = { leaseMs: Math.ceil(lag * 1000), keepMs: keep * 1000, keepCount };
    return { instance, owner, place: this.#place, freshNonce: randomUUID(), ...kept, records };
  }

  #take(reply: SyncReply): boolean {
    this.#others = reply.instances.filter(({ id }) => id !== this.#options.instance);
    const isSame = reply.generation === this.#position.log;
    // The tail has read further meanwhile: starting over from an older answer would forget purges.
    if (isSame && !reply.isContinued && reply.newest < this.#place.seq) return false;
    if (!isSame) this.#beginGeneration();
    if (!isSame || !reply.isContinued) this.#beginAgain(reply);
    for (const record of reply.records) if (record.seq > this.#place.seq) this.#apply(record);
    this.#pending.settle(this.#place.seq);
    this.#changed();
    return this.#place.seq >= reply.newest;
  }

  #beginGeneration(): void {
    this.#options.onGeneration?.();
    this.#generationSinceMs = this.#options.clock.monotonicMs();
    // They concerned entries of the previous generation, all of which are gone.
    this.#pending.settle(Infinity);
  }

  #beginAgain({ generation, oldest }: SyncReply): void {
    this.#read = new LocalPurgeLog(generation, oldest - 1, this.#options);
    this.#place = nowhere;
  }

  #apply({ seq, nonce, generation, payload }: LogRecord): boolean {
    const content = decodeRecord(payload);
    if (content.kind === 'purge') this.#read.record(seq, content.purge);
    else this.#read.reach(seq);
    this.#place = { seq, nonce, generation };
    return content.kind === 'purge' && content.wantsAck;
  }

  #changed(): void {
    const own = this.#pending.position();
    const read = this.#read.position();
    this.#position = own === undefined ? read : { ...read, own };
  }

  /** Waits until all other instances have read up to `place`, or their leases have run out. */
  async #acknowledged(place: number): Promise<void> {
    const { clock, lag, health } = this.#options;
    const untilMs = clock.monotonicMs() + lag * 1500;
    for (let pauseMs = 1; !this.#areAllPast(place); pauseMs = Math.min(pauseMs * 2, 20)) {
      if (clock.monotonicMs() > untilMs || !health.breaker.isClosed || this.#isClosed) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await this.sync();
    }
  }

  /** A new log does not know its readers until all have had time to join, or to stop trusting their copies. */
  #areAllPast(place: number): boolean {
    const { clock, lag, coherence } = this.#options;
    const isYoung = clock.monotonicMs() - this.#generationSinceMs < lag * 1000;
    return !(isYoung && coherence === 'strict') && this.#others.every(({ seq }) => seq >= place);
  }

  #receipt(place: number | undefined): Receipt {
    const past = place === undefined ? 0 : this.#others.filter(({ seq }) => seq >= place).length;
    return { instances: { known: this.#others.length + 1, acknowledged: past + 1 } };
  }
}
