/** What the primary and its workers say to each other. */

import type { AddressInfo } from 'node:net';
import type { ExplainResult, Question } from '../explain/explain.ts';
import type { Met, MetAtHand, MetBy } from '../control/purge.ts';
import type { Shown, ShownAtHand, Sought } from '../control/entries.ts';
import type { Seconds } from '../kit/time.ts';
import type { BackgroundStats } from '../proxy/exchange/exchange.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { WarmProgress, WarmRequest, WarmSummary } from '../refresh/warm.ts';
import type { RecordedPurges } from '../store/log/pending-purges.ts';
import type { PlacedPurge, SentPurge } from '../store/log/worker-purge-log.ts';
import type { Receipt } from '../store/purge-log.ts';
import type { RedisState } from '../store/opened-store.ts';
import type { SoughtKey, Wanted } from '../store/sibling-store.ts';
import type { StoreSize } from '../store/store.ts';
import type { NoiseSeen } from '../trust/noise-book.ts';
import type { Quarantined } from '../trust/quarantine.ts';
import type { Decided, TrustShare } from '../trust/trust-share.ts';
import type { WriteSeen } from '../trust/writes-seen.ts';
import type { CountersShare } from '../watch/count/counters-share.ts';
import type { Splits } from '../watch/count/splits.ts';
import type { RuntimeMetrics } from '../watch/show/runtime-metrics.ts';
import type { Link } from './link.ts';
import type { OrderPlace } from './purge-order.ts';

/** The public listeners, by the names of their addresses in the configuration. */
export type ListenerName = 'listen' | 'redirect';

/** Where they listen; that of a Unix socket as it is written. */
export type BoundAddresses = Readonly<Partial<Record<ListenerName, AddressInfo | string>>>;

/** What a worker begins with. */
export type Begin = {
  readonly kind: 'begin';
  /** The worker's number, from 1 on: that of the one in whose place it is, if it is in one's. */
  readonly worker: number;
  readonly workers: number;
  /** Unlike any other worker's, also of those that have ended. */
  readonly name: string;
  /** The configuration file as the primary started with it, and as it is in force. */
  readonly text: { readonly first: string; readonly inForce: string };
  readonly addresses: BoundAddresses;
};

/** What it has joined: from here on it hears of each purge. */
export type Joined = {
  readonly kind: 'joined';
  readonly log: OrderPlace;
  readonly decided: Decided;
  readonly learned: readonly string[];
};

export type ToWorker =
  | Begin
  | Joined
  | { readonly kind: 'placed'; readonly purges: readonly PlacedPurge[] }
  | { readonly kind: 'recorded'; readonly recorded: RecordedPurges }
  | { readonly kind: 'settled'; readonly own: number; readonly workers: Receipt['workers'] }
  | { readonly kind: 'learned'; readonly digest: string }
  | { readonly kind: 'wrote'; readonly write: WriteSeen }
  | { readonly kind: 'asked-for'; readonly keys: Requested }
  | { readonly kind: 'connection'; readonly listener: string }
  | { readonly kind: 'ticket-secret'; readonly bytes: Uint8Array }
  | { readonly kind: 'stop-warming'; readonly id: number }
  | { readonly kind: 'stop' };

export type ToPrimary =
  | { readonly kind: 'join' }
  | { readonly kind: 'listening' }
  | { readonly kind: 'purges'; readonly purges: readonly SentPurge[] }
  | { readonly kind: 'acknowledged'; readonly seq: number }
  | { readonly kind: 'recorded'; readonly which: Recorded }
  | { readonly kind: 'learned'; readonly digest: string }
  | { readonly kind: 'wrote'; readonly write: WriteSeen }
  | { readonly kind: 'found'; readonly found: Quarantined }
  | { readonly kind: 'asked-for'; readonly keys: Requested }
  | { readonly kind: 'filled' | 'abandoned' | 'released'; readonly key: CacheKey }
  | { readonly kind: 'taken'; readonly open: number }
  | { readonly kind: 'open'; readonly open: number }
  | { readonly kind: 'warming'; readonly id: number; readonly progress: WarmProgress };

/** A purge that Redis has: one of the worker's own, or one that the primary has placed. */
export type Recorded = { readonly own: number } | { readonly seq: number };

/** How often keys were requested lately. */
export type Requested = readonly (readonly [key: string, count: number])[];

/** What the primary may ask of a worker. */
export type WorkerQuestions = {
  /** For a sign of life. */
  readonly alive: { readonly about: undefined; readonly answer: undefined };
  readonly give: { readonly about: SoughtKey; readonly answer: readonly Uint8Array[] };
  readonly share: { readonly about: undefined; readonly answer: WorkerShare };
  /** In force when it is answered. */
  readonly decide: { readonly about: Decided; readonly answer: undefined };
  readonly noise: { readonly about: undefined; readonly answer: readonly NoiseSeen[] };
  /** Has Redis record a purge that all workers know already. */
  readonly record: { readonly about: PlacedPurge; readonly answer: Receipt };
  readonly count: { readonly about: CountQuestion; readonly answer: MetAtHand };
  /** Of a purge that was counted: what Redis has besides. */
  readonly 'count-elsewhere': { readonly about: ElsewhereQuestion; readonly answer: Met };
  readonly entries: { readonly about: Sought; readonly answer: ShownAtHand };
  readonly 'entries-elsewhere': {
    readonly about: { readonly sought: Sought; readonly known: readonly string[] };
    readonly answer: Shown;
  };
  readonly lease: {
    readonly about: { readonly name: string; readonly duration: Seconds };
    readonly answer: boolean;
  };
  readonly note: {
    readonly about: { readonly subject: string; readonly text: string; readonly keptFor: Seconds };
    readonly answer: boolean;
  };
  readonly notes: { readonly about: string; readonly answer: ReadonlyMap<string, string> };
  readonly explain: { readonly about: Question; readonly answer: ExplainResult };
  readonly splits: { readonly about: undefined; readonly answer: Splits };
  readonly runtime: { readonly about: undefined; readonly answer: RuntimeMetrics };
  readonly reload: { readonly about: string; readonly answer: string };
  readonly renew: { readonly about: undefined; readonly answer: undefined };
  readonly warm: {
    readonly about: { readonly id: number; readonly request: WarmRequest };
    readonly answer: WarmSummary | 'busy';
  };
};

/** What a worker may ask of the primary. */
export type PrimaryQuestions = {
  readonly want: { readonly about: SoughtKey; readonly answer: Wanted };
};

export type CountQuestion = MetBy & { readonly id: number };

/** `known`: the names of what the workers have in memory. */
export type ElsewhereQuestion = { readonly id: number; readonly known: readonly string[] };

/** A worker's part of the figures: `counts`, and those of `trust`, since it was last asked, the rest as of now. */
export type WorkerShare = {
  readonly counts: CountersShare;
  readonly trust: TrustShare;
  readonly store: StoreSize;
  readonly redis: RedisState;
  readonly residentBytes: number;
  readonly background: BackgroundStats;
  readonly isOriginUp: boolean;
};

export type ToWorkerLink = Link<ToWorker, WorkerQuestions, ToPrimary, PrimaryQuestions>;
export type ToPrimaryLink = Link<ToPrimary, PrimaryQuestions, ToWorker, WorkerQuestions>;
