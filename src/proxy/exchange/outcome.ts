/**
 * What happened to one request and why: the same word in Cache-Status (RFC 9211), the log line, the metrics and the tests.
 */

import type { CacheStatus, ForwardReason, ProxyErrorType } from '../../http/cache-status.ts';
import type { NotStorableReason } from '../../http/storable.ts';
import type { Fields } from '../../http/message.ts';
import type { Seconds } from '../../kit/time.ts';
import type { FailureReason } from '../../origin/failure.ts';
import type { IdentityDoubt } from '../../policy/identity/identity.ts';
import type { PurgeCause } from '../../store/purge-log.ts';
import type { Entry } from '../../store/store.ts';
import type { RefusalReason } from './client-request.ts';
import type { Trace } from './trace.ts';

export type PassReason =
  | 'rule'
  | 'unmatched'
  | 'method'
  | 'write-rule'
  | 'ambiguous-path'
  | 'request-body'
  | 'method-override'
  | 'precondition'
  | 'upgrade'
  | 'identity'
  | 'acme-challenge'
  | 'quarantine'
  | 'shadow';

/** `store-down`: none at hand, and Redis could not be asked. */
export type MissCause =
  | 'cold'
  | 'store-down'
  | 'expired'
  | 'purged'
  | 'evicted'
  | 'vary'
  | 'partial'
  | 'client-reload'
  | 'uncacheable'
  | 'collapsed-failed';

export type NotStoredReason =
  | NotStorableReason
  | 'status-not-listed'
  | 'set-cookie'
  | 'stream'
  | 'slow-body'
  | 'unless'
  | 'too-large'
  | 'no-room'
  | 'too-many-tags'
  | 'unverified-length'
  | 'broken-coding'
  | 'truncated'
  | 'purged-during-fetch'
  | 'zero-lifetime'
  | 'head-request'
  | 'conditional-request'
  | 'not-asked';

export type OutcomeClient = {
  /** The addresses the request came from, the nearest last. */
  readonly forwardedFor: string;
  readonly httpVersion: string;
  readonly fields: Fields;
  /** Of the answer's body; `undefined`: not known. */
  readonly bodyBytes: number | undefined;
};

export type Outcome = {
  readonly kind: 'hit' | 'forward' | 'pass' | 'refused' | 'failed';
  readonly status: number;
  readonly contentType: string;
  readonly route: string | undefined;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  /** The client's, or the one the origin was sent; `undefined` for what needed none. */
  readonly requestId: string | undefined;
  readonly trace: Trace | undefined;
  /** The stored response that was given, or what the answer was stored as. */
  readonly entry: Entry | undefined;
  readonly cacheStatus: CacheStatus | undefined;
  readonly miss: MissCause | undefined;
  readonly purgedBy: PurgeCause | 'forgotten' | undefined;
  readonly pass: PassReason | undefined;
  readonly doubt: IdentityDoubt | undefined;
  readonly refusal: RefusalReason | undefined;
  readonly failure: FailureReason | undefined;
  readonly notStored: NotStoredReason | undefined;
  /** Who asked, and how much was sent; absent where no access log wants to know. */
  readonly client: OutcomeClient | undefined;
  readonly duration: Seconds;
  /** How long the origin took to its last byte, when it was asked. */
  readonly originDuration: Seconds | undefined;
};

/** Of an outcome: what most have nothing to say about. */
export const nothingKnown = {
  trace: undefined,
  entry: undefined,
  cacheStatus: undefined,
  miss: undefined,
  purgedBy: undefined,
  pass: undefined,
  doubt: undefined,
  refusal: undefined,
  failure: undefined,
  notStored: undefined,
  client: undefined,
  originDuration: undefined,
} as const;

/** Why a stale response was given in place of the origin's. `breaker-open`: the origin was not even asked. */
export type StandInDetail = 'stale-after' | 'stale-if-error' | 'disconnected' | 'breaker-open';

/** RFC 9209's word for a failure, and the status that says it to a client (CONTRACT §4: unreachable 502, too slow 504). */
export const proxyErrors: Readonly<Record<FailureReason, { status: 502 | 504; error: ProxyErrorType }>> = {
  refused: { status: 502, error: 'connection_refused' },
  unroutable: { status: 502, error: 'destination_ip_unroutable' },
  dns: { status: 502, error: 'dns_error' },
  'tls-certificate': { status: 502, error: 'tls_certificate_error' },
  'tls-protocol': { status: 502, error: 'tls_protocol_error' },
  'connect-timeout': { status: 504, error: 'connection_timeout' },
  'head-timeout': { status: 504, error: 'http_response_timeout' },
  'body-timeout': { status: 504, error: 'connection_read_timeout' },
  reset: { status: 502, error: 'connection_terminated' },
  aborted: { status: 502, error: 'connection_terminated' },
  malformed: { status: 502, error: 'http_protocol_error' },
  truncated: { status: 502, error: 'http_response_incomplete' },
};

/** The forward reason of each miss. */
export const forwardReasons: Readonly<Record<MissCause, ForwardReason>> = {
  vary: 'vary-miss',
  partial: 'partial',
  expired: 'stale',
  'client-reload': 'request',
  cold: 'uri-miss',
  'store-down': 'uri-miss',
  purged: 'uri-miss',
  evicted: 'uri-miss',
  uncacheable: 'uri-miss',
  'collapsed-failed': 'uri-miss',
};
