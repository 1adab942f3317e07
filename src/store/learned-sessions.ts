/**
 * Session cookies that the origin itself gave or renewed. Without the app's secret they are the only proof of identity
 * (DESIGN §5).
 *
 * Promises: only digests are kept. Memory is bounded: the cookies seen longest ago are forgotten first, and are
 * partitions of their own until the origin renews them.
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import type { Seconds } from '../kit/time.ts';
import type { LearnedSessions } from '../policy/identity/session-proof.ts';

export interface LearnedSessionStore extends LearnedSessions {
  /** Records a cookie as the origin's own. `keptFor`: how long other instances should remember it. */
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
