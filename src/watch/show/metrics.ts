/**
 * The counters in Prometheus format (CONTRACT §3), with the runtime's own metrics.
 *
 * Promises: it costs requests nothing, because values are filled in at each scrape. Labels are content types, causes and
 * kinds from closed sets, never URLs or identities (DESIGN §3.10).
 */

import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import { operationBounds } from '../count/counters.ts';
import { histogramOf } from './prometheus-histogram.ts';
import {
  bucketsOf,
  type Distribution,
  distributions,
  get,
  type Quantity,
  type Tally,
} from '../count/tally.ts';
import type { Watch } from '../count/watch.ts';

/** The state of each alert. */
export type AlertStates = () => readonly { readonly name: string; readonly firing: boolean }[];

export type RegistryOptions = {
  readonly alerts?: AlertStates;
  /** What the metrics are added to. */
  readonly registry?: Registry;
};

/** Creates the registry that `GET /metrics` prints. */
export function createRegistry(
  watch: Watch,
  { alerts = () => [], registry = new Registry() }: RegistryOptions = {},
): Registry {
  registerLookups(registry, watch);
  registerConnections(registry, watch);
  registerOrigin(registry, watch);
  registerSavings(registry, watch);
  registerWrites(registry, watch);
  registerState(registry, watch);
  registerBackground(registry, watch);
  const firing = gauge(registry, ['shelflife_alert_firing', 'Whether an alert fires, 1 or 0', ['alert']]);
  fill(firing, (set) => {
    for (const alert of alerts()) set({ alert: alert.name }, alert.firing ? 1 : 0);
  });
  return registry;
}

type Labels = Readonly<Record<string, string>>;
type Set = (labels: Labels, value: number) => void;

/** A metric whose values are collected at each scrape. */
function fill(metric: Counter | Gauge, values: (set: Set) => void): void {
  const filled = metric as Metric & { collect: () => void };
  filled.collect = () => {
    metric.reset();
    values((labels, value) => {
      metric.inc(labels, value);
    });
  };
}

/** Name, help, names of labels. */
type Described = readonly [name: string, help: string, labelNames?: readonly string[]];

const counter = (registry: Registry, [name, help, labelNames = []]: Described): Counter =>
  new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
const gauge = (registry: Registry, [name, help, labelNames = []]: Described): Gauge =>
  new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });

function registerLookups(registry: Registry, { counters }: Watch): void {
  const total = (quantity: Quantity): number => get(counters.total(), quantity);
  fill(counter(registry, ['cache_hits_total', 'Reads answered from the store', ['backend']]), (set) => {
    set({ backend: 'memory' }, total('hits') - total('redisHits'));
    set({ backend: 'redis' }, total('redisHits'));
  });
  const misses = counter(registry, [
    'cache_misses_total',
    'Reads not answered from the store, by cause',
    ['backend', 'reason'],
  ]);
  fill(misses, (set) => {
    for (const [reason, count] of counters.ledger.counts()) set({ backend: 'memory', reason }, count);
  });
  const requests = counter(registry, [
    'shelflife_requests_total',
    'Requests, by content type and outcome',
    ['type', 'outcome'],
  ]);
  fill(requests, (set) => {
    for (const [type, { outcomes }] of counters.types) {
      for (const [outcome, count] of outcomes) set({ type, outcome }, count);
    }
  });
  const operations = {
    name: 'cache_op_duration_seconds',
    help: 'Duration of store operations',
    labelNames: ['operation', 'backend'],
  };
  histogramOf(registry, { ...operations, bounds: operationBounds }, (add) => {
    for (const [name, { tally, seconds }] of counters.operations) {
      const [operation = '', backend = ''] = name.split('/');
      add({ labels: { operation, backend }, buckets: [...tally], sum: seconds });
    }
  });
  for (const [kind, quantity, outcome] of [
    ['hitTimes', 'hitSeconds', 'hit'],
    ['missTimes', 'missSeconds', 'miss'],
  ] as const) {
    const name = `shelflife_${outcome}_duration_seconds`;
    distribution(registry, { name, help: `Time to answer a ${outcome}`, kind, quantity }, () =>
      counters.total(),
    );
  }
}

