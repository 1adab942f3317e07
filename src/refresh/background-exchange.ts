/**
 * An exchange without a client, read and keyed as if a client had asked: a background fetch stores what a client would
 * find.
 *
 * Promises: it is always for the configured origin. Without credentials it fetches only shared responses; with them, only
 * entries of the identity they prove.
 */

import type { Fields } from '../http/message.ts';
import type { Identity } from '../policy/identity/identity.ts';
import { readAsked } from '../proxy/exchange/asked-request.ts';
import { nobody } from '../proxy/exchange/reply.ts';
import type { CacheExchange, Exchange, Services } from '../proxy/exchange/exchange.ts';
import { keyedExchange } from '../proxy/exchange/keyed-exchange.ts';
import { isInShare } from '../policy/rules/share.ts';
import type { PassReason } from '../proxy/exchange/outcome.ts';
import { doubtOf, passReason } from '../proxy/pipeline.ts';

/** What to fetch. `fields` are the request fields that matter to the key, and held credentials. */
export type BackgroundRequest = {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly target: string;
  readonly fields: Fields;
  /** The X-Forwarded-For to send; absent: a neutral address. */
  readonly forwardedFor?: string | undefined;
  readonly isPersonal: boolean;
};

/** Why nothing is fetched. `personal`: the answer would be for one visitor only. */
export type BackgroundRefusal = PassReason | 'bad-request' | 'personal';

export type BackgroundExchange =
  | { readonly kind: 'exchange'; readonly exchange: CacheExchange }
  | { readonly kind: 'refused'; readonly reason: BackgroundRefusal };

/** RFC 7600 §4: the dummy IPv4 address. Never this machine's own: an app may show more to local requests. */
const noAddress = '192.0.0.8';

const refused = (reason: BackgroundRefusal): BackgroundExchange => ({ kind: 'refused', reason });

/** Creates the exchange, or says why there is none. */
export async function backgroundExchange(
  services: Services,
  asked: BackgroundRequest,
): Promise<BackgroundExchange> {
  const site = services.site();
  const url = `${asked.scheme}://${asked.host}${asked.target}`;
  const read = readAsked(
    { method: 'GET', url, fields: asked.fields, host: asked.host },
    { hosts: site.config.listen.hosts, trustedProxies: [] },
  );
  if (read.kind !== 'request') return refused('bad-request');
  const request = { ...read.request, forwardedFor: asked.forwardedFor ?? noAddress };
  const match = site.rules.match('GET', request.path, request);
  const [now, startedMs] = [services.clock.now(), services.clock.monotonicMs()];
  const exchange: Exchange = { services, site, request, reply: nobody, match, now, startedMs };
  const reason = passReason(exchange);
  if (reason !== undefined) return refused(reason);
  const identity = await site.identify(request, now);
  if (doubtOf(exchange, identity) !== undefined) return refused('identity');
  if (isPersonal(exchange, identity) !== asked.isPersonal) return refused('personal');
  const keyed = keyedExchange(exchange, identity);
  // What is shared may be for others, whoever is imagined to ask.
  if (asked.isPersonal && !isInShare(site.shareOf(match), keyed)) return refused('shadow');
  return { kind: 'exchange', exchange: keyed };
}

/** Whether the answer is for one visitor only. Anonymous copies on `user` routes are not fetched ahead either. */
function isPersonal({ match: { contentType } }: Exchange, identity: Identity): boolean {
  if (contentType.kind === 'rule') return contentType.scope === 'user';
  return identity.kind !== 'anonymous';
}
