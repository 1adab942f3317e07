/**
 * An exchange that no client asked for, read and keyed as if one had: the same reader, rules, identity and key, so that
 * what a background fetch stores is what a client would have found.
 *
 * Promises: always for the configured origin; without credentials only what may be shared; with them only the entry of the
 * identity they name.
 */

import type { Fields } from '../http/message.ts';
import type { Identity } from '../policy/identity/identity.ts';
import { readAsked } from '../proxy/exchange/asked-request.ts';
import { nobody } from '../proxy/exchange/reply.ts';
import type { CacheExchange, Exchange, ProxyParts } from '../proxy/exchange/exchange.ts';
import { keyedExchange } from '../proxy/exchange/keyed-exchange.ts';
import type { PassReason } from '../proxy/exchange/outcome.ts';
import { doubtOf, passReason } from '../proxy/pipeline.ts';

/** What to ask for. `fields` are those of the request that count for the key, and credentials where they are held. */
export type BackgroundRequest = {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: Fields;
  /** The X-Forwarded-For to send; absent: that of nobody. */
  readonly forwardedFor?: string | undefined;
  /** Whether `fields` hold somebody's credentials. */
  readonly isPersonal: boolean;
};

/** Why there is nothing to fetch in the background. `personal`: what comes would be one visitor's. */
export type BackgroundRefusal = PassReason | 'bad-request' | 'personal';

export type BackgroundExchange =
  | { readonly kind: 'exchange'; readonly exchange: CacheExchange }
  | { readonly kind: 'refused'; readonly reason: BackgroundRefusal };

/**
 * RFC 7600 §4: the address of a packet's source that has none. Never this machine's own: an app may show more to those who
 * ask from there.
 */
const noAddress = '192.0.0.8';

const refused = (reason: BackgroundRefusal): BackgroundExchange => ({ kind: 'refused', reason });

/** Makes the exchange, or says why there is none. */
export async function backgroundExchange(
  parts: ProxyParts,
  asked: BackgroundRequest,
): Promise<BackgroundExchange> {
  const site = parts.site();
  const url = `${asked.scheme}://${asked.host}${asked.target}`;
  const read = readAsked(
    { method: 'GET', url, fields: asked.fields, host: asked.host },
    { hosts: site.config.listen.hosts, trustedProxies: [] },
  );
  if (read.kind !== 'request') return refused('bad-request');
  const request = { ...read.request, forwardedFor: asked.forwardedFor ?? noAddress };
  const match = site.rules.match('GET', request.path, request);
  const [now, startedMs] = [parts.clock.now(), parts.clock.monotonicMs()];
  const exchange: Exchange = { parts, site, request, reply: nobody, match, now, startedMs };
  const reason = passReason(exchange);
  if (reason !== undefined) return refused(reason);
  const identity = await site.identify(request, now);
  if (doubtOf(exchange, identity) !== undefined) return refused('identity');
  if (isPersonal(exchange, identity) !== asked.isPersonal) return refused('personal');
  return { kind: 'exchange', exchange: keyedExchange(exchange, identity) };
}

/** Whether what comes back is for one visitor only. An anonymous copy on a `user` route is for no one to ask ahead for. */
function isPersonal({ match: { contentType } }: Exchange, identity: Identity): boolean {
  if (contentType.kind === 'rule') return contentType.scope === 'user';
  return identity.kind !== 'anonymous';
}
