/** What a worker answers its primary. */

import type { Registry } from 'prom-client';
import { listHere } from '../control/entries.ts';
import { prepareCount } from '../control/purge.ts';
import type { Reload } from '../control/reload.ts';
import { explain } from '../explain/explain.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import type { OpenRefresh } from '../refresh/open-refresh.ts';
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
  /** Puts the configuration of this text in force. */
  readonly reload: (text: string) => ReturnType<Reload>;
  readonly renewCertificates: () => Promise<void>;
  readonly pack: WorkerParts['pack'];
};

export type WorkerAnswers = Answering<WorkerQuestions> & { readonly stopWarming: (id: number) => void };

/** Makes the functions that answer; `answerer` is asked for when there is a first question. */
export function createWorkerAnswers(
  answerer: () => Answerer,
  tell: (message: ToPrimary) => void,
): WorkerAnswers {
  const warmings = new Map<number, AbortController>();
  let registry: Promise<Registry> | undefined;
  return {
    alive: () => undefined,
    give: (key) => answerer().pack(key),
    share: () => shareOf(answerer()),
    count: (about) => prepareCount(answerer().services, about)(),
    entries: (sought) => listHere(answerer().services)(sought),
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

function shareOf({ services, refresh, counting }: Answerer): WorkerQuestions['share']['answer'] {
  return {
    counts: counting.counters.drain(),
    store: services.store.size(),
    residentBytes: process.memoryUsage.rss(),
    background: refresh.governor.stats(),
    isOriginUp: services.origin.health.isClosed,
  };
}
