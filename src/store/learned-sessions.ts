/**
 * Session cookies that the origin itself gave or renewed: without the app's secret the only proof of who someone is
 * (DESIGN §5).
 *
 * Promises: only digests are kept; memory is bounded, the cookies seen longest ago are forgotten first (and are then
 * partitions of their own until the origin renews them again).
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import type { Seconds } from '../kit/time.ts';
import type { LearnedSessions } from '../policy/identity/session-proof.ts';

/** Learned cookies that can be added to. */
export interface LearnedSessionStore extends LearnedSessions {
  /** Takes a cookie for the origin's own. `keptFor`: how long it is worth telling others. */
  trust(cookieDigest: string, keptFor: Seconds): void;
}

/** The learned cookies of one process. */
export class LearnedSessionMap implements LearnedSessionStore {
  readonly #trusted = new BoundedMap<string, true>(200_000);

  isTrusted(cookieDigest: string): boolean {
    return this.#trusted.get(cookieDigest) === true;
  }

  trust(cookieDigest: string): void {
    this.#trusted.set(cookieDigest, true);
  }
}
