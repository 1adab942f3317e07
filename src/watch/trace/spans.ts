/**
 * What the spans of an exchange and of a purge say, in OpenTelemetry's HTTP conventions and our own words.
 *
 * Promise, as for the log: no cookie, key, identity or body, and no value of a parameter whose name suggests a secret.
 */

import type { Outcome } from '../../proxy/exchange/outcome.ts';
import type { Purge } from '../../store/purge-log.ts';
import { maskTarget } from '../count/mask-target.ts';
import { countsAs, reasonOf } from '../count/miss-reason.ts';

export type SpanKind = 'server' | 'internal' | 'client';

/** A span; times in seconds before the end of the exchange. */
export type SpanFacts = {
  readonly name: string;
  readonly kind: SpanKind;
  readonly from: number;
  readonly to: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
};

/** RFC 9110's methods and PATCH; any other word is a client's own. */
const knownMethods = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/** The spans of an exchange: itself first, then what it consisted of. */
export function spansOf(outcome: Outcome): readonly [SpanFacts, ...SpanFacts[]] {
  const { duration, originDuration, status, failure, method } = outcome;
  const name = knownMethods.has(method) ? method : '_OTHER';
  const asked = originDuration === undefined ? 0 : Math.min(originDuration, duration);
  const server: SpanFacts = {
    name: outcome.route === undefined ? name : `${name} ${outcome.route}`,
    kind: 'server',
    from: duration,
    to: 0,
    isError: status >= 500,
    attributes: given({ 'http.request.method': name, ...requestFacts(outcome), ...errorOf(outcome) }),
  };
  const lookup: SpanFacts = {
    name: 'cache.lookup',
    kind: 'internal',
    from: duration,
    to: asked,
    isError: false,
    attributes: given({ 'shelflife.outcome': outcome.kind, ...decisionOf(outcome) }),
  };
  const fetched: SpanFacts = {
    name: 'origin.fetch',
    kind: 'client',
    from: asked,
    to: 0,
    isError: failure !== undefined || status >= 500,
    attributes: given({ 'http.request.method': name, ...errorOf(outcome) }),
  };
  const looksUp = outcome.kind === 'hit' || countsAs(outcome) === 'miss';
  return [server, ...(looksUp ? [lookup] : []), ...(originDuration === undefined ? [] : [fetched])];
}

function requestFacts({ target, host, route, status, contentType }: Outcome): Facts {
  const [path, ...query] = maskTarget(target).split('?');
  return {
    'url.path': path,
    'url.query': query.length === 0 ? undefined : query.join('?'),
    'server.address': host,
    'http.route': route,
    'http.response.status_code': status,
    'shelflife.content_type': contentType,
  };
}

const errorOf = ({ failure, refusal, status }: Outcome): Facts => ({
  'error.type': failure ?? refusal ?? (status >= 500 ? String(status) : undefined),
});

const decisionOf = (outcome: Outcome): Facts => ({
  'shelflife.cause': countsAs(outcome) === 'miss' ? reasonOf(outcome) : undefined,
  'shelflife.detail': outcome.cacheStatus?.detail,
  'shelflife.ttl': outcome.cacheStatus?.ttl === undefined ? undefined : Math.floor(outcome.cacheStatus.ttl),
});

/** What a purge's span says: how much it named, not whose. */
export const purgeFacts = ({
  cause,
  rule,
  tags,
  prefixes,
  everything,
  soft,
}: Purge): SpanFacts['attributes'] =>
  given({
    'shelflife.purge.cause': cause,
    'shelflife.purge.rule': rule,
    'shelflife.purge.tags': tags.length,
    'shelflife.purge.prefixes': prefixes.length,
    'shelflife.purge.mode': `${soft ? 'soft' : 'hard'}${everything ? ' everything' : ''}`,
  });

type Facts = Readonly<Record<string, string | number | undefined>>;

function given(facts: Facts): SpanFacts['attributes'] {
  const attributes: Record<string, string | number> = {};
  for (const name in facts) {
    const value = facts[name];
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}
