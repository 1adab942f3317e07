/**
 * One worker's view of the purge log that the workers of an instance share. Their primary gives each purge its position.
 *
 * Promises:
 * - A purge is in force here from the call on, and at every other worker when `append` resolves.
 * - Positions are the primary's, so an `asOf` means the same to all workers.
 *
 * A fill on this worker, against a purge on another:
 *   1. we take position 10 and ask the origin   2. the primary gives the other's purge position 11, and tells us
 *   3. we store the answer, asOf 10             4. having read 11 we acknowledge it, and no longer give the entry
 */

import type { Clock, EpochMs } from '../../kit/time.ts';
import {
  LocalPurgeLog,
  type OnAppended,
  type Position,
  type Purge,
  type PurgeLog,
  type PurgeSubject,
  type Receipt,
  type Verdict,
} from '../purge-log.ts';
import { decodeRecord } from './log-record.ts';
import { PendingPurges } from './pending-purges.ts';

/** A purge to be given a position. `own` counts the purges of its sender. */
export type SentPurge = { readonly own: number; readonly nonce: string; readonly payload: string };

/** A purge with its position. `from` is absent for one of the primary's own. */
export type PlacedPurge = SentPurge & { readonly seq: number; readonly from: string | undefined };

export type WorkerPurgeLogOptions = {
  /** The log, and its position when this worker began to read it. */
  readonly log: { readonly id: string; readonly seq: number };
  /** This worker's name in the log. */
  readonly worker: string;
  readonly send: (purges: readonly SentPurge[]) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly onAppended?: OnAppended | undefined;
  /** Hears of the purges of others, when they hold here. */
  readonly onForeign?: ((purge: Purge) => void) | undefined;
};

type Waiter = { readonly own: number; readonly resolve: (receipt: Receipt) => void };

/** The log as one worker sees it. */
export class WorkerPurgeLog implements PurgeLog {
  readonly #options: WorkerPurgeLogOptions;
  readonly #pending: PendingPurges;
  readonly #read: LocalPurgeLog;
  #position: Position;
  #sent = 0;
  #waiters: Waiter[] = [];

  constructor(options: WorkerPurgeLogOptions) {
    const { log, worker, clock } = options;
    this.#options = options;
    this.#pending = new PendingPurges(worker);
    this.#read = new LocalPurgeLog(log.id, log.seq, { clock });
    this.#position = this.#read.position();
  }

  position(): Position {
    return this.#position;
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
    void this.#pending.add(purge, { wantsAck: true });
    this.#changed();
    const { records, upTo } = this.#pending.batch();
    const sent = this.#sent;
    this.#sent = upTo;
    this.#options.send(records.filter(({ own }) => own > sent));
    const receipt = new Promise<Receipt>((resolve) => {
      this.#waiters.push({ own: upTo, resolve });
    });
    this.#options.onAppended?.(purge, receipt);
    return receipt;
  }

  /** Takes purges in the order of their positions. When it returns, they hold here. */
  onPlaced(purges: readonly PlacedPurge[]): void {
    const foreign: Purge[] = [];
    for (const { seq, own, from, payload } of purges) {
      const content = decodeRecord(payload);
      if (content.kind === 'start') continue;
      this.#read.record(seq, content.purge);
      if (from === this.#options.worker) this.#pending.confirm({ records: [], upTo: own }, seq);
      else foreign.push(content.purge);
    }
    this.#pending.settle(this.#read.position().seq);
    this.#changed();
    for (const purge of foreign) this.#options.onForeign?.(purge);
  }

  /** All workers have read this worker's purges up to `own`. */
  onSettled(own: number, workers: Receipt['workers']): void {
    const settled = this.#waiters.filter((waiter) => waiter.own <= own);
    this.#waiters = this.#waiters.filter((waiter) => waiter.own > own);
    for (const { resolve } of settled) resolve({ instances: { known: 1, acknowledged: 1 }, workers });
  }

  #changed(): void {
    const own = this.#pending.position();
    const read = this.#read.position();
    this.#position = own === undefined ? read : { ...read, own };
  }
}
