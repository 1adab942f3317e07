/**
 * One request, start to finish. The page to read first:
 *
 *   match → write or pass? → identify → key → in the share that is cached? → look up → deliver | validate | fetch
 *
 * A hit in memory is answered before this returns: nothing on its way waits.
 * Promises: one `now` per request (DESIGN §3.1); doubt means pass; every branch ends in one Outcome.
 */

import { credentialHeaders } from '../policy/identity/credentials.ts';
import { reloadAsked } from '../policy/key/reload-asked.ts';
import type { Identity } from '../policy/identity/identity.ts';
import { isInShare } from '../policy/rules/share.ts';
import { foldFieldName } from '../http/field-name.ts';
import type { Entry } from '../store/store.ts';
import { answer } from './answer.ts';
import type { ClientRequest } from './exchange/client-request.ts';
import { beginExchange, type CacheExchange, type Exchange, type Services } from './exchange/exchange.ts';
import { keyedExchange } from './exchange/keyed-exchange.ts';
import { chooseVariant, type Lookup } from './hit/lookup.ts';
import { finishOf, withNotes } from './exchange/debug-header.ts';
import { overridesMethod } from './exchange/upstream-fields.ts';
import type { PassReason } from './exchange/outcome.ts';
import { pass, type PassInput } from './pass/pass.ts';
import type { Reply } from './exchange/reply.ts';

/** Without `forward` all that is passed is relayed. The promise, if any, is that of the whole exchange. */
export type Pipeline = (
  request: ClientRequest,
  reply: Reply,
  forward?: PassInput['forward'],
) => Promise<void> | undefined;

/** Makes the request path. `always`: why every request is passed that would not be for another reason. */
export function createPipeline(services: Services, always?: PassReason): Pipeline {
  return (request, reply, forward) => {
    request.trace = services.traces?.begin(request.fields);
    const exchange = withNotes(beginExchange(services, request, reply));
    const { site } = exchange;
    const finish = finishOf(exchange);
    if (finish !== undefined) reply.finish = finish;
    const reason = passReason(exchange) ?? always;
    if (reason === 'shadow') return pass(services.shadow?.(exchange) ?? exchange, { reason, forward });
    if (reason !== undefined) return pass(exchange, { reason, forward });
    const identity = site.identify(request, exchange.now);
    return identity instanceof Promise
      ? identity.then((known) => identified(exchange, known, forward))
      : identified(exchange, identity, forward);
  };
}

/** Why a request is no business of the cache, whoever asks; `undefined` if it is. */
export function passReason({ services, site, request, match }: Exchange): PassReason | undefined {
  const { method, path, known } = request;
  if (method !== 'GET' && method !== 'HEAD') return 'method';
  if (site.rules.matchWrites(method, path, request).some((found) => found.length > 0)) return 'write-rule';
  if (match.isAmbiguous === true) return 'ambiguous-path';
  if (match.contentType.kind === 'pass') return match.route === undefined ? 'unmatched' : 'rule';
  if (reloadAsked(request.query, match.contentType.query).kind === 'other') return 'rule';
  if (request.hasBody) return 'request-body';
  if (known.upgrade !== undefined && isWebSocket(known.upgrade)) return 'upgrade';
  // RFC 9111 §4.3.2: they speak of the origin's own state.
  if (known['if-match'] !== undefined || known['if-unmodified-since'] !== undefined) return 'precondition';
  if (overridesMethod(request)) return 'method-override';
  if (services.isQuarantined?.(match) === true) return 'quarantine';
  return site.isShadowed(match) ? 'shadow' : undefined;
}

const isWebSocket = (upgrade: string): boolean => upgrade.toLowerCase() === 'websocket';

function identified(
  exchange: Exchange,
  identity: Identity,
  forward: PassInput['forward'],
): Promise<void> | undefined {
  const doubt = doubtOf(exchange, identity);
  exchange.notes?.onIdentity(identity, doubt);
  if (doubt !== undefined) return pass(exchange, { reason: 'identity', doubt, forward });
  const keyed = keyedExchange(exchange, identity);
  const { services, site, match, plan } = keyed;
  exchange.notes?.onKey(plan.key);
  if (isInShare(site.shareOf(match), keyed)) return answerKeyed(keyed);
  return pass(services.shadow?.(exchange) ?? exchange, { reason: 'shadow', forward });
}

/** Answers a request whose identity is in no doubt and whose key is known. */
export function answerKeyed(keyed: CacheExchange): Promise<void> | undefined {
  const { services, plan } = keyed;
  if (keyed.site.countsPopularity) services.popularity.record(plan.key, keyed.now);
  const found = lookUp(keyed, services.store.peek(plan.key));
  if (services.store.hasSlowTier && (found.kind === 'none' || found.reuse.kind === 'validate')) {
    return services.store
      .get(plan.key, keyed.startedMs, (variants) => isEnough(keyed, lookUp(keyed, variants)))
      .then((variants) => answer(keyed, lookUp(keyed, variants)));
  }
  return answer(keyed, found);
}

/**
 * Whether another worker's fetch is not worth waiting for: something answers the request, or the origin must be asked in any
 * case, or soon, because what is stored may be given instead (`stale_after`).
 */
function isEnough({ match }: CacheExchange, found: Lookup): boolean {
  if (found.kind === 'none') return found.cause === 'partial';
  const { reuse } = found;
  if (reuse.kind !== 'validate') return true;
  const hadLifetime = reuse.age + reuse.ttl >= 1;
  return reuse.reason !== 'stale' || !hadLifetime || match.contentType.staleAfter !== undefined;
}

/** Why this request's identity forbids the store; a public fetch needs none. */
export function doubtOf(
  { match, request }: Exchange,
  identity: Identity,
): Extract<Identity, { kind: 'doubt' }>['reason'] | undefined {
  const { contentType } = match;
  const isPublic = contentType.kind === 'rule' && contentType.scope === 'public';
  if (identity.kind === 'doubt')
    return isPublic && contentType.vary.cookies.length === 0 ? undefined : identity.reason;
  if (contentType.kind !== 'rule' || isPublic) return undefined;
  const token = identity.kind === 'known' ? identity.tokenFields[0] : undefined;
  return hasUnknownCredential(request, { token, sent: contentType.vary.headers })
    ? 'unknown-credential'
    : undefined;
}

/** By rule such fields are not sent on: an app that knows its users by one would take this one for nobody. */
function hasUnknownCredential(
  { unusual }: ClientRequest,
  { token, sent }: { readonly token: string | undefined; readonly sent: readonly string[] },
): boolean {
  return unusual.some((name, index) => {
    if (index % 2 === 1) return false;
    const folded = foldFieldName(name);
    return credentialHeaders.has(folded) && folded !== token && !sent.includes(name.toLowerCase());
  });
}

function lookUp(exchange: CacheExchange, variants: readonly Entry[]): Lookup {
  const { request, plan, directives, now, services } = exchange;
  return chooseVariant(variants, { request, plan, directives, now, purgeLog: services.purgeLog });
}
