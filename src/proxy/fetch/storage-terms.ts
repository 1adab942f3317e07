/** What a request, its rule and its place say about storing an answer: values, so that who decides needs no exchange. */

import type { Config } from '../../config/config.ts';
import type { ClientRequest } from '../exchange/client-request.ts';
import type { CacheExchange } from '../exchange/exchange.ts';

export type StorageTerms = Pick<
  CacheExchange,
  'match' | 'identity' | 'plan' | 'host' | 'target' | 'query' | 'directives'
> & {
  /** The fetch's. GET where a stored GET response is renewed, whoever found it stale. */
  readonly method: string;
  readonly request: Pick<ClientRequest, 'scheme' | 'fields' | 'query'>;
  readonly config: Pick<Config, 'accept' | 'identity' | 'store' | 'ttl'>;
  readonly lifetimeRule: string;
  readonly isPopular: boolean;
};

/** The terms of an exchange's own answer, or of a stored one it renews. */
export function termsOf(exchange: CacheExchange, method = exchange.request.method): StorageTerms {
  const { services, site, request, match, identity, plan, host, target, query, directives } = exchange;
  const isPopular = site.countsPopularity && services.popularity.isHigh(plan.key, services.clock.now());
  const common = { match, identity, plan, host, target, query, directives };
  const lifetimeRule = site.lifetimes.get(match.contentType.name) ?? '';
  return { ...common, method, request, config: site.config, lifetimeRule, isPopular };
}
