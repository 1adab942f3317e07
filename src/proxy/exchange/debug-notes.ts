/** What an exchange finds out that its debug header tells. Promise: digests and names only; no credential, no whole identity. */

import type { Identity, IdentityDoubt } from '../../policy/identity/identity.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';

/** The notes of one exchange. */
export class DebugNotes {
  #identity: Identity['kind'] | undefined;
  #doubt: IdentityDoubt | undefined;
  #key: string | undefined;

  onIdentity({ kind }: Identity, doubt: IdentityDoubt | undefined): void {
    this.#identity = doubt === undefined ? kind : 'doubt';
    this.#doubt = doubt;
  }

  /** The digest is as long as in an explanation. */
  onKey(key: CacheKey): void {
    this.#key = `"${key.slice(0, 16)}"`;
  }

  /** By their names in the header, as it writes them; what was not asked is `undefined`. */
  get facts(): readonly (readonly [name: string, value: string | undefined])[] {
    return [
      ['identity', this.#identity],
      ['doubt', this.#doubt],
      ['key', this.#key],
    ];
  }
}
