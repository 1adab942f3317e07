/**
 * The answer to a request that asked for it by a parameter (`query.reload`) takes the place of what is stored under its key, on
 * every instance: who has seen it must not see something older on the next page. Other answers only stand beside.
 */

import { copyTag } from '../../policy/rules/entry-tags.ts';
import { isPassing } from '../../origin/trouble.ts';
import type { Entry } from '../../store/store.ts';
import type { WriteOutcome } from '../../policy/rules/writes.ts';
import type { CacheExchange, Exchange } from '../exchange/exchange.ts';
import { asksReload, keyedExchange } from '../exchange/keyed-exchange.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';

/**
 * Ends what is older, and gives the entry as one from after that. To be called in the same turn in which the entry was found
 * current: no other purge that it must heed can be between its `asOf` and then.
 */
export function replacing(exchange: CacheExchange, entry: Entry): Entry {
  if (!asksReload(exchange)) return entry;
  void endOlder(exchange);
  return { ...entry, asOf: exchange.services.purgeLog.position() };
}

/** An answer that is not stored: what is stored is older than it, unless it tells of a failure. */
export function endReplaced(exchange: CacheExchange, status: number, reason: NotStoredReason): void {
  if (!asksReload(exchange) || exchange.request.method !== 'GET') return;
  if (!isPassing(status) && reason !== 'unless' && status !== 429) void endOlder(exchange);
}

/** The answer to a reload that is passed, in shadow for example: nobody gets it from here, but what is stored is older. */
export async function endPassed(exchange: Exchange, outcome: WriteOutcome): Promise<void> {
  const { request, site, match, now } = exchange;
  if (request.method !== 'GET' || !asksReload(exchange) || outcome.kind !== 'response') return;
  if (isPassing(outcome.status) || outcome.status === 429) return;
  const identity = await site.identify(request, now);
  // Whose copy would be older?
  if (identity.kind === 'doubt' && match.contentType.scope !== 'public') return;
  await endOlder(keyedExchange(exchange, identity));
}

function endOlder({ services, plan }: CacheExchange): Promise<unknown> {
  const purge = { prefixes: [], everything: false, soft: false, cause: 'write' } as const;
  return services.purgeLog.append({ ...purge, tags: [copyTag(plan.key)] });
}
