/**
 * A fetch that nobody waits for any more goes on for a while if its answer may be stored. Such fetches take a share of the
 * connections to the origin, and each a bounded time.
 */

import type { CacheExchange } from '../exchange/exchange.ts';
import { abandonedFor, abandonedShare } from './body-bounds.ts';

/** The time one fetch has after everybody has left. */
export class Abandoned {
  readonly #services: CacheExchange['services'];
  readonly #most: number;
  readonly #end: () => void;
  #cancel: (() => void) | undefined;

  constructor({ services, site }: Pick<CacheExchange, 'services' | 'site'>, end: () => void) {
    this.#services = services;
    this.#most = Math.max(1, Math.floor(site.config.upstream.connections * abandonedShare));
    this.#end = end;
  }

  /** Whether a fetch may go on that a client has left: for others, or for the store where few enough do so. */
  mayGoOn({ isNeeded, mayBeStored }: { isNeeded: () => boolean; mayBeStored: boolean }): boolean {
    if (isNeeded() || this.#cancel !== undefined) return true;
    const { abandoned, later } = this.#services;
    if (!mayBeStored || abandoned.count >= this.#most) return false;
    abandoned.count += 1;
    this.#cancel = later(abandonedFor, () => {
      this.leave();
      if (!isNeeded()) this.#end();
    });
    return true;
  }

  leave(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#services.abandoned.count -= 1;
  }
}
