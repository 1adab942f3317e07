/**
 * The primary's part of the purge log that the workers share: it gives each purge its position, tells every worker, and
 * waits until all have read it.
 *
 * Promises:
 * - All workers get the purges in one order, each from the position on that it was given when it joined.
 * - A purge is settled when every worker that could hold what it makes stale has acknowledged it or has ended. So a worker
 *   that does not answer must be ended (`crew.ts`).
 */

import { randomUUID } from 'node:crypto';
import { encodePurge } from '../store/log/log-record.ts';
import type { PlacedPurge, SentPurge } from '../store/log/worker-purge-log.ts';
import type { Purge, Receipt } from '../store/purge-log.ts';

/** What the order tells a worker. */
export type OrderedWorker = {
  readonly name: string;
  readonly onPlaced: (purges: readonly PlacedPurge[]) => void;
  readonly onSettled: (own: number, workers: Receipt['workers']) => void;
};

type Member = OrderedWorker & { acknowledged: number };

type Unsettled = { readonly seq: number; readonly settle: () => void };

/** The order of purges, and how far each worker has read it. */
export class PurgeOrder {
  readonly #id: string = randomUUID();
  readonly #members = new Map<string, Member>();
  #unsettled: Unsettled[] = [];
  #seq = 0;

  /** From now on the worker gets every purge; it has nothing stored from before the position returned. */
  join(worker: OrderedWorker): { readonly id: string; readonly seq: number } {
    this.#members.set(worker.name, { ...worker, acknowledged: this.#seq });
    return { id: this.#id, seq: this.#seq };
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
    const known = this.#tell(purges, name);
    this.#unsettled.push({
      seq: this.#seq,
      settle: () => this.#members.get(name)?.onSettled(last.own, { known, acknowledged: known }),
    });
  }

  /** Appends a purge of the primary's own. */
  append(purge: Purge): Promise<Receipt> {
    const payload = encodePurge(purge, { wantsAck: true });
    const known = this.#tell([{ own: 0, payload }], undefined);
    return new Promise((resolve) => {
      const settle = (): void => {
        resolve({ instances: { known: 1, acknowledged: 1 }, workers: { known, acknowledged: known } });
      };
      this.#unsettled.push({ seq: this.#seq, settle });
      this.#settle();
    });
  }

  acknowledge(name: string, seq: number): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    member.acknowledged = Math.max(member.acknowledged, seq);
    this.#settle();
  }

  #tell(purges: readonly SentPurge[], from: string | undefined): number {
    const placed = purges.map(({ own, payload }) => {
      this.#seq += 1;
      return { own, payload, from, seq: this.#seq };
    });
    for (const { onPlaced } of this.#members.values()) onPlaced(placed);
    return this.#members.size;
  }

  #settle(): void {
    const read = Math.min(this.#seq, ...[...this.#members.values()].map(({ acknowledged }) => acknowledged));
    while (this.#unsettled[0] !== undefined && this.#unsettled[0].seq <= read)
      this.#unsettled.shift()?.settle();
  }
}
