/**
 * When the records of a purge log came, as far as is remembered: which place did the log have at an instant?
 *
 * Promise: never a place later than the true one.
 */

import type { EpochMs } from '../kit/time.ts';

/** Records that came within `stepMs`: the last instant, and the place before the first. */
type Step = { readonly from: EpochMs; at: EpochMs; readonly before: number };

const stepMs = 250;
const mostSteps = 4096;

/** Times of the records of one log. */
export class LogTimes {
  #steps: Step[] = [];
  #lostUntil = -Infinity;

  record(seq: number, at: EpochMs): void {
    const last = this.#steps.at(-1);
    if (last !== undefined && at - last.from < stepMs) last.at = at;
    else this.#steps.push({ from: at, at, before: seq - 1 });
    if (this.#steps.length <= mostSteps) return;
    const lost = this.#steps.splice(0, mostSteps / 4);
    this.#lostUntil = lost.at(-1)?.at ?? this.#lostUntil;
  }

  /** The place at an instant; undefined: no record has come since. Before what is remembered, -1. */
  placeAt(at: EpochMs): number | undefined {
    if (at < this.#lostUntil) return -1;
    return this.#steps.find((step) => step.at > at)?.before;
  }
}
