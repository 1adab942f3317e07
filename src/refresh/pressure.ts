/**
 * Is the origin in trouble? Its latency and errors of the last few exchanges against those of the last minutes (pure).
 *
 * Promises: a tenfold latency shows within a few exchanges and counts as trouble for a minute or two, then as how the origin
 * is now; one slow answer among fast ones is no trouble.
 */

/** How many times its usual latency, and how much more than its usual share of errors, is trouble. */
const slowFactor = 3;
const errorShare = 0.2;

/** The share of a new exchange in what "the last few" are: about ten. */
const recentShare = 0.1;
/** The usual latency follows slowly upwards and fast downwards. */
const risingMs = 120_000;
const fallingMs = 5000;
/** The first ones define what is usual. */
const learning = 10;

/** One exchange with the origin. `isError`: no answer, a 5xx, or a 429. */
export type OriginSample = { readonly headMs: number; readonly isError: boolean };

/** Compares the last few exchanges with the usual. */
export class Pressure {
  #seen = 0;
  #recentLog = 0;
  #usualLog = 0;
  #recentErrors = 0;
  #usualErrors = 0;
  #lastMs = 0;

  /** `nowMs` never jumps back. */
  record({ headMs, isError }: OriginSample, nowMs: number): void {
    const elapsedMs = this.#seen === 0 ? 0 : Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#seen += 1;
    const share = Math.max(recentShare, 1 / this.#seen);
    // By orders of magnitude: latencies spread over several.
    this.#recentLog += share * (Math.log(Math.max(headMs, 0.5)) - this.#recentLog);
    this.#recentErrors += share * ((isError ? 1 : 0) - this.#recentErrors);
    this.#usualLog = this.#follow(this.#usualLog, this.#recentLog, elapsedMs);
    this.#usualErrors = this.#follow(this.#usualErrors, this.#recentErrors, elapsedMs);
  }

  get slowdown(): number {
    return Math.exp(this.#recentLog - this.#usualLog);
  }

  get isTrouble(): boolean {
    return this.slowdown > slowFactor || this.#recentErrors > this.#usualErrors + errorShare;
  }

  #follow(usual: number, recent: number, elapsedMs: number): number {
    if (this.#seen <= learning) return recent;
    const constantMs = recent > usual ? risingMs : fallingMs;
    return usual + (1 - Math.exp(-elapsedMs / constantMs)) * (recent - usual);
  }
}
