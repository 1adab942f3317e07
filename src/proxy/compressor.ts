/**
 * Makes what was stored smaller, off everybody's path, a few at a time.
 *
 * Promise (DESIGN §3.10): what waits for its turn is bounded by bytes. Where pages come faster than they can be compressed
 * the rest stays as it is: that costs space in the store, which is bounded, and not in the process beside it.
 */

import { WorkQueue } from '../kit/work-queue.ts';
import type { Entry } from '../store/store.ts';
import { compressed } from './stored-form.ts';

type Job = { readonly entry: Entry; readonly done: (smaller: Entry | undefined) => void };

const atOnce = 2;
const mostWaitingBytes = 8 * 1024 * 1024;

/** Compresses for one store. */
export class Compressor {
  readonly #queue = new WorkQueue<Job>({
    run: async ({ entry, done }) => done(await compressed(entry)),
    concurrency: atOnce,
    maxWeight: mostWaitingBytes,
    onLost: (_, { done }) => done(undefined),
  });
  #count = 0;

  /** The same entry compressed, in its own time; `undefined` when that makes it no smaller, or there is no room to wait. */
  compress(entry: Entry): Promise<Entry | undefined> {
    this.#count += 1;
    const weight = Math.min(entry.body.length, mostWaitingBytes);
    return new Promise((done) => {
      // Each has a name of its own: none takes the place of another, whose store would wait for ever.
      this.#queue.add(String(this.#count), weight, { entry, done });
    });
  }
}
