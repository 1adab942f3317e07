/** Tells of the hits of one turn, off the way of their answers. */

import { plainAddress } from '../front/trusted-proxies.ts';
import type { Seconds } from '../kit/time.ts';
import { nothingKnown, type Outcome } from '../proxy/exchange/outcome.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import type { Hit } from './hits.ts';
import type { Planner } from './plan.ts';

type Telling = { readonly services: Services; readonly planner: Pick<Planner, 'exchangeAsPlanned'> };

/** Tells of one; `duration` is its share of the turn. */
export function tellHit({ services, planner }: Telling, hit: Hit, duration: Seconds): void {
  const { plan, entry } = hit;
  if (plan.site.countsPopularity) services.popularity.record(plan.keyed.key, services.clock.now());
  services.store.use(entry);
  const trace = services.traces?.ofHit(plan.traceParent);
  const client = services.tellsClients === true ? clientOf(hit) : undefined;
  services.onOutcome(outcomeOf(hit, duration, { trace, client }));
  const { audit } = services;
  if (audit?.isNext(plan.site) !== true) return;
  const exchange = planner.exchangeAsPlanned(plan, hit.socket, trace);
  if (exchange !== undefined) audit.onPicked(exchange, entry, hit.age);
}

function clientOf({ plan, entry, answer, socket, httpVersion }: Hit): Outcome['client'] {
  const address = plainAddress(socket.remoteAddress ?? '');
  return {
    forwardedFor: plan.forwardedBefore + address,
    httpVersion,
    fields: plan.request.fields,
    bodyBytes: answer.hasBody ? entry.body.length : 0,
  };
}

function outcomeOf(
  { plan, entry, answer, ttl }: Hit,
  duration: Seconds,
  { trace, client }: Pick<Outcome, 'trace' | 'client'>,
): Outcome {
  const { match, request, host, target, requestId } = plan;
  return {
    ...nothingKnown,
    kind: 'hit',
    status: answer.status,
    contentType: match.contentType.name,
    route: match.route?.pattern,
    method: request.method,
    host,
    target,
    requestId,
    trace,
    client,
    entry,
    cacheStatus: { kind: 'hit', ttl },
    duration,
  };
}
