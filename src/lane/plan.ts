/**
 * What is remembered of a request that may be answered from memory: the pipeline's own decisions about everything that does
 * not change while the configuration stays the same.
 *
 * Promises: whatever may change is asked again for each request: whether the identity still holds, whether the route is in
 * quarantine, what is stored, whether a purge has met it, whether it is fresh. A plan of another configuration is not used.
 */

import type { RequestDirectives } from '../http/cache-control.ts';
import type { Fields } from '../http/message.ts';
import { type TraceParent, traceParentOf } from '../http/traceparent.ts';
import { targetText } from '../http/path-spelling.ts';
import type { EpochMs } from '../kit/time.ts';
import type { CacheKey, KeyPlan } from '../policy/key/cache-key.ts';
import { type Identity, isStillGood } from '../policy/identity/identity.ts';
import type { Match } from '../policy/rules/safest-match.ts';
import { isInShare } from '../policy/rules/share.ts';
import type { ClientRequest, MessageHead, ReadResult } from '../proxy/exchange/client-request.ts';
import {
  beginExchange,
  type CacheExchange,
  type Exchange,
  type Services,
  type Site,
} from '../proxy/exchange/exchange.ts';
import { keyedExchange } from '../proxy/exchange/keyed-exchange.ts';
import { nobody } from '../proxy/exchange/reply.ts';
import { clientRequestId } from '../proxy/exchange/request-id.ts';
import { Trace } from '../proxy/exchange/trace.ts';
import { doubtOf, passReason } from '../proxy/pipeline.ts';
import { CapturedReply } from './captured-reply.ts';
import type { Prepared } from './prepared-answer.ts';

/** A request as the lane knows it; a plan depends on nothing else but the configuration. */
export type PlainRequest = {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
  readonly socket: MessageHead['socket'];
  readonly scanned?: MessageHead['scanned'];
};

/** What a hit needs of a key. */
type HitKey = Pick<KeyPlan, 'selectingFields' | 'answers'> & { key: CacheKey };

/** What `Remembered` notes: where it keeps it, and whether it was found since that was last asked. */
type Placed = { place: number; isUsed: boolean };

/** A request that may be answered from memory. */
export type Plan = Placed & {
  readonly kind: 'plan';
  readonly site: Site;
  readonly host: string;
  readonly target: string;
  /** As it was sent. */
  readonly sentTarget: string;
  readonly requestId: string | undefined;
  /** What a trusted proxy says of where it came from, up to its own address. */
  readonly forwardedBefore: string;
  /** Of a client that is traced; absent where nothing is. */
  readonly traceParent: TraceParent | undefined;
  readonly request: { readonly method: string; readonly fields: Fields };
  readonly match: Match;
  readonly keyed: HitKey;
  readonly directives: RequestDirectives;
  /** Who asks; `undefined`: it does not matter. */
  readonly who: Identity | undefined;
  /** Of the stored response that was found last. */
  prepared: Prepared | undefined;
};

/** The pipeline's, always, as long as the configuration stays the same. */
export type Slow = Placed & { readonly kind: 'slow'; readonly site: Site; readonly sentTarget: string };

export type Planner = {
  /** Decides; `undefined`: the pipeline's this time. */
  readonly plan: (request: PlainRequest) => Planned;
  /** The request as the pipeline reads it; `undefined` where it refuses it. */
  readonly read: (request: PlainRequest) => ClientRequest | undefined;
  /** The exchange of a request, to be answered from a stored response. */
  readonly exchangeOf: (request: PlainRequest) => Decided | undefined;
  /** The exchange of a request that has been answered by its plan. `trace`: its own; absent: it is not sampled. */
  readonly exchangeAsPlanned: (
    plan: Plan,
    socket: PlainRequest['socket'],
    trace: Trace | undefined,
  ) => CacheExchange | undefined;
};

/** A request as it was decided, and where what is sent of a stored response is caught. */
export type Decided = { readonly exchange: CacheExchange; readonly reply: CapturedReply };

/** With the exchange the pipeline can go on. */
export type Planned = (Decided & { readonly plan: () => Plan }) | Slow | undefined;

/** Makes the function that decides what can be decided beforehand. */
export function createPlanner(services: Services, read: (message: MessageHead) => ReadResult): Planner {
  const decide = (request: PlainRequest): Decided | Slow | undefined =>
    decideFor(services, read(messageOf(request)), request.target);
  return {
    plan: (request) => {
      const decided = decide(request);
      if (decided === undefined || 'kind' in decided) return decided;
      const { exchange, reply } = decided;
      return { plan: () => planOf(exchange, request), exchange, reply };
    },
    read: (request) => {
      const result = read(messageOf(request));
      return result.kind === 'request' ? result.request : undefined;
    },
    exchangeOf: (request) => {
      const decided = decide(request);
      return decided === undefined || 'kind' in decided ? undefined : decided;
    },
    exchangeAsPlanned: (plan, socket, trace) => {
      const { sentTarget: target, request } = plan;
      const result = read(messageOf({ ...request, target, socket }));
      if (result.kind !== 'request') return undefined;
      result.request.trace = services.traces && (trace ?? new Trace(plan.traceParent, false));
      return exchangeOfPlan(services, plan, result.request);
    },
  };
}

