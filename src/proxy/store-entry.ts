/**
 * How a finished entry goes into the store: text of content types of the operator compressed, if the store is told to.
 *
 * On `standard` routes the client's own Accept-Encoding reaches the origin, which chooses the coding.
 */

import { isCompressible, varyingByEncoding } from '../http/content-coding.ts';
import type { Fields } from '../http/message.ts';
import type { Entry } from '../store/store.ts';
import type { CacheExchange } from './exchange.ts';
import { compressed, isWorthCompressing } from './stored-form.ts';

const compresses = ({ site, match }: CacheExchange): boolean =>
  site.config.store.compress && match.contentType.kind === 'rule';

/** Stores an entry. Nothing waits for its compression. */
export function storeEntry(exchange: CacheExchange, entry: Entry): void {
  const { store, background } = exchange.parts;
  if (compresses(exchange) && isWorthCompressing(entry)) store.put(entry, compressed(entry));
  else store.put(entry);
  background?.onStored(exchange, entry);
}

/** A head with the `Vary` its stored form will have: what is sent depends on what the client accepts. */
export function asDelivered<Head extends { readonly fields: Fields }>(
  exchange: CacheExchange,
  head: Head,
): Head {
  return compresses(exchange) && isCompressible(head.fields)
    ? { ...head, fields: varyingByEncoding(head.fields) }
    : head;
}
