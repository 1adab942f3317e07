/**
 * Has a worker append to Redis what the primary has placed: the primary itself is not connected to it.
 *
 * Promise: each purge is given to one worker after another until one has answered. While none is ready it waits.
 */

import type { PlacedPurge } from '../store/log/worker-purge-log.ts';
import type { Receipt } from '../store/purge-log.ts';
import type { Worker } from './crew.ts';

/** Finds a worker for each purge. */
export class Recorder {
  readonly #ready: () => readonly Worker[];
  #change = Promise.withResolvers<undefined>();

  constructor(ready: () => readonly Worker[]) {
    this.#ready = ready;
  }

  async record(placed: PlacedPurge): Promise<Receipt['instances']> {
    const asked = new Set<Worker>();
    for (;;) {
      const worker = this.#ready().find((one) => !asked.has(one));
      if (worker === undefined) {
        await this.#change.promise;
        continue;
      }
      // One that gives no answer has ended.
      asked.add(worker);
      const receipt = await worker.link.ask('record', placed);
      if (receipt !== undefined) return receipt.instances;
    }
  }

  /** Another worker is ready. */
  onReady(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<undefined>();
    resolve(undefined);
  }
}
