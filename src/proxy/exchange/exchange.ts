/** One request being answered: what is known about it, and what it may use. Every step of the pipeline gets this. */

import type { Config, ContentType } from '../../config/config.ts';
import type { RequestDirectives } from '../../http/cache-control.ts';
import type { SingleFlight } from '../../kit/single-flight.ts';
import { type Clock, type EpochMs, type Seconds, seconds } from '../../kit/time.ts';
import type { BoundedMap } from '../../kit/bounded-map.ts';
import type { Fields } from '../../http/message.ts';
import type { FailureReason, OriginFailure } from '../../origin/failure.ts';
import type { OriginReceiver } from '../../origin/call.ts';
import type { Origin } from '../../origin/origin.ts';
import type { CacheKey, KeyPlan } from '../../policy/key/cache-key.ts';
import type { KeyMemo } from '../../policy/key/key-memo.ts';
import type { Identify, Identity } from '../../policy/identity/identity.ts';
import type { Popularity } from '../../policy/lifetime/popularity.ts';
import type { Rules } from '../../policy/rules/rules.ts';
import type { Match } from '../../policy/rules/safest-match.ts';
import type { ShareOf } from '../../policy/rules/share.ts';
import type { PurgeLog, Position } from '../../store/purge-log.ts';
import type { Entry, Store } from '../../store/store.ts';
import type { DebugNotes } from './debug-notes.ts';
import type { Endings } from './ended-copy.ts';
import type { ClientRequest } from './client-request.ts';
import type { Outcome } from './outcome.ts';
import type { FinishFields, Reply } from './reply.ts';
import type { DeclaredQueries } from './shared-query.ts';
import { clientRequestId, requestIdOf } from './request-id.ts';
import type { Traces } from './trace.ts';

/** A configuration, compiled: replaced as a whole when the file is read again. */
export type Site = {
  readonly config: Config;
  readonly rules: Rules;
  readonly identify: Identify;
  readonly originHost: string;
  /** Counts up with each configuration that ended something stored. */
  readonly generation: number;
  readonly lifetimes: ReadonlyMap<string, string>;
  readonly countsPopularity: boolean;
  /** Removes the fields that clients do not get (`accept.remove`); absent: they get all. */
  readonly finish: FinishFields | undefined;
  /** Whether what matches is passed, and only watched beside (`mode: shadow`). */
  readonly isShadowed: (match: Match) => boolean;
  /** Of the rest, who is cached; the others are in shadow too (`rollout`). */
  readonly shareOf: ShareOf;
  readonly keyed: KeyedBefore;
};

/** What was computed for earlier requests under a configuration; it goes with the configuration. */
export type KeyedBefore = {
  readonly keys: KeyMemo<CacheKey>;
  readonly queries: BoundedMap<
    string,
    { readonly contentType: ContentType; readonly query: string | undefined }
  >;
  /** What paths declared that may be shared (`accept.no_vary_search`). */
  readonly declared: DeclaredQueries;
  readonly rules: Map<ContentType, string>;
};

/** What newcomers need to know of a fetch before they wait for it. */
export type FlightInfo = {
  readonly asOf: Position;
  shared?: SharedAnswer | undefined;
  onLeft?: (() => void) | undefined;
};

/** An answer whose body is still coming, for clients that read it along. */
export type SharedAnswer = {
  readonly entry: Entry;
  readonly follow: (follower: Follower) => void;
  readonly leave: (follower: Follower) => void;
  readonly resume: () => void;
};

/** One that reads along. `onOver` is called when there is no more. */
export type Follower = {
  readonly client: {
    readonly unsentBytes: number;
    write(chunk: Buffer): boolean;
    end(trailers: Fields): void;
    cut(): void;
  };
  readonly onOver: (failure: FailureReason | undefined) => void;
};
/** `error-status`: the origin answered, with an error. */
export type FetchFailure = OriginFailure | { readonly reason: 'error-status'; readonly status: number };
type Flights = SingleFlight<FlightInfo, Entry, FetchFailure>;

/** Whether a whole answer's body decodes to its end; at once where that is quick. */
export type BodyProof = {
  isWhole: (answer: CodedAnswer) => boolean | Promise<boolean>;
};
export type CodedAnswer = Pick<Entry, 'status' | 'fields' | 'body' | 'part'>;

type AbandonedFetches = { count: number };

/** Bytes of one proxy's bodies beside its store: kept to be stored, and not yet taken by clients. */
export type BodyRoom = { kept: number; unsent: number };

/** `undefined` for an entry that got no smaller, or that there was no room for. */
type EntryCompressor = { readonly compress: (entry: Entry) => Promise<Entry | undefined> };

export type PreparedForms = {
  /** The fields of a whole answer but for Age and Cache-Status. */
  readonly fieldsOf: (entry: Entry) => readonly string[];
  readonly gzipOf: (entry: Entry) => Entry;
  /** What `decode` makes of an entry that its client cannot take as it is stored. */
  readonly plainOf: (entry: Entry, decode: (entry: Entry) => Entry) => Entry;
  /** The same, made beside the event loop; `undefined`: `plainOf` has it already. */
  readonly plainToCome: (
    entry: Entry,
    decode: (entry: Entry) => Promise<Entry>,
  ) => Promise<Entry> | undefined;
};

/** Learns from what the origin does with session cookies (identities without a secret). */
export type LearnSession = (exchange: Exchange, setCookies: readonly string[]) => void;

