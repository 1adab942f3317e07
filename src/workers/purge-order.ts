/**
 * The primary's part of the purge log that the workers share: it gives each purge its position, tells every worker, and
 * waits until all have read it.
 *
 * Promises:
 * - All workers get the purges in one order, each from the position on that it was given when it joined.
 * - With Redis, a purge is kept until Redis has recorded it: a worker that joins meanwhile is told of it.
 * - A purge is settled when every worker that could hold what it makes stale has acknowledged it or has ended. So a worker
 *   that does not answer must be ended (`crew.ts`).
 */

import { randomUUID } from 'node:crypto';
import { decodeRecord, encodePurge, everythingPurge } from '../store/log/log-record.ts';
import type { RecordedPurges } from '../store/log/pending-purges.ts';
import type { PlacedPurge, SentPurge } from '../store/log/worker-purge-log.ts';
import type { Purge, Receipt } from '../store/purge-log.ts';

/** What the order tells a worker. */
export type OrderedWorker = {
  readonly name: string;
  readonly onPlaced: (purges: readonly PlacedPurge[]) => void;
  readonly onSettled: (own: number, workers: Receipt['workers']) => void;
  readonly onRecorded?: (recorded: RecordedPurges) => void;
};

/** Where a worker joins: what it hears of follows, and Redis does not have these purges yet. */
export type OrderPlace = {
  readonly id: string;
  readonly seq: number;
  readonly unrecorded: readonly PlacedPurge[];
};

/** Has Redis record a purge of the primary's own; absent without Redis. */
export type RecordPurge = (placed: PlacedPurge) => Promise<Receipt['instances']>;

type Member = OrderedWorker & { acknowledged: number };

type Unsettled = { readonly seq: number; readonly settle: () => void };

/** More are taken for a purge of everything. */
const mostUnrecorded = 2000;

/** The order of purges, and how far each worker has read it. */
export class PurgeOrder {
  readonly id: string = randomUUID();
  readonly #record: RecordPurge | undefined;
  readonly #members = new Map<string, Member>();
  #unsettled: Unsettled[] = [];
  #unrecorded: PlacedPurge[] = [];
  #seq = 0;

  constructor(record?: RecordPurge) {
    this.#record = record;
  }

  /** From now on the worker gets every purge; it has nothing stored from before the position returned. */
  join(worker: OrderedWorker): OrderPlace {
    this.#members.set(worker.name, { ...worker, acknowledged: this.#seq });
    return { id: this.id, seq: this.#seq, unrecorded: [...this.#unrecorded] };
  }

  /** A worker has ended: it gives nothing any more. */
  leave(name: string): void {
    this.#members.delete(name);
    this.#settle();
  }

  /** Places the purges of a worker. */
  place(name: string, purges: readonly SentPurge[]): void {
    const last = purges.at(-1);
    if (last === undefined || !this.#members.has(name)) return;
    const { known } = this.#tell(purges, name);
    this.#unsettled.push({
      seq: this.#seq,
      settle: () => this.#members.get(name)?.onSettled(last.own, { known, acknowledged: known }),
    });
  }

  /** Appends a purge of the primary's own. */
  async append(purge: Purge): Promise<Receipt> {
    const payload = encodePurge(purge, { wantsAck: true });
    const { known, placed } = this.#tell([{ own: 0, nonce: randomUUID(), payload }], undefined);
    const settled = new Promise<void>((resolve) => {
      this.#unsettled.push({ seq: this.#seq, settle: resolve });
    });
    this.#settle();
    await settled;
    // Not before: a worker that reads it in Redis first could not count any more what it ends.
    const instances = placed[0] && (await this.#record?.(placed[0]));
    return { instances: instances ?? alone, workers: { known, acknowledged: known } };
  }

  /** Redis has recorded a worker's own purge. */
  onRecorded(name: string, own: number): void {
    this.#forget(this.#unrecorded.filter((purge) => purge.from === name && purge.own === own));
  }

  /** Redis has recorded a purge of the primary's. */
  onPlacedRecorded(seq: number): void {
    const purge = this.#unrecorded.find((one) => one.seq === seq);
    if (purge === undefined) return;
    // After one of everything nothing that came before it matters, whoever was to append it.
    if (isOfEverything(purge))
      this.#forget(
        this.#unrecorded.filter((one) => one.seq <= seq),
        seq,
      );
    else this.#forget([purge]);
  }

  acknowledge(name: string, seq: number): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    member.acknowledged = Math.max(member.acknowledged, seq);
    this.#settle();
  }

  #tell(purges: readonly SentPurge[], from: string | undefined) {
    const placed = purges.map((purge) => {
      this.#seq += 1;
      return { ...purge, from, seq: this.#seq };
    });
    for (const { onPlaced } of this.#members.values()) onPlaced(placed);
    if (this.#record !== undefined) this.#keep(placed);
    return { known: this.#members.size, placed };
  }

  #keep(placed: readonly PlacedPurge[]): void {
    this.#unrecorded.push(...placed);
    if (this.#unrecorded.length <= mostUnrecorded) return;
    this.#unrecorded = [];
    void this.append(everythingPurge);
  }

  #forget(purges: readonly PlacedPurge[], upTo = 0): void {
    if (purges.length === 0) return;
    const recorded = { places: purges.map(({ seq }) => seq), upTo };
    this.#unrecorded = this.#unrecorded.filter((purge) => !purges.includes(purge));
    for (const { onRecorded } of this.#members.values()) onRecorded?.(recorded);
  }

  #settle(): void {
    const read = Math.min(this.#seq, ...[...this.#members.values()].map(({ acknowledged }) => acknowledged));
    while (this.#unsettled[0] !== undefined && this.#unsettled[0].seq <= read)
      this.#unsettled.shift()?.settle();
  }
}

const alone: Receipt['instances'] = { known: 1, acknowledged: 1 };

function isOfEverything({ payload }: SentPurge): boolean {
  const content = decodeRecord(payload);
  return content.kind === 'purge' && content.purge.everything && !content.purge.soft;
}
