/**
 * One request being answered: what is known about it, and what it may use. Every step of the pipeline gets this.
 */

import type { Config, ContentType } from '../../config/config.ts';
import type { RequestDirectives } from '../../http/cache-control.ts';
import type { SingleFlight } from '../../kit/single-flight.ts';
import { type Clock, type EpochMs, type Seconds, seconds } from '../../kit/time.ts';
import type { BoundedMap } from '../../kit/bounded-map.ts';
import type { Fields } from '../../http/message.ts';
import type { FailureReason, OriginFailure } from '../../origin/failure.ts';
import type { Origin } from '../../origin/origin.ts';
import type { CacheKey, KeyPlan } from '../../policy/key/cache-key.ts';
import type { KeyMemo } from '../../policy/key/key-memo.ts';
import type { Identify, Identity } from '../../policy/identity/identity.ts';
import type { Popularity } from '../../policy/lifetime/popularity.ts';
import type { Rules } from '../../policy/rules/rules.ts';
import type { Match } from '../../policy/rules/safest-match.ts';
import type { PurgeLog, Position } from '../../store/purge-log.ts';
import type { Entry, Store } from '../../store/store.ts';
import type { ClientRequest } from './client-request.ts';
import type { Outcome } from './outcome.ts';
import type { FinishFields, Reply } from './reply.ts';
import type { DeclaredQueries } from './shared-query.ts';
import { clientRequestId, requestIdOf } from './request-id.ts';

/** A configuration, compiled: replaced as a whole when the file is read again. */
export type Site = {
  readonly config: Config;
  readonly rules: Rules;
  readonly identify: Identify;
  /** Host of the origin's own URL, for `upstream.host: upstream`. */
  readonly originHost: string;
  /** Counts up with each configuration that ended something stored. */
  readonly generation: number;
  /** `lifetimeDigest` by content type. */
  readonly lifetimes: ReadonlyMap<string, string>;
  /** Whether any rule asks how popular a key is. */
  readonly countsPopularity: boolean;
  /** Removes the fields that clients do not get (`accept.remove`); absent: they get all. */
  readonly finish: FinishFields | undefined;
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
  /** Digests of the rules, by content type. */
  readonly rules: Map<ContentType, string>;
};

/** What newcomers need to know of a fetch before they wait for it. */
export type FlightInfo = {
  readonly asOf: Position;
  /** Its answer, when that is read along. */
  shared?: SharedAnswer | undefined;
  /** To be called when a client that waited has left. */
  onLeft?: (() => void) | undefined;
};

/** An answer whose body is still coming, for clients that read it along. */
export type SharedAnswer = {
  /** As it would be stored, as far as it is there: it tells who may have it. */
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
export type Flights = SingleFlight<FlightInfo, Entry, FetchFailure>;

/** Whether a whole answer's body decodes to its end by its `Content-Encoding`; at once where that is quick. */
export type BodyProof = {
  isWhole: (answer: CodedAnswer) => boolean | Promise<boolean>;
};
export type CodedAnswer = Pick<Entry, 'status' | 'fields' | 'body' | 'part'>;

/** How many fetches go on for the store alone. */
export type AbandonedFetches = { count: number };

/** Bytes of one proxy's bodies beside its store: kept to be stored, and not yet taken by clients. */
export type BodyRoom = { kept: number; unsent: number };

/** Makes entries smaller, each in its own time; `undefined` for one that got no smaller, or that there was no room for. */
export type EntryCompressor = { readonly compress: (entry: Entry) => Promise<Entry | undefined> };

/** What is sent of an entry again and again, made once. */
export type PreparedForms = {
  /** The fields of a whole answer but for Age and Cache-Status. */
  readonly fieldsOf: (entry: Entry) => readonly string[];
  /** A compressed entry as clients get it that take the coding. */
  readonly gzipOf: (entry: Entry) => Entry;
};

/** Learns from what the origin does with session cookies (identities without a secret). */
export type LearnSession = (exchange: Exchange, setCookies: readonly string[]) => void;

/** What the request path is made of; built once. */
export type Services = {
  readonly site: () => Site;
  readonly store: Store;
  readonly purgeLog: PurgeLog;
  readonly origin: Origin;
  readonly clock: Clock;
  readonly flights: Flights;
  /** Keys whose last answer was not for others: nobody waits for the next (until the instant given). */
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
  /** Absent: a stale response that was given is renewed at once, and nothing else happens with no client waiting. */
  readonly background?: Background | undefined;
};

/** Told of what may be a reason to fetch with no client waiting. Each returns at once. */
export type Background = {
  /** Somebody asks for something that has a key. */
  readonly onAsked: (exchange: CacheExchange) => void;
  /** A stale response was given, and is to be renewed. */
  readonly onStaleHit: (exchange: CacheExchange, entry: Entry) => void;
  /** A fresh response of a type with `refresh_ahead` was given; `ttl` is what is left of its life. */
  readonly onFreshHit: (exchange: CacheExchange, entry: Entry, ttl: Seconds) => void;
  /** A response was stored, or one that is stored was validated. */
  readonly onStored: (exchange: CacheExchange, entry: Entry) => void;
};

/** What the governor of background work reports. */
export type BackgroundStats = {
  readonly waiting: number;
  readonly running: number;
  /** How many may run at once now. */
  readonly limit: number;
  /** How many may start per second now. */
  readonly perSecond: number;
  /** How many times slower than usual the origin is. */
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
};

/** An exchange that may be answered from the store. */
export type CacheExchange = Exchange & {
  readonly identity: Identity;
  readonly plan: KeyPlan;
  /** Canonical path and query as sent to the origin and keyed. */
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
  outcome: Pick<Outcome, 'kind' | 'status'> & Partial<Outcome>,
): void {
  const { request, match, services } = exchange;
  services.onOutcome({
    contentType: match.contentType.name,
    route: match.route?.pattern,
    method: request.method,
    host: request.host,
    target: request.query === undefined ? request.path : `${request.path}?${request.query}`,
    requestId: outcome.originDuration === undefined ? clientRequestId(request) : requestIdOf(request),
    entry: undefined,
    cacheStatus: undefined,
    miss: undefined,
    purgedBy: undefined,
    pass: undefined,
    doubt: undefined,
    refusal: undefined,
    failure: undefined,
    notStored: undefined,
    originDuration: undefined,
    duration: elapsed(exchange),
    ...outcome,
  });
}
