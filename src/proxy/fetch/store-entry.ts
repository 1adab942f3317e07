/**
 * How a finished entry goes into the store: text of content types of the operator compressed, if the store is told to.
 *
 * On `standard` routes the client's own Accept-Encoding reaches the origin, which chooses the coding.
 */

import { isCompressible, varyingByEncoding } from '../../http/content-coding.ts';
import type { Fields } from '../../http/message.ts';
import type { Entry, Store } from '../../store/store.ts';
import { Compressor } from './compressor.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { isWorthCompressing } from '../hit/stored-form.ts';

const compresses = ({ site, match }: CacheExchange): boolean =>
  site.config.store.compress && match.contentType.kind === 'rule';

/** Stores an entry. Nothing waits for its compression. */
export function storeEntry(exchange: CacheExchange, entry: Entry): void {
  const { store, background } = exchange.parts;
  if (compresses(exchange) && isWorthCompressing(entry))
    store.put(entry, compressorOf(store).compress(entry));
  else store.put(entry);
  background?.onStored(exchange, entry);
}

/** Of each store one: it bounds what waits to go into it. */
const compressors = new WeakMap<Store, Compressor>();

function compressorOf(store: Store): Compressor {
  const before = compressors.get(store);
  if (before !== undefined) return before;
  const compressor = new Compressor(store);
  compressors.set(store, compressor);
  return compressor;
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
