/** Seeded random choices. */

export type Random = {
  /** 0 to `below` − 1. */
  readonly int: (below: number) => number;
  readonly pick: <T>(...from: readonly T[]) => T;
  /** True in `percent` of a hundred. */
  readonly chance: (percent: number) => boolean;
};

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    int,
    pick: <T>(...from: readonly T[]): T => from[int(from.length)] as T,
    chance: (percent) => next() * 100 < percent,
  };
}
