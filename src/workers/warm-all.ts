/** A warm-up by all workers: each fills its own memory. */

import { seconds } from '../kit/time.ts';
import type { Warm, WarmProgress, WarmSummary } from '../refresh/warm.ts';
import type { Worker } from './crew.ts';
import type { ToPrimary } from './messages.ts';

type Warming = Extract<ToPrimary, { kind: 'warming' }>;

export type WarmAll = {
  readonly warm: Warm;
  readonly onProgress: (worker: Worker, message: Warming) => void;
};

type Counted = 'asked' | 'warmed' | 'fresh' | 'refused' | 'failed';

/** Creates it. Counts are sums over the workers. */
export function createWarmAll(workers: () => readonly Worker[]): WarmAll {
  let lastId = 0;
  const listeners = new Map<number, (worker: Worker, progress: WarmProgress) => void>();
  return {
    onProgress: (worker, { id, progress }) => listeners.get(id)?.(worker, progress),
    warm: async (request, { onProgress, signal } = {}) => {
      lastId += 1;
      const id = lastId;
      const all = workers();
      const last = new Map<string, WarmProgress>();
      listeners.set(id, (worker, progress) => {
        last.set(worker.name, progress);
        onProgress?.({ total: totalOf(last, 'total'), ...sums([...last.values()]) });
      });
      signal?.addEventListener('abort', () => {
        for (const { link } of all) link.send({ kind: 'stop-warming', id });
      });
      const summaries = await Promise.all(all.map(({ link }) => link.ask('warm', { id, request })));
      listeners.delete(id);
      if (summaries.includes('busy')) return 'busy';
      const done = summaries.filter((one): one is WarmSummary => typeof one === 'object');
      return { ...sums(done), took: seconds(Math.max(0, ...done.map(({ took }) => took))) };
    },
  };
}

type Counts = Pick<WarmProgress, Counted>;

function sums(all: readonly Counts[]): Counts {
  const sum = (name: Counted): number => all.reduce((total, one) => total + one[name], 0);
  return {
    asked: sum('asked'),
    warmed: sum('warmed'),
    fresh: sum('fresh'),
    refused: sum('refused'),
    failed: sum('failed'),
  };
}

const totalOf = (all: ReadonlyMap<string, WarmProgress>, name: 'total'): number =>
  [...all.values()].reduce((sum, one) => sum + one[name], 0);
