/** How a finished entry goes into the store: by rule compressed. On `standard` the origin chooses the coding. */

import { isCompressible, varyingByEncoding } from '../../http/content-coding.ts';
import type { Fields } from '../../http/message.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { learnQuery } from '../exchange/shared-query.ts';
import { isWorthCompressing } from '../hit/stored-form.ts';
import type { StorageTerms } from './storage-terms.ts';

const compresses = ({ config, match }: Pick<StorageTerms, 'config' | 'match'>): boolean =>
  config.store.compress && match.contentType.kind === 'rule';

/** Stores an entry. Nothing waits for its compression. */
export function storeEntry(exchange: CacheExchange, entry: Entry): void {
  const { match, site, services } = exchange;
  const { store, background, compressor } = services;
  if (compresses({ config: site.config, match }) && isWorthCompressing(entry))
    store.put(entry, compressor.compress(entry));
  else store.put(entry);
  if (site.config.accept.noVarySearch) learnQuery(site.keyed.declared, entry);
  background?.onStored(exchange, entry);
}

/** A head with the `Vary` its stored form will have: what is sent depends on what the client accepts. */
export function asDelivered<Head extends { readonly fields: Fields }>(
  terms: Pick<StorageTerms, 'config' | 'match'>,
  head: Head,
): Head {
  return compresses(terms) && isCompressible(head.fields)
    ? { ...head, fields: varyingByEncoding(head.fields) }
    : head;
}