function registerConnections(registry: Registry, { counters }: Watch): void {
  const handshakes = counter(registry, [
    'shelflife_tls_handshake_failures_total',
    'TLS handshakes that failed, by reason',
    ['reason'],
  ]);
  fill(handshakes, (set) => {
    for (const [reason, count] of counters.handshakeFailures) set({ reason }, count);
  });
  const refusals = counter(registry, [
    'shelflife_proxy_protocol_refusals_total',
    'Connections refused by listen.proxy_protocol, by reason',
    ['reason'],
  ]);
  fill(refusals, (set) => {
    for (const [reason, count] of counters.proxyRefusals) set({ reason }, count);
  });
}

type Distributed = {
  readonly name: string;
  readonly help: string;
  readonly kind: Distribution;
  readonly quantity: Quantity;
};

function distribution(
  registry: Registry,
  { name, help, kind, quantity }: Distributed,
  tally: () => Tally,
): void {
  histogramOf(registry, { name, help, labelNames: [], bounds: distributions[kind].bounds }, (add) => {
    const now = tally();
    add({ labels: {}, buckets: bucketsOf(now, kind), sum: get(now, quantity) });
  });
}

function registerOrigin(registry: Registry, { counters, options }: Watch): void {
  const shared = (quantity: Quantity): number => get(counters.shared, quantity);
  fill(
    gauge(registry, ['shelflife_origin_breaker_open', 'Whether the origin has been failing, 1 or 0']),
    (set) => {
      set({}, options.health.isClosed ? 0 : 1);
    },
  );
  fill(counter(registry, ['shelflife_origin_requests_total', 'Requests sent to the origin']), (set) => {
    set({}, shared('originRequests'));
  });
  fill(
    counter(registry, ['shelflife_origin_errors_total', 'Origin requests without an answer or with a 5xx']),
    (set) => {
      set({}, shared('originErrors'));
    },
  );
  const durations = {
    name: 'shelflife_origin_duration_seconds',
    help: 'Time until the last byte from the origin',
  };
  distribution(
    registry,
    { ...durations, kind: 'originTimes', quantity: 'originSeconds' },
    () => counters.shared,
  );
  const purges = counter(registry, ['shelflife_invalidations_total', 'Purges, by cause', ['cause']]);
  fill(purges, (set) => {
    for (const [cause, count] of counters.purgesByCause) set({ cause }, count);
  });
}

const fates = [
  ['shelflife_write_ended_total', 'Stored responses that writes ended', 'ended'],
  ['shelflife_write_asked_again_total', 'Of these, those that clients asked for again', 'asked'],
  ['shelflife_write_needless_total', 'Of these, those that came back with the same bytes', 'same'],
] as const;

function registerWrites(registry: Registry, { counters }: Watch): void {
  for (const [name, help, kind] of fates) {
    fill(counter(registry, [name, `${help}, by write rule`, ['rule']]), (set) => {
      for (const [rule, counts] of counters.writes.totals()) set({ rule }, counts[kind]);
    });
  }
}

const savings: readonly (readonly [name: string, help: string, quantity: Quantity])[] = [
  ['shelflife_origin_seconds_saved_total', 'Origin time saved by answers from the store', 'savedSeconds'],
  ['shelflife_bytes_saved_total', 'Body bytes that the origin did not send', 'savedBytes'],
  ['shelflife_stale_hits_total', 'Stale hits', 'staleHits'],
  [
    'shelflife_stand_ins_total',
    'Misses answered with a stale response because the origin failed or was slow',
    'standIns',
  ],
  ['shelflife_audited_total', 'Hits that the audit compared with the origin', 'audited'],
  [
    'shelflife_audited_stale_total',
    'Of these, those whose copy was not what the origin gives',
    'auditedStale',
  ],
  ['shelflife_collapsed_total', 'Requests that waited for the fetch of another request', 'collapsed'],
];

