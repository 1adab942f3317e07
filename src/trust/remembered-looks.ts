/**
 * What shadow remembers of a request that comes again with the same fields: its key, who asks, and which copy it would have got,
 * or why none can be.
 *
 * Promises: what may change is asked again each time: whether the identity still holds, whether the copy is there, whether a purge
 * has met it, whether it is fresh. A request that is remembered no more, or of which any of it is in doubt, goes the whole way.
 */

import { hash } from 'node:crypto';
import { noRequestDirectives } from '../http/cache-control.ts';
import { reuse } from '../http/reuse.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import { type Identity, isStillGood } from '../policy/identity/identity.ts';
import type { ClientRequest } from '../proxy/exchange/client-request.ts';
import type { CacheExchange, Exchange, Services } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Entry, Store } from '../store/store.ts';
import { reasonOf } from '../watch/count/miss-reason.ts';
import type { Subject } from './ledger.ts';
import { urlPattern } from './url-pattern.ts';

export type Remembered = {
  readonly key: CacheKey;
  readonly identity: Identity;
  readonly subject: Subject;
  /** Of the copy that it would have got last. */
  readonly variant: string | undefined;
  /** It cannot be stored, as of then. */
  readonly refused: { readonly reason: string; readonly atMs: number } | undefined;
};

const most = 8192;
const longest = 8192;
/** What cannot be stored is looked at again so often. */
const refusedForMs = 1000;

/** The requests of one configuration. */
export class RememberedLooks {
  readonly #looks = new BoundedMap<string, Remembered>(most);
  /** Field blocks that come again and again are one object. */
  readonly #blocks = new WeakMap<object, string>();
  #count = 0;

  /** All that a key depends on, in short; `undefined`: too much. */
  nameOf({ method, scheme, host, path, query, fields, scanned }: ClientRequest): string | undefined {
    let block = scanned && this.#blocks.get(scanned);
    if (block === undefined) {
      const text = fields.join('\n');
      if (text.length > longest) return undefined;
      this.#count += 1;
      block = scanned === undefined ? hash('sha1', text, 'base64') : String(this.#count);
      if (scanned !== undefined) this.#blocks.set(scanned, block);
    }
    return `${block} ${method} ${scheme}://${host}${path}${query === undefined ? '' : `?${query}`}`;
  }

  /** What is remembered of a request with this name, if it still asks as the same. */
  find(name: string | undefined, { now }: Exchange): Remembered | undefined {
    const known = name === undefined ? undefined : this.#looks.get(name);
    return known !== undefined && isStillGood(known.identity, now) ? known : undefined;
  }

  /** Remembers what became of a request, unless its key depends on more than its text. */
  remember(name: string | undefined, exchange: CacheExchange, outcome: Outcome): void {
    const { plan, directives, identity, startedMs } = exchange;
    if (name === undefined || plan.answers !== undefined || directives !== noRequestDirectives) return;
    const variant = outcome.kind === 'hit' ? outcome.entry?.variant : undefined;
    const isRefused = outcome.kind === 'forward' && outcome.notStored !== undefined;
    if (variant === undefined && !isRefused) return;
    const { contentType, route, target } = outcome;
    const subject = { contentType, route, target, pattern: urlPattern(target) };
    const refused = isRefused ? { reason: reasonOf(outcome), atMs: startedMs } : undefined;
    this.#looks.set(name, { key: plan.key, identity, subject, variant, refused });
  }
}

/** Why it would be a miss again; `undefined`: it may be a hit. */
export const refusalOf = ({ refused }: Remembered, nowMs: number): string | undefined =>
  refused !== undefined && nowMs - refused.atMs < refusedForMs ? refused.reason : undefined;

/** The copy that it would get, if that is the one that it would have got last and nothing else is stored. */
export function freshCopy(
  { key, variant }: Remembered,
  {
    store,
    purgeLog,
    now,
  }: { readonly store: Store; readonly now: Exchange['now'] } & Pick<Services, 'purgeLog'>,
): Entry | undefined {
  const [entry, ...others] = variant === undefined ? [] : store.peek(key);
  if (entry === undefined || others.length > 0 || entry.variant !== variant || entry.part !== undefined)
    return undefined;
  if (purgeLog.verdict(entry).kind !== 'current') return undefined;
  return reuse(entry.policy, noRequestDirectives, now).kind === 'fresh' ? entry : undefined;
}
