/** Digests of the latest session cookies that the origin gave or renewed: the proof without the app's secret (DESIGN §5). */

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
