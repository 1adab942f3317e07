/** How sure a share is that was counted in a sample: Wilson's score interval, which holds for small counts and for none too. */

export type Interval = { readonly low: number; readonly high: number };

/** Two-sided 95 %. */
export const z = 1.959964;

/** The interval in which the share of `count` in `of` lies with 95 % confidence; everything when nothing was counted. */
export function wilson(count: number, of: number): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const share = count / of;
  const square = z * z;
  const middle = share + square / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + square / (4 * of * of));
  const scale = 1 + square / of;
  // The ends are exact, but for the rounding of the machine.
  const low = count === 0 ? 0 : (middle - half) / scale;
  return { low, high: count === of ? 1 : (middle + half) / scale };
}
