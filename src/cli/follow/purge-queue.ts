/**
 * Queues users whose data changed, and purges them through the control API in batches, with retries.
 *
 * Promises: nothing added is lost while this runs, however long the control API is away. Memory is bounded: with too many
 * users waiting, everything is purged instead.
 */

import type { ControlAnswer } from '../control-client.ts';

export type Selectors = {
  readonly users?: readonly string[];
  readonly tags?: readonly string[];
  readonly everything?: true;
};

export type PurgeQueueOptions = {
  readonly post: (selectors: Selectors) => Promise<ControlAnswer>;
  readonly tags: readonly string[];
  readonly onPurged: (selectors: Selectors) => void;
  readonly onTrouble: (message: string) => void;
};

const gatherMs = 50;
const retryMs = 1_000;
const mostUsers = 1_000;

/** The queue. `close` drops what is left. */
export class PurgeQueue {
  readonly #options: PurgeQueueOptions;
  #users = new Set<string>();
  #everything = false;
  #timer: NodeJS.Timeout | undefined;
  #isPosting = false;
  #isClosed = false;

  constructor(options: PurgeQueueOptions) {
    this.#options = options;
  }

  add(user: string): void {
    if (this.#everything) return;
    this.#users.add(user);
    if (this.#users.size > mostUsers) this.addEverything();
    else this.#schedule(gatherMs);
  }

  addEverything(): void {
    this.#everything = true;
    this.#users = new Set();
    this.#schedule(gatherMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed || this.#isPosting || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#post();
    }, delayMs);
  }

  async #post(): Promise<void> {
    const { post, tags, onPurged, onTrouble } = this.#options;
    const taken = this.#users;
    const isEverything = this.#everything;
    const selectors: Selectors = isEverything
      ? { everything: true }
      : { users: [...taken], ...(tags.length === 0 ? {} : { tags }) };
    this.#users = new Set();
    this.#everything = false;
    this.#isPosting = true;
    const answer = await post(selectors);
    this.#isPosting = false;
    if (answer.kind === 'ok') onPurged(selectors);
    else {
      onTrouble(answer.message);
      if (isEverything) this.#everything = true;
      else for (const user of taken) this.#users.add(user);
    }
    if (this.#everything || this.#users.size > 0) this.#schedule(answer.kind === 'ok' ? gatherMs : retryMs);
  }
}