function registerSavings(registry: Registry, { counters }: Watch): void {
  for (const [name, help, quantity] of savings) {
    fill(counter(registry, [name, help, ['type']]), (set) => {
      for (const [type, { tally }] of counters.types) set({ type }, get(tally, quantity));
    });
  }
  const lifetimes = {
    name: 'shelflife_lifetime_seconds',
    help: 'Lifetimes of stored responses',
    labelNames: ['type'],
  };
  histogramOf(registry, { ...lifetimes, bounds: distributions.lifetimes.bounds }, (add) => {
    for (const [type, { tally }] of counters.types) {
      add({ labels: { type }, buckets: bucketsOf(tally, 'lifetimes'), sum: get(tally, 'lifetimeSeconds') });
    }
  });
  const staleness = { name: 'shelflife_staleness_seconds', help: 'Staleness of stale responses when served' };
  distribution(registry, { ...staleness, kind: 'staleness', quantity: 'staleSeconds' }, () =>
    counters.total(),
  );
}

const work = ['waiting', 'running', 'limit', 'started', 'needless', 'dropped', 'failed'] as const;

/** The governor of background work: its queue, its limits, and how much slower than usual the origin is. */
function registerBackground(registry: Registry, { options }: Watch): void {
  fill(
    gauge(registry, ['shelflife_background_fetches', 'Fetches that no client waits for', ['state']]),
    (set) => {
      const now = options.background?.();
      for (const state of work) set({ state }, now?.[state] ?? 0);
    },
  );
  fill(
    gauge(registry, ['shelflife_background_rate', 'Background fetches per second that the governor allows']),
    (set) => {
      set({}, options.background?.()?.perSecond ?? 0);
    },
  );
  fill(
    gauge(registry, ['shelflife_origin_slowdown', 'How many times slower than usual the origin is']),
    (set) => {
      set({}, options.background?.()?.slowdown ?? 1);
    },
  );
}

function registerState(registry: Registry, { options }: Watch): void {
  const { store, redis } = options;
  fill(gauge(registry, ['shelflife_store_bytes', 'Bytes stored', ['tier']]), (set) => {
    set({ tier: 'memory' }, store.size().bytes);
    const { bytes } = redis();
    if (bytes !== undefined) set({ tier: 'redis' }, bytes);
  });
  fill(gauge(registry, ['shelflife_store_entries', 'Responses stored', ['tier']]), (set) => {
    set({ tier: 'memory' }, store.size().entries);
  });
  fill(
    gauge(registry, ['shelflife_redis_up', '1: Redis answers; 0: it does not, or is not configured']),
    (set) => {
      set({}, redis().redis === 'up' ? 1 : 0);
    },
  );
  fill(gauge(registry, ['shelflife_redis_breaker', 'State of the Redis breaker', ['state']]), (set) => {
    for (const state of ['closed', 'open', 'half-open']) set({ state }, redis().breaker === state ? 1 : 0);
  });
  const unreadable = counter(registry, [
    'shelflife_unreadable_total',
    'Values in Redis that could not be read as entries, by reason',
    ['reason'],
  ]);
  fill(unreadable, (set) => {
    for (const [reason, count] of Object.entries(redis().unreadable ?? {})) set({ reason }, count);
  });
  fill(gauge(registry, ['shelflife_purge_queue', 'Purges waiting for Redis']), (set) => {
    set({}, redis().queue ?? 0);
  });
  fill(gauge(registry, ['shelflife_purge_lag_seconds', 'Time since the purge log was last heard']), (set) => {
    set({}, redis().lag ?? 0);
  });
}
