/**
 * How often may something be begun: a bucket of tokens, and a rate that gives way to trouble and comes back slowly
 * (additive increase, multiplicative decrease). Pure: instants are arguments, from a clock that never jumps back.
 */

/** `share` of `perSecond` is what the bucket fills with; `burst` is what it holds. */
export type TokenBucketOptions = {
  /** Tokens a second at most. */
  readonly perSecond: number;
  /** Tokens a second at least, however great the trouble: something must find out when it is over. */
  readonly leastPerSecond: number;
  readonly burst: number;
};

const decrease = 0.5;
/** From the least to all of it in a good half minute. */
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

  /** Which part of the full rate is allowed, more than 0 and at most 1. */
  get share(): number {
    return this.#share;
  }

  /** Tokens a second now. */
  get rate(): number {
    return this.#options.perSecond * this.#share;
  }

  /** Takes a token; `false`: there is none. */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until there is a token. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.rate) * 1000);
  }

  /** Trouble: from now on half as often. */
  shrink(nowMs: number): void {
    this.#fill(nowMs);
    const least = this.#options.leastPerSecond / this.#options.perSecond;
    this.#share = Math.max(least, this.#share * decrease);
    // What was saved up in good times is not for bad ones.
    this.#tokens = Math.min(this.#tokens, 1);
  }

  /** No trouble for so long: a little more often. */
  grow(goodMs: number): void {
    this.#share = Math.min(1, this.#share + (increasePerSecond * goodMs) / 1000);
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#filledMs ?? nowMs));
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + (elapsedMs / 1000) * this.rate);
  }
}