export type Services = {
  readonly site: () => Site;
  readonly store: Store;
  readonly purgeLog: PurgeLog;
  readonly origin: Origin;
  readonly clock: Clock;
  readonly flights: Flights;
  /** Keys whose last answer was not for others: until then nobody waits for the next. */
  readonly uncacheable: BoundedMap<string, EpochMs>;
  /** Keys dropped for want of space lately. */
  readonly evicted: BoundedMap<string, true>;
  readonly popularity: Popularity;
  readonly codedBodies: BodyProof;
  readonly bodyRoom: BodyRoom;
  readonly abandoned: AbandonedFetches;
  /** Runs an action once after a delay; what it returns cancels it. */
  readonly later: (delay: Seconds, action: () => void) => () => void;
  readonly compressor: EntryCompressor;
  readonly prepared: PreparedForms;
  readonly learnSession: LearnSession;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Whether outcomes say who asked. */
  readonly tellsClients?: boolean | undefined;
  /** Whether the holder of this token may have the debug header; absent: nobody may. */
  readonly mayDebug?: ((token: string) => boolean) | undefined;
  /** Absent: nothing is traced. */
  readonly traces?: Traces | undefined;
  /** Absent: nobody wants to know. */
  readonly endings?: Endings | undefined;
  /** Absent: a stale response that was given is renewed at once, and nothing else happens with no client waiting. */
  readonly background?: Background | undefined;
  /** Runs beside what is passed in shadow, and gives the exchange to pass. Absent: it is only passed. */
  readonly shadow?: Shadow | undefined;
  /** Whether what matches is passed, because it gave two people different pages; absent: nothing is. */
  readonly isQuarantined?: ((match: Match) => boolean) | undefined;
  /** Absent: no hit is asked for at the origin as well. */
  readonly audit?: Audit | undefined;
};

/** Picks hits that are asked for at the origin as well, when the client has its answer. */
export type Audit = {
  /** Counts a hit; whether it is picked. */
  readonly isNext: (site: Site) => boolean;
  readonly onPicked: (exchange: CacheExchange, entry: Entry, age: Seconds) => void;
};

export type Shadow = (exchange: Exchange) => Exchange;

export type Background = {
  /** Somebody asks for something that has a key. */
  readonly onAsked: (exchange: CacheExchange) => void;
  readonly onStaleHit: (exchange: CacheExchange, entry: Entry) => void;
  /** Of a type with `refresh_ahead`; `ttl` is what is left of its life. */
  readonly onFreshHit: (exchange: CacheExchange, entry: Entry, ttl: Seconds) => void;
  /** Or one that is stored was validated. */
  readonly onStored: (exchange: CacheExchange, entry: Entry) => void;
};

export type BackgroundStats = {
  readonly waiting: number;
  readonly running: number;
  readonly limit: number;
  readonly perSecond: number;
  readonly slowdown: number;
  readonly started: number;
  readonly needless: number;
  readonly dropped: number;
  readonly failed: number;
};

export type Exchange = {
  readonly services: Services;
  readonly site: Site;
  readonly request: ClientRequest;
  readonly reply: Reply;
  readonly match: Match;
  /** The one instant all decisions about this request are made at. */
  readonly now: EpochMs;
  readonly startedMs: number;
  /** For the debug header; absent: its client does not get it. */
  readonly notes?: DebugNotes | undefined;
  /** Puts a listener in front of who gets the origin's answer; absent: nobody listens. */
  readonly overheardBy?: ((client: OriginReceiver) => OriginReceiver) | undefined;
};

/** Begins an exchange: its configuration, its rule and its instant are settled here. */
export function beginExchange(services: Services, request: ClientRequest, reply: Reply): Exchange {
  const site = services.site();
  const match = site.rules.match(request.method, request.path, request);
  const startedMs = services.clock.monotonicMs();
  return { services, site, request, reply, match, now: services.clock.now(), startedMs };
}

/** An exchange that may be answered from the store. */
export type CacheExchange = Exchange & {
  readonly identity: Identity;
  readonly plan: KeyPlan;
  readonly target: string;
  readonly query: string | undefined;
  /** Its Host as the origin will see it. */
  readonly host: string;
  readonly directives: RequestDirectives;
};

/** Seconds since the exchange began. */
export const elapsed = ({ services, startedMs }: Exchange): Seconds =>
  seconds((services.clock.monotonicMs() - startedMs) / 1000);

/** Tells what happened; fields left out are unknown to this branch. */
export function tellOutcome(
  exchange: Exchange,
  outcome: Pick<Outcome, 'kind' | 'status'> & Partial<Pick<Outcome, Told>>,
): void {
  const { request, match, services } = exchange;
  const { originDuration } = outcome;
  // One literal, no spreading: this object is made for every request.
  services.onOutcome({
    kind: outcome.kind,
    status: outcome.status,
    contentType: match.contentType.name,
    route: match.route?.pattern,
    method: request.method,
    host: request.host,
    target: request.query === undefined ? request.path : `${request.path}?${request.query}`,
    requestId: originDuration === undefined ? clientRequestId(request) : requestIdOf(request),
    trace: request.trace,
    entry: outcome.entry,
    cacheStatus: outcome.cacheStatus,
    miss: outcome.miss,
    purgedBy: outcome.purgedBy,
    pass: outcome.pass,
    doubt: outcome.doubt,
    refusal: undefined,
    failure: outcome.failure,
    notStored: outcome.notStored,
    client: services.tellsClients === true ? clientOf(exchange) : undefined,
    duration: elapsed(exchange),
    originDuration,
  });
}

type Told =
  | 'entry'
  | 'cacheStatus'
  | 'miss'
  | 'purgedBy'
  | 'pass'
  | 'doubt'
  | 'failure'
  | 'notStored'
  | 'originDuration';

function clientOf({ request, reply }: Exchange): Outcome['client'] {
  const { forwardedFor, httpVersion, fields, method } = request;
  return { forwardedFor, httpVersion, fields, bodyBytes: method === 'HEAD' ? 0 : reply.sentBodyBytes };
}
