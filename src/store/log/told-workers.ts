/** How a worker's log tells the other workers of its purges, through their primary. */

import type { Purge, Receipt } from '../purge-log.ts';
import { encodePurge } from './log-record.ts';
import type { SentPurge } from './worker-purge-log.ts';

export type OtherWorkers = {
  /** Resolves when the purge holds at every worker. `recorded`: that the shared log has it, so that they read it there. */
  readonly tell: (purge: Purge, record: ToldRecord) => Promise<Receipt['workers']>;
};

type ToldRecord = { readonly nonce: string; readonly recorded: Promise<unknown> };

type ToldWorkersOptions = {
  readonly send: (purges: readonly SentPurge[]) => void;
  readonly onRecorded: (own: number) => void;
};

/** The other workers of one. */
export class ToldWorkers implements OtherWorkers {
  readonly #options: ToldWorkersOptions;
  readonly #waiting = new Map<number, (workers: Receipt['workers']) => void>();
  #last = 0;

  constructor(options: ToldWorkersOptions) {
    this.#options = options;
  }

  tell(purge: Purge, { nonce, recorded }: ToldRecord): Promise<Receipt['workers']> {
    this.#last += 1;
    const own = this.#last;
    void recorded.then(() => {
      this.#options.onRecorded(own);
    });
    this.#options.send([{ own, nonce, payload: encodePurge(purge, { wantsAck: false }) }]);
    return new Promise((resolve) => {
      this.#waiting.set(own, resolve);
    });
  }

  onSettled(own: number, workers: Receipt['workers']): void {
    this.#waiting.get(own)?.(workers);
    this.#waiting.delete(own);
  }
}
