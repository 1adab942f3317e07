/**
 * Purges of this instance that the shared log has not confirmed yet. They are in force here from the call on, and are
 * appended when Redis can be reached: by this process, or by another worker of the instance, which has told of them.
 *
 * Promises: memory is bounded: too many purges become one purge of everything. A purge stays in force here until the
 * log has been read as far as its place.
 */

import { randomUUID } from 'node:crypto';
import { encodePurge, everythingPurge } from './log-record.ts';
import type { NewRecord } from './log-script.ts';
import { LocalPurgeLog, type Position, type Purge, type PurgeSubject, type Verdict } from '../purge-log.ts';

type Pending = {
  readonly own: number;
  readonly purge: Purge;
  /** Absent: another worker appends it, and `told` is its place in the workers' order. */
  readonly record: NewRecord | undefined;
  readonly told?: number;
  readonly nonce: string;
  isRecorded?: boolean;
  /** Its place in the shared log, or a later one. */
  place: number | undefined;
};

/** A purge that another worker appends: its place in the workers' order, and its nonce in the log. */
export type ToldPurge = { readonly place: number; readonly nonce: string };

/** Which of the purges told are in the shared log: those of these places in the workers' order, and all up to one. */
export type RecordedPurges = { readonly places: readonly number[]; readonly upTo: number };

type PendingBatch = { readonly records: readonly NewRecord[]; readonly upTo: number };

const mostPurges = 1_000;
const mostTags = 100_000;

/** The pending purges of one instance. */
export class PendingPurges {
  readonly #instance: string;
  #items: Pending[] = [];
  #tags = 0;
  #last = 0;
  #log: LocalPurgeLog | undefined;
  #waiters: { readonly own: number; readonly resolve: (place: number) => void }[] = [];

  constructor(instance: string) {
    this.#instance = instance;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Adds a purge; the promise gives its place in the shared log, once it has one. */
  add(
    purge: Purge,
    { nonce = randomUUID(), wantsAck }: { readonly nonce?: string; readonly wantsAck: boolean },
  ): Promise<number> {
    const own = this.#last + 1;
    const record = { own, nonce, payload: encodePurge(purge, { wantsAck }) };
    this.#hold({ own, purge, record, nonce, place: undefined });
    return new Promise((resolve) => {
      this.#waiters.push({ own, resolve });
    });
  }

  /** Takes a purge that another worker appends. */
  take(purge: Purge, { place, nonce }: ToldPurge): void {
    this.#hold({ own: this.#last + 1, purge, record: undefined, told: place, nonce, place: undefined });
  }

  /** The record with this nonce has been read. */
  onRead(nonce: string): void {
    const isIt = (item: Pending): boolean => item.told !== undefined && item.nonce === nonce;
    if (this.#items.some(isIt)) this.#keep(this.#items.filter((item) => !isIt(item)));
  }

  /** Others have appended what they told of. */
  onRecorded({ places, upTo }: RecordedPurges): void {
    for (const item of this.#items)
      if (item.told !== undefined) item.isRecorded ||= item.told <= upTo || places.includes(item.told);
  }

  /** What others have appended by now: it need not be held once the log has been read from this moment on. */
  recordedByOthers(): ReadonlySet<object> {
    return new Set(this.#items.filter(({ isRecorded }) => isRecorded === true));
  }

  drop(items: ReadonlySet<object>): void {
    this.#keep(this.#items.filter((item) => !items.has(item)));
  }

  batch(): PendingBatch {
    const waiting = this.#items.filter(({ place }) => place === undefined);
    return { records: waiting.flatMap(({ record }) => record ?? []), upTo: this.#last };
  }

  confirm({ upTo }: PendingBatch, place: number): void {
    for (const item of this.#items) if (item.own <= upTo && item.record !== undefined) item.place ??= place;
    const confirmed = this.#waiters.filter(({ own }) => own <= upTo);
    this.#waiters = this.#waiters.filter(({ own }) => own > upTo);
    for (const { resolve } of confirmed) resolve(place);
  }

  /** The shared log has been read up to `seq`, so purges confirmed up to there are in force through it. */
  settle(seq: number): void {
    const left = this.#items.filter(({ place }) => place === undefined || place > seq);
    if (left.length === this.#items.length) return;
    this.#keep(left);
  }

  position(): Position | undefined {
    return this.#log?.position();
  }

  verdict(subject: PurgeSubject): Verdict | undefined {
    if (this.#log === undefined) return undefined;
    const { own } = subject.asOf;
    const seq = own?.log === this.#instance ? own.seq : 0;
    return this.#log.verdict({ ...subject, asOf: { log: this.#instance, seq } });
  }

  /** What the shared log says of a subject, or what a pending purge says where that is more. */
  onTopOf(read: Verdict, subject: PurgeSubject): Verdict {
    if (read.kind === 'purged') return read;
    const pending = this.verdict(subject);
    return pending === undefined || pending.kind === 'current' ? read : pending;
  }

  #hold(item: Pending): void {
    const { own, purge } = item;
    this.#last = own;
    this.#tags += purge.tags.length;
    this.#items.push(item);
    this.#log ??= new LocalPurgeLog(this.#instance);
    this.#log.record(own, purge);
    // A single purge is kept however large it is: it must not remove more than it names.
    const areTooMany = this.#items.length > mostPurges || this.#tags > mostTags;
    if (areTooMany && this.#items.length > 1) this.#merge();
  }

  #merge(): void {
    const own = this.#last;
    const nonce = randomUUID();
    const record = { own, nonce, payload: encodePurge(everythingPurge, { wantsAck: false }) };
    this.#keep([{ own, purge: everythingPurge, record, nonce, place: undefined }]);
  }

  #keep(items: Pending[]): void {
    this.#items = items;
    this.#tags = items.reduce((sum, { purge }) => sum + purge.tags.length, 0);
    this.#log = items.length === 0 ? undefined : new LocalPurgeLog(this.#instance);
    for (const { own, purge } of items) this.#log?.record(own, purge);
    this.#log?.reach(this.#last);
  }
}
