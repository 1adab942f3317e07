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
import { AppendReceipts, instanceOf } from './append-receipts.ts';
import { PendingPurges, type RecordedPurges, type ToldPurge } from './pending-purges.ts';
import type { OtherWorkers } from './told-workers.ts';
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
  /** The name of this reader of the log (`other-instances.ts`). */
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
  /** Those of this instance; absent: this process is the instance. */
  readonly workers?: OtherWorkers | undefined;
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
  readonly #receipts: AppendReceipts;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #silences = 0;
  #beat: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: RedisPurgeLogOptions) {
    this.#options = options;
    this.#pending = new PendingPurges(options.instance);
    this.#receipts = new AppendReceipts({ ...options, sync: () => this.sync() });
    this.#read = new LocalPurgeLog(`before-redis:${instanceOf(options.instance)}`);
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
    const nonce = randomUUID();
    const { recorded, receipt: inRedis } = this.#add(purge, nonce);
    const told = this.#options.workers?.tell(purge, { nonce, recorded });
    const receipt = told === undefined ? inRedis : withWorkers(inRedis, told);
    this.#options.onAppended?.(purge, receipt);
    return receipt;
  }

  /** Appends a purge of the primary's, which has told the other workers. */
  appendTold(purge: Purge, nonce: string, onRecorded: () => void): Promise<Receipt> {
    const { recorded, receipt } = this.#add(purge, nonce);
    void recorded.then(onRecorded);
    return receipt;
  }

  /** Another worker appends this purge; from now on it holds here as well. */
  onTold(purge: Purge, told: ToldPurge): void {
    this.#pending.take(purge, told);
    this.#changed();
  }

  onRecorded(recorded: RecordedPurges): void {
    this.#pending.onRecorded(recorded);
  }

  #add(
    purge: Purge,
    nonce: string,
  ): { readonly recorded: Promise<number>; readonly receipt: Promise<Receipt> } {
    const wantsAck = this.#options.coherence === 'strict' || purge.cause === 'api';
    const recorded = this.#pending.add(purge, { nonce, wantsAck });
    this.#changed();
    void this.sync();
    return { recorded, receipt: this.#receipts.of(recorded, wantsAck) };
  }

  async start(): Promise<void> {
    await this.#onBeat();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#receipts.close();
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
    const recordedByOthers = this.#pending.recordedByOthers();
    const limitMs = Math.max(deadline * 1000, Math.min(1000, lag * 500));
    try {
      const reply = await within(limitMs, this.#options.send(this.#request(batch.records)));
      this.#silences = 0;
      if (reply.kind === 'refused') return this.#refused(reply, asProbe);
      this.#pending.confirm(batch, reply.newest);
      const isUpToDate = this.#take(reply);
      // An answer too slow for lookups does not show that lookups would succeed.
      health.ended(asProbe, clock.monotonicMs() - askedAt <= deadline * 1000);
      if (isUpToDate) {
        health.heard(askedAt, mark);
        this.#pending.drop(recordedByOthers);
        this.#changed();
      }
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
    this.#receipts.onReaders(reply.instances);
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
    this.#receipts.onGeneration();
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
    this.#pending.onRead(nonce);
    this.#place = { seq, nonce, generation };
    return content.kind === 'purge' && content.wantsAck;
  }

  #changed(): void {
    const own = this.#pending.position();
    const read = this.#read.position();
    this.#position = own === undefined ? read : { ...read, own };
  }
}

async function withWorkers(receipt: Promise<Receipt>, told: Promise<Receipt['workers']>): Promise<Receipt> {
  const [{ instances }, workers] = await Promise.all([receipt, told]);
  return { instances, workers };
}
