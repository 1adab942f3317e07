/**
 * How often does a page change, and how old may its copy get? (pure)
 *
 * The model: a page changes at random moments, λ a second on average (a Poisson process). Nobody sees the moments. What is
 * seen are intervals: the page was the same at both ends, or it was not, and then it changed at least once between. These are
 * interval-censored change times, of which each interval tells only on which side of its length the first one lies ("current
 * status" data: Groeneboom and Wellner, *Information Bounds and Nonparametric Maximum Likelihood Estimation*, 1992).
 *
 * An interval of t seconds is without a change with probability e^(−λt), so that
 *
 *     log L(λ) = −λ Σ_same t + Σ_changed log(1 − e^(−λt))
 *
 * The rate that makes it largest solves Σ_changed t / (e^(λt) − 1) = Σ_same t (Cho and Garcia-Molina, *Estimating Frequency of
 * Change*, ACM TOIT 3(3), 2003, §5, for irregular visits). Its 95 % interval holds every λ with
 * log L(λ) ≥ log L(λ̂) − 1.92 (likelihood ratio, χ² with one degree of freedom). With no change seen the upper end is exact:
 * e^(−λT) = 2.5 %, λ = 3.69 / T.
 *
 * What it does not model: pages of one route that change at different rates (the rate is then that of the mixture), and changes
 * that come together, such as a deployment. Whoever advises must allow for both, see `lifetime-advice.ts`.
 */

/** So many intervals, of this length on average. */
export type Intervals = { readonly seconds: number; readonly count: number };

export type Seen = { readonly same: readonly Intervals[]; readonly changed: readonly Intervals[] };

/** Changes per second; `high` and `rate` may be infinite. */
export type ChangeRate = { readonly rate: number; readonly low: number; readonly high: number };

/** 97.5 % of Poisson counts with this mean are above 0. */
export const noneSeen = 3.69;
/** Half of χ²(95 %, 1). */
const drop = 1.9207;
const [slowest, fastest] = [1e-12, 1e6];

/** The rate with its interval; everything when nothing was seen. */
export function changeRate(seen: Seen): ChangeRate {
  const unchangedFor = secondsOf(seen.same);
  if (countOf(seen.changed) === 0)
    return { rate: 0, low: 0, high: unchangedFor === 0 ? Infinity : noneSeen / unchangedFor };
  const rate = unchangedFor === 0 ? Infinity : crossing((λ) => expected(seen.changed, λ) - unchangedFor);
  const best = logLikelihood(seen, Math.min(rate, fastest)) - drop;
  const excess = (λ: number): number => logLikelihood(seen, λ) - best;
  const low = crossing((λ) => -excess(λ), { to: Math.min(rate, fastest) });
  const high = rate === Infinity ? Infinity : crossing(excess, { from: rate });
  return { rate, low, high };
}

/** How many intervals there are. */
export const countOf = (all: readonly Intervals[]): number => all.reduce((sum, { count }) => sum + count, 0);

/** How long they are together. */
export const secondsOf = (all: readonly Intervals[]): number =>
  all.reduce((sum, { count, seconds }) => sum + count * seconds, 0);

/**
 * The share of hits that are stale when copies live `lifetime` seconds and hits come evenly through it: the mean of
 * 1 − e^(−λa) over the ages a from 0 to L, which is 1 − (1 − e^(−λL)) / λL.
 */
export function staleShare(rate: number, lifetime: number): number {
  const changes = rate * lifetime;
  if (changes === Infinity) return 1;
  // Of small numbers the formula loses every digit.
  return changes < 1e-4 ? changes / 2 : 1 + Math.expm1(-changes) / changes;
}

/** The longest lifetime with no larger share of stale hits. */
export function lifetimeFor(rate: number, share: number): number {
  if (rate === 0) return Infinity;
  return rate === Infinity ? 0 : crossing((changes) => share - staleShare(1, changes)) / rate;
}

const expected = (changed: readonly Intervals[], rate: number): number =>
  changed.reduce((sum, { seconds, count }) => sum + (count * seconds) / Math.expm1(rate * seconds), 0);

function logLikelihood({ same, changed }: Seen, rate: number): number {
  const seen = changed.reduce(
    (sum, { seconds, count }) => sum + count * Math.log(-Math.expm1(-rate * seconds)),
    0,
  );
  return seen - rate * secondsOf(same);
}

/** Where a function that is positive first and negative later is 0; by halving the logarithm. */
function crossing(
  isLeft: (x: number) => number,
  { from = slowest, to = fastest }: { readonly from?: number; readonly to?: number } = {},
): number {
  let [low, high] = [Math.log(from), Math.log(to)];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (isLeft(Math.exp(middle)) > 0) low = middle;
    else high = middle;
  }
  return Math.exp(low);
}
