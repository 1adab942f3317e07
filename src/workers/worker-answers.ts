/** What a worker answers its primary. */

import type { Registry } from 'prom-client';
import { listAtHand, listElsewhere } from '../control/entries.ts';
import { prepareCount, type PurgeCount } from '../control/purge.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { OpenStore } from '../store/opened-store.ts';
import type { Reload } from '../control/reload.ts';
import { explain } from '../explain/explain.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import type { OpenRefresh } from '../refresh/open-refresh.ts';
import type { OpenTrust } from '../trust/open-trust.ts';
import type { Counting } from '../watch/count/counting.ts';
import { splitsOf } from '../watch/show/answers.ts';
import type { WorkerParts } from './worker-parts.ts';
import type { Answering } from './link.ts';
import type { ToPrimary, WorkerQuestions } from './messages.ts';

/** What the answers are taken from. */
export type Answerer = {
  readonly services: Services;
  readonly refresh: Pick<OpenRefresh, 'warm' | 'governor'>;
  readonly counting: Counting;
  readonly evidence: Pick<OpenTrust, 'noise' | 'share'>;
  /** Puts the configuration of this text in force. */
  readonly reload: (text: string) => ReturnType<Reload>;
  readonly renewCertificates: () => Promise<void>;
  readonly stored: Pick<OpenStore, 'redis' | 'lease' | 'notes'>;
} & Pick<WorkerParts, 'pack' | 'record'>;

const mostCounts = 100;

export type WorkerAnswers = Answering<Omit<WorkerQuestions, 'decide'>> & {
  readonly stopWarming: (id: number) => void;
};

/** Makes the functions that answer; `answerer` is asked for when there is a first question. */
export function createWorkerAnswers(
  answerer: () => Answerer,
  tell: (message: ToPrimary) => void,
): WorkerAnswers {
  const warmings = new Map<number, AbortController>();
  let registry: Promise<Registry> | undefined;
  return {
    alive: () => undefined,
    give: (sought) => answerer().pack(sought),
    share: () => shareOf(answerer()),
    noise: () => answerer().evidence.noise(),
    record: (placed) => answerer().record(placed),
    ...createCounts(answerer),
    entries: (sought) => listAtHand(answerer().services, sought),
    'entries-elsewhere': ({ sought, known }) => listElsewhere(answerer().services, sought, known),
    ...createUpkeep(answerer),
    explain: (question) => explain(answerer().services, question),
    splits: () => {
      const { site, store } = answerer().services;
      return splitsOf(site().config, store);
    },
    runtime: async () => {
      registry ??= import('../watch/show/runtime-metrics.ts').then((room) => room.createRuntimeRegistry());
      return (await registry).getMetricsAsJSON();
    },
    reload: async (text) => (await answerer().reload(text)).kind,
    renew: async () => {
      await answerer().renewCertificates();
      return undefined;
    },
    warm: async ({ id, request }) => {
      const leaving = new AbortController();
      warmings.set(id, leaving);
      const summary = await answerer().refresh.warm(request, {
        signal: leaving.signal,
        onProgress: (progress) => {
          tell({ kind: 'warming', id, progress });
        },
      });
      warmings.delete(id);
      return summary;
    },
    stopWarming: (id) => warmings.get(id)?.abort(),
  };
}

/** A purge is counted as of the first question about it; the second one may come after it. */
function createCounts(
  answerer: () => Answerer,
): Pick<Answering<WorkerQuestions>, 'count' | 'count-elsewhere'> {
  const counts = new BoundedMap<number, PurgeCount>(mostCounts);
  return {
    count: ({ id, ...about }) => {
      const count = prepareCount(answerer().services, about);
      if (count.elsewhere !== undefined) counts.set(id, count);
      return count.atHand();
    },
    'count-elsewhere': ({ id, known }) =>
      counts.get(id)?.elsewhere?.(new Set(known)) ?? Promise.resolve({ matched: 0, isWhole: true }),
  };
}

/** What the primary does in Redis for the whole instance. It takes a failure for an answer that does not come. */
function createUpkeep(
  answerer: () => Answerer,
): Pick<Answering<WorkerQuestions>, 'lease' | 'note' | 'notes'> {
  const orNone = <T>(answer: Promise<T> | undefined): Promise<T | undefined> =>
    (answer ?? Promise.resolve(undefined)).catch(() => undefined);
  return {
    lease: ({ name, duration }) => orNone(answerer().stored.lease?.acquire(name, duration)),
    note: ({ subject, text, keptFor }) => orNone(answerer().stored.notes?.write(subject, text, keptFor)),
    notes: (subject) => orNone(answerer().stored.notes?.read(subject)),
  };
}

function shareOf({
  services,
  refresh,
  counting,
  evidence,
  stored,
}: Answerer): WorkerQuestions['share']['answer'] {
  return {
    counts: counting.counters.drain(),
    trust: evidence.share(),
    store: services.store.size(),
    redis: stored.redis(),
    residentBytes: process.memoryUsage.rss(),
    background: refresh.governor.stats(),
    isOriginUp: services.origin.health.isClosed,
  };
}
