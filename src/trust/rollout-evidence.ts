/** What speaks for and against a rollout, over the last while; and whether it is enough to end it. */

import type { Rollback } from '../config/config.ts';
import type { EpochMs, Seconds } from '../kit/time.ts';
import { wilson } from '../kit/wilson.ts';

/** `answers` are those of people who are cached; `shadowAnswers` come from the origin as they are. */
export type Sums = {
  compared: number;
  stale: number;
  answers: number;
  errors: number;
  shadowAnswers: number;
  shadowErrors: number;
};

/** One thing that speaks for or against, or several. */
export type Counted = Readonly<Partial<Sums>>;

const slices = 12;

/** Counts over a sliding span, in twelve slices. */
export class Evidence {
  readonly #sliceMs: number;
  #slices: { readonly at: number; readonly sums: Sums }[] = [];

  constructor(span: Seconds) {
    this.#sliceMs = (span * 1000) / slices;
  }

  add(counted: Counted, now: EpochMs): void {
    addSums(this.#sliceAt(now), counted);
  }

  sums(now: EpochMs): Sums {
    const from = Math.floor(now / this.#sliceMs) - slices;
    const all = nothing();
    for (const { at, sums } of this.#slices) {
      if (at > from) addSums(all, sums);
    }
    return all;
  }

  #sliceAt(now: EpochMs): Sums {
    const at = Math.floor(now / this.#sliceMs);
    const last = this.#slices.at(-1);
    if (last?.at === at) return last.sums;
    const sums = nothing();
    this.#slices = [...this.#slices.filter((slice) => slice.at > at - slices), { at, sums }];
    return sums;
  }
}

/** Adds what was counted. */
export function addSums(sums: Sums, counted: Counted): void {
  for (const name of Object.keys(counted) as (keyof Sums)[]) sums[name] += counted[name] ?? 0;
}

/** Sums of nothing. */
export const nothing = (): Sums => ({
  compared: 0,
  stale: 0,
  answers: 0,
  errors: 0,
  shadowAnswers: 0,
  shadowErrors: 0,
});

/**
 * Why a rollout is to end; `undefined`: nothing is certain (95 %). An origin that fails everybody ends nothing: those in
 * shadow would get no better answers, and it would get more requests.
 */
export function reasonToRollBack(bounds: Rollback, sums: Sums): string | undefined {
  const { staleAbove, errorRateAbove, minRequests } = bounds;
  const { compared, stale, answers, errors, shadowAnswers, shadowErrors } = sums;
  if (staleAbove !== undefined && compared >= minRequests && wilson(stale, compared).low > staleAbove)
    return `${stale} of ${compared} compared copies were stale, which is above ${percent(staleAbove)} for certain`;
  if (errorRateAbove === undefined || answers < minRequests) return undefined;
  const { low } = wilson(errors, answers);
  if (low <= errorRateAbove || low <= shadowErrors / Math.max(shadowAnswers, 1)) return undefined;
  return `${errors} of ${answers} answers were errors, which is above ${percent(errorRateAbove)} for certain; in shadow ${shadowErrors} of ${shadowAnswers}`;
}

const percent = (share: number): string => `${Number((share * 100).toFixed(3))} %`;
