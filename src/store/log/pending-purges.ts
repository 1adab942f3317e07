/**
 * Purges of this instance that the shared log has not confirmed yet: they hold here from the call on, and wait to be
 * appended, through an outage if need be.
 *
 * Promises: bounded: more than can be kept become one purge of everything; one is kept in force until the log has been
 * read as far as its place there.
 */

import { randomUUID } from 'node:crypto';
import { encodePurge, everythingPurge } from './log-record.ts';
import type { NewRecord } from './log-script.ts';
import { LocalPurgeLog, type Position, type Purge, type PurgeSubject, type Verdict } from '../purge-log.ts';

/** A purge and its place among this instance's own. */
type Pending = {
  readonly own: number;
  readonly purge: Purge;
  readonly record: NewRecord;
  /** Its place in the shared log, or one behind it. */
  place: number | undefined;
};

/** What was given to be appended at once: to be confirmed as it was given. */
export type PendingBatch = { readonly records: readonly NewRecord[]; readonly upTo: number };

const mostPurges = 1_000;
const mostTags = 100_000;

/** The pending purges of one instance. */
export class PendingPurges {
  readonly #instance: string;
  #items: Pending[] = [];
  #tags = 0;
  #last = 0;
  /** The same, by tag; `undefined` when nothing is pending. */
  #log: LocalPurgeLog | undefined;
  #waiters: { readonly own: number; readonly resolve: (place: number) => void }[] = [];

  constructor(instance: string) {
    this.#instance = instance;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Takes up a purge; the promise is of its place in the shared log, once it has one. */
  add(purge: Purge, wanted: { readonly wantsAck: boolean }): Promise<number> {
    this.#last += 1;
    const own = this.#last;
    this.#tags += purge.tags.length;
    const record = { own, nonce: randomUUID(), payload: encodePurge(purge, wanted) };
    this.#items.push({ own, purge, record, place: undefined });
    this.#log ??= new LocalPurgeLog(this.#instance);
    this.#log.record(own, purge);
    // One alone stays as it is: it is as large as its sender may make it, and must not end more than it names.
    const areTooMany = this.#items.length > mostPurges || this.#tags > mostTags;
    if (areTooMany && this.#items.length > 1) this.#merge();
    return new Promise((resolve) => {
      this.#waiters.push({ own, resolve });
    });
  }

  /** What has still to be appended, in order. */
  batch(): PendingBatch {
    const records = this.#items.filter(({ place }) => place === undefined).map(({ record }) => record);
    return { records, upTo: this.#last };
  }

  /** The batch is in the log, its last record at `place`. */
  confirm({ upTo }: PendingBatch, place: number): void {
    for (const item of this.#items) if (item.own <= upTo) item.place ??= place;
    const confirmed = this.#waiters.filter(({ own }) => own <= upTo);
    this.#waiters = this.#waiters.filter(({ own }) => own > upTo);
    for (const { resolve } of confirmed) resolve(place);
  }

  /** The shared log has been read up to `seq`: what is confirmed up to there is in force by it. */
  settle(seq: number): void {
    const left = this.#items.filter(({ place }) => place === undefined || place > seq);
    if (left.length === this.#items.length) return;
    this.#keep(left);
  }

  /** What a position has to say of purges that are pending. */
  position(): Position | undefined {
    return this.#log?.position();
  }

  /** What the pending purges say of an entry. */
  verdict(subject: PurgeSubject): Verdict | undefined {
    if (this.#log === undefined) return undefined;
    const { own } = subject.asOf;
    const seq = own?.log === this.#instance ? own.seq : 0;
    return this.#log.verdict({ ...subject, asOf: { log: this.#instance, seq } });
  }

  #merge(): void {
    const own = this.#last;
    const record = { own, nonce: randomUUID(), payload: encodePurge(everythingPurge, { wantsAck: false }) };
    this.#keep([{ own, purge: everythingPurge, record, place: undefined }]);
  }

  #keep(items: Pending[]): void {
    this.#items = items;
    this.#tags = items.reduce((sum, { purge }) => sum + purge.tags.length, 0);
    this.#log = items.length === 0 ? undefined : new LocalPurgeLog(this.#instance);
    for (const { own, purge } of items) this.#log?.record(own, purge);
    this.#log?.reach(this.#last);
  }
}
