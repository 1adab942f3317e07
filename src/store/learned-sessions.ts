/**
 * Session cookies that the origin itself gave or renewed: without the app's secret the only proof of who someone is
 * (DESIGN §5).
 *
 * Promises: only digests are kept; memory is bounded, the cookies seen longest ago are forgotten first (and are then
 * partitions of their own until the origin renews them again).
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import type { LearnedSessions } from '../policy/session-proof.ts';

/** The learned cookies of one process. */
export class LearnedSessionMap implements LearnedSessions {
  readonly #trusted = new BoundedMap<string, true>(200_000);

  isTrusted(cookieDigest: string): boolean {
    return this.#trusted.get(cookieDigest) === true;
  }

  trust(cookieDigest: string): void {
    this.#trusted.set(cookieDigest, true);
  }
}
