/** Limits how long a call waits for the head of its answer, then between two chunks of the body. */

import { type Seconds, seconds } from '../kit/time.ts';
import type { FailureReason } from './failure.ts';

/** The current limit. */
export class Deadline {
  readonly #onLate: (reason: FailureReason) => void;
  #timer: NodeJS.Timeout | undefined;
  #limit = seconds(0);
  #reason: FailureReason = 'head-timeout';

  constructor(onLate: (reason: FailureReason) => void) {
    this.#onLate = onLate;
  }

  arm(reason: FailureReason, limit: Seconds): void {
    this.#reason = reason;
    if (this.#timer !== undefined && limit === this.#limit) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#limit = limit;
    this.#timer = setTimeout(() => {
      this.#onLate(this.#reason);
    }, limit * 1000);
  }

  refresh(): void {
    this.#timer?.refresh();
  }

  lift(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
