/**
 * A token bucket whose rate halves on trouble and recovers slowly (additive increase, multiplicative decrease). Pure:
 * instants are arguments, from a clock that never jumps back.
 */

/** `share` of `perSecond` is what the bucket fills with; `burst` is what it holds. */
export type TokenBucketOptions = {
  readonly perSecond: number;
  /** The lowest rate, in tokens per second: something must notice when the trouble is over. */
  readonly leastPerSecond: number;
  readonly burst: number;
};

const decrease = 0.5;
/** From the lowest to the highest rate takes about half a minute. */
const increasePerSecond = 0.03;

/** A bucket whose rate adapts. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #share = 1;
  #tokens: number;
  #filledMs: number | undefined;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
  }

  /** The share of the full rate that is allowed, in (0, 1]. */
  get share(): number {
    return this.#share;
  }

  get rate(): number {
    return this.#options.perSecond * this.#share;
  }

  /** Takes a token; `false` if there is none. */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.rate) * 1000);
  }

  shrink(nowMs: number): void {
    this.#fill(nowMs);
    const least = this.#options.leastPerSecond / this.#options.perSecond;
    this.#share = Math.max(least, this.#share * decrease);
    // Tokens saved in good times must not be spent in bad ones.
    this.#tokens = Math.min(this.#tokens, 1);
  }

  /** Reports a stretch without trouble: raises the rate a little. */
  grow(goodMs: number): void {
    this.#share = Math.min(1, this.#share + (increasePerSecond * goodMs) / 1000);
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#filledMs ?? nowMs));
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + (elapsedMs / 1000) * this.rate);
  }
}
