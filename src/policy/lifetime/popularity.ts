/**
 * Decides whether a key is requested often (`access: high`).
 *
 * Two count-min sketches (Cormode & Muthukrishnan 2005; conservative update: Estan & Varghese 2002) count the current
 * and the previous period, whose counts fade as the current one passes. Collisions never make a count too low, and make
 * it too high only where all of a key's cells are shared.
 *
 * Promises: 1 MiB, whatever the number of keys. No clock. A million distinct keys in a period make none popular.
 */

import type { EpochMs, Seconds } from '../../kit/time.ts';

export interface Popularity {
  /** Counts one request. `key` is a digest in hexadecimal, at least 20 digits. */
  record(key: string, now: EpochMs): void;
  /** Whether the key had `requests` or more within the last `per`, counting `more` that are not yet recorded. */
  isHigh(key: string, now: EpochMs, more?: number): boolean;
}

const rows = 4;
const rowBits = 17;
const rowCells = 1 << rowBits;
/** Until the first count: all cells are zero. */
const nothing = new Uint8Array(0);
/** A cell is one byte: above this, one count stands for several requests. */
const finest = 128;

/** Creates a counter for `requests` in `per`, as in `ttl.popular`. */
export const createPopularity = (high: { readonly requests: number; readonly per: Seconds }): Popularity =>
  new Sketches(high.requests, high.per * 1000);

class Sketches implements Popularity {
  readonly #threshold: number;
  readonly #periodMs: number;
  readonly #unit: number;
  #current = nothing;
  #previous = nothing;
  #startedAt: number | undefined;
  #chance = 0x9e3779b9;
  readonly #cells = new Int32Array(rows);

  constructor(requests: number, periodMs: number) {
    this.#unit = Math.ceil(requests / finest);
    this.#threshold = requests / this.#unit;
    this.#periodMs = Math.max(1, periodMs);
  }

  record(key: string, now: EpochMs): void {
    this.#turnTo(now);
    if (this.#unit > 1 && this.#draw() % this.#unit !== 0) return;
    if (this.#current === nothing) this.#current = new Uint8Array(rows * rowCells);
    const least = this.#locate(key, this.#current);
    if (least === 255) return;
    for (const cell of this.#cells) if (this.#current[cell] === least) this.#current[cell] = least + 1;
  }

  isHigh(key: string, now: EpochMs, more = 0): boolean {
    this.#turnTo(now);
    const current = this.#locate(key, this.#current) + more / this.#unit;
    if (current >= this.#threshold) return true;
    const elapsed = Math.max(0, now - (this.#startedAt ?? now));
    const previous = this.#locate(key, this.#previous);
    return current + previous * (1 - elapsed / this.#periodMs) >= this.#threshold;
  }

  /** Starts a new period when the current one is over, or when the clock jumped back by more than a period. */
  #turnTo(now: EpochMs): void {
    const elapsed = now - (this.#startedAt ??= now);
    if (elapsed < this.#periodMs && elapsed > -this.#periodMs) return;
    [this.#current, this.#previous] = [this.#previous, this.#current];
    this.#current.fill(0);
    const isNext = elapsed >= 0 && elapsed < 2 * this.#periodMs;
    if (!isNext) this.#previous.fill(0);
    this.#startedAt = isNext ? this.#startedAt + this.#periodMs : now;
  }

  #locate(key: string, counts: Uint8Array): number {
    let least = 255;
    for (let row = 0; row < rows; row++) {
      const cell = row * rowCells + fiveDigits(key, row * 5);
      this.#cells[row] = cell;
      least = Math.min(least, counts[cell] ?? 0);
    }
    return least;
  }

  /** Draws which of several requests is counted (xorshift32): repeatable for one sequence of requests. */
  #draw(): number {
    let x = this.#chance;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#chance = x >>> 0;
    return this.#chance;
  }
}

/** Seventeen bits from five digits of the key, which is a hash already. */
function fiveDigits(key: string, from: number): number {
  let bits = 0;
  for (let at = from; at < from + 5; at++) {
    const code = key.charCodeAt(at);
    // 0–9 are 0x30–0x39, a–f 0x61–0x66: bit 6 of a letter adds nine.
    bits = (bits << 4) | ((code + 9 * (code >>> 6)) & 15);
  }
  return bits & (rowCells - 1);
}
