/**
 * How long an exchange may wait: for the head of its answer, then between two pieces of the body. One limit at a time.
 */

import type { Seconds } from '../kit/time.ts';
import type { FailureReason } from './failure.ts';

/** The limit in force. */
export class Deadline {
  readonly #onLate: (reason: FailureReason) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onLate: (reason: FailureReason) => void) {
    this.#onLate = onLate;
  }

  /** Puts a limit in force, from now on, in place of the one before. */
  arm(reason: FailureReason, limit: Seconds): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#onLate(reason);
    }, limit * 1000);
  }

  /** The same limit, from now on. */
  refresh(): void {
    this.#timer?.refresh();
  }

  /** None is in force. */
  lift(): void {
    clearTimeout(this.#timer);
  }
}
