/** How long a body kept for the store may take (docs/lifecycle.md): nobody waits for the end of a slow one. */

import { type Seconds, seconds } from '../../kit/time.ts';

/** Seconds since its head after which those who wait read it along. */
const sharedAfter = 1;
/** Since its head, after which a client that was to have the whole gets it as it comes. */
const heldFor = 5;
/** Without a piece of it, after which it is not stored. */
const longestPause = 5;
/** Since its head, after which it is not stored. */
const keptFor = 20;
export const abandonedFor = seconds(10);
/** Of the connections to the origin, how many such fetches may hold. */
export const abandonedShare = 1 / 8;

const second = seconds(1);

export type BodyListener = {
  readonly onShare: () => void;
  readonly onFlow: () => void;
  readonly onSlow: () => void;
};

type Later = (delay: Seconds, action: () => void) => () => void;

/** Watches a body that is kept, from its head on, once a second. */
export class BodyWatch {
  readonly #later: Later;
  readonly #listener: BodyListener;
  #cancel: (() => void) | undefined;
  #passed = 0;
  #quiet = 0;

  constructor(later: Later, listener: BodyListener) {
    this.#later = later;
    this.#listener = listener;
    this.#look();
  }

  piece(): void {
    this.#quiet = 0;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    this.#cancel = this.#later(second, () => {
      this.#passed += 1;
      this.#quiet += 1;
      this.#look();
      if (this.#passed === sharedAfter) this.#listener.onShare();
      if (this.#passed === heldFor) this.#listener.onFlow();
      if (this.#quiet >= longestPause || this.#passed >= keptFor) this.#listener.onSlow();
    });
  }
}