function exchangeOfPlan(
  services: Services,
  { site, match, who }: Plan,
  request: ClientRequest,
): CacheExchange {
  const { clock } = services;
  const [now, startedMs] = [clock.now(), clock.monotonicMs()];
  // Where it does not matter who asks, it may have to be found out elsewhere by now.
  const found = who ?? site.identify(request, now);
  const identity: Identity = found instanceof Promise ? { kind: 'anonymous' } : found;
  return keyedExchange({ services, site, request, reply: nobody, match, now, startedMs }, identity);
}

const messageOf = ({ method, target, fields, socket, scanned }: PlainRequest): MessageHead => ({
  method,
  url: target,
  rawHeaders: fields as string[],
  httpVersion: '1.1',
  httpVersionMajor: 1,
  httpVersionMinor: 1,
  socket,
  scanned,
});

function decideFor(services: Services, result: ReadResult, sentTarget: string): Decided | Slow | undefined {
  const site = services.site();
  const slow: Slow = { kind: 'slow', site, sentTarget, place: 0, isUsed: false };
  // What a path declares of its query changes its keys, and plans keep theirs. Each answer has a time of its own.
  const { accept, debug } = site.config;
  if (result.kind !== 'request' || accept.noVarySearch || debug.serverTiming) return slow;
  // A plan knows the fields as they were sent, and this one is not part of a request.
  if (result.request.known['shelflife-debug'] !== undefined) return slow;
  const reply = new CapturedReply(site.finish);
  const exchange = beginExchange(services, result.request, reply);
  const reason = passReason(exchange);
  // An operator may lift it at any time.
  if (reason === 'quarantine') return undefined;
  if (reason !== undefined || isForPipeline(exchange)) return slow;
  const identity = site.identify(result.request, exchange.now);
  // What proves an identity may come later, or end.
  if (identity instanceof Promise || doubtOf(exchange, identity) !== undefined) return undefined;
  const keyed = keyedExchange(exchange, identity);
  // Who asks may be somebody else later.
  if (!isInShare(site.shareOf(exchange.match), keyed))
    return identity.kind === 'anonymous' ? slow : undefined;
  return keyed.directives.noStore ? slow : { exchange: keyed, reply };
}

/** Ranges, and what is renewed for those who ask with their own credentials. */
function isForPipeline({ site, request, match }: Exchange): boolean {
  if (request.known.range !== undefined) return true;
  const { name } = match.contentType;
  return site.config.refresh.some((job) => job.kind === 'type' && job.type === name);
}

function planOf(exchange: CacheExchange, { method, fields, target: sentTarget }: PlainRequest): Plan {
  const { services, site, request, match, plan: keyed, directives, identity } = exchange;
  const { host, path, query } = request;
  const { contentType } = match;
  const isPublic = contentType.kind === 'rule' && contentType.scope === 'public';
  const isEverybodys =
    isPublic && contentType.vary.cookies.length === 0 && site.shareOf(match).percent >= 100;
  return {
    kind: 'plan',
    site,
    host,
    target: targetText(path, query),
    sentTarget,
    requestId: clientRequestId(request),
    forwardedBefore: request.forwardedFor.slice(0, request.forwardedFor.lastIndexOf(' ') + 1),
    traceParent: services.traces && traceParentOf(fields),
    request: { method, fields },
    match,
    keyed: hitKey(keyed),
    directives,
    who: isEverybodys ? undefined : identity,
    prepared: undefined,
    place: 0,
    isUsed: false,
  };
}

/** Without what a fetch would need: that keeps the whole request. */
function hitKey({ key, selectingFields, answers }: KeyPlan): HitKey {
  const selecting = selectingFields();
  return { key, selectingFields: () => selecting, ...(answers && { answers }) };
}

/**
 * Whether all is as it was decided by: the configuration, the identity, and that its route is not in quarantine. `wallNow` is
 * by the wall clock: sessions and tokens carry dates of the app's.
 */
export function holds(decided: Plan | Slow, services: Services, wallNow: EpochMs): boolean {
  const { site } = decided;
  if (services.site() !== site) return false;
  if (decided.kind === 'slow') return true;
  const { who, match } = decided;
  if (services.isQuarantined?.(match) === true) return false;
  return who === undefined || isStillGood(who, wallNow);
}
