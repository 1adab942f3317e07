/** Numbers as they are shown. */

/** With so many decimals at the most. */
export function rounded(value: number, decimals: number): number {
  const unit = 10 ** decimals;
  return Math.round(value * unit) / unit;
}

/** A share: 0.125 is `12.5 %`. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
