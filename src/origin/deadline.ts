/** Limits how long a call waits for the head of its answer, then between two chunks of the body. */

import type { Seconds } from '../kit/time.ts';
import type { FailureReason } from './failure.ts';

/** The current limit. */
export class Deadline {
  readonly #onLate: (reason: FailureReason) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onLate: (reason: FailureReason) => void) {
    this.#onLate = onLate;
  }

  arm(reason: FailureReason, limit: Seconds): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#onLate(reason);
    }, limit * 1000);
  }

  refresh(): void {
    this.#timer?.refresh();
  }

  lift(): void {
    clearTimeout(this.#timer);
  }
}
