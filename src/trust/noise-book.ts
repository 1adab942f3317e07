/** What is known of the noise of each URL pattern. Bounded; what has not been seen for an hour is forgotten. */

import { BoundedMap } from '../kit/bounded-map.ts';
import type { EpochMs } from '../kit/time.ts';
import { isPlace, type Noise } from './noise.ts';

export type NoiseSeen = Noise & { readonly pattern: string; readonly at: EpochMs };

type Page = { askedAt: EpochMs; readonly noise: Map<string, NoiseSeen> };

const mostPages = 500;
const mostPlaces = 40;
const forgottenAfterMs = 3_600_000;
/** How long a page is not asked for again. */
const askEveryMs = 30_000;

/** The noise of each pattern. */
export class NoiseBook {
  readonly #pages = new BoundedMap<string, Page>(mostPages);

  of(pattern: string, now: EpochMs): readonly NoiseSeen[] {
    const known = [...(this.#pages.get(pattern)?.noise.values() ?? [])];
    return known.filter(({ at }) => now - at < forgottenAfterMs);
  }

  /** Whether to ask again for a page of the pattern, to find its noise. Who is told `true` asks. */
  isDue(pattern: string, now: EpochMs): boolean {
    const page = this.#pages.get(pattern);
    if (page !== undefined && now - page.askedAt < askEveryMs) return false;
    this.#pages.set(pattern, { askedAt: now, noise: page?.noise ?? new Map<string, NoiseSeen>() });
    return true;
  }

  learn(pattern: string, found: readonly Noise[], at: EpochMs): void {
    const noise = this.#pages.get(pattern)?.noise;
    if (noise === undefined) return;
    for (const one of found.filter(isPlace)) {
      if (noise.size < mostPlaces || noise.has(one.name)) noise.set(one.name, { ...one, pattern, at });
    }
  }

  all(now: EpochMs): NoiseSeen[] {
    return [...this.#pages.entries()].flatMap(([pattern]) => this.of(pattern, now));
  }
}
