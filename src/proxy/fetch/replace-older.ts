/**
 * The answer to a request that asked for it by a parameter (`query.reload`) takes the place of what is stored under its key, on
 * every instance: who has seen it must not see something older on the next page. Other answers only stand beside.
 */

import { copyTag } from '../../policy/rules/entry-tags.ts';
import { isPassing } from '../../origin/trouble.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { asksReload } from '../exchange/keyed-exchange.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';

/**
 * Ends what is older, and gives the entry as one from after that. To be called in the same turn in which the entry was found
 * current: no other purge that it must heed can be between its `asOf` and then.
 */
export function replacing(exchange: CacheExchange, entry: Entry): Entry {
  if (!asksReload(exchange)) return entry;
  endOlder(exchange);
  return { ...entry, asOf: exchange.services.purgeLog.position() };
}

/** An answer that is not stored: what is stored is older than it, unless it tells of a failure. */
export function endReplaced(exchange: CacheExchange, status: number, reason: NotStoredReason): void {
  if (!asksReload(exchange) || exchange.request.method !== 'GET') return;
  if (!isPassing(status) && reason !== 'unless' && status !== 429) endOlder(exchange);
}

function endOlder({ services, plan }: CacheExchange): void {
  const purge = { prefixes: [], everything: false, soft: false, cause: 'write' } as const;
  void services.purgeLog.append({ ...purge, tags: [copyTag(plan.key)] });
}
