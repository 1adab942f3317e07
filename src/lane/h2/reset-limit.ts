/** How often a client may take back what it has asked for (CVE-2023-44487, rapid reset), as node:http2 counts it (pure). */

export const resetBurst = 256;
export const resetsPerSecond = 32;

/** The resets of one connection. */
export class ResetLimit {
  #left = resetBurst;
  #atMs: number | undefined;

  /** Counts one; `false`: too many. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs));
    this.#left = Math.min(resetBurst, this.#left + (passedMs / 1000) * resetsPerSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
