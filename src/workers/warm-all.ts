/** A warm-up for all workers: one of them carries it out, and the others get from it what they are asked for. */

import { seconds } from '../kit/time.ts';
import type { Warm, WarmOptions, WarmSummary } from '../refresh/warm.ts';
import type { Worker } from './crew.ts';
import type { ToPrimary } from './messages.ts';

type Warming = Extract<ToPrimary, { kind: 'warming' }>;

export type WarmAll = {
  readonly warm: Warm;
  readonly onProgress: (message: Warming) => void;
};

/** Creates it. If the worker ends meanwhile, another one begins. */
export function createWarmAll(workers: () => readonly Worker[]): WarmAll {
  let lastId = 0;
  const listeners = new Map<number, WarmOptions['onProgress']>();
  return {
    onProgress: ({ id, progress }) => listeners.get(id)?.(progress),
    warm: async (request, { onProgress, signal } = {}) => {
      lastId += 1;
      const id = lastId;
      listeners.set(id, onProgress);
      let summary: WarmSummary | 'busy' | undefined;
      for (const { link } of workers()) {
        if (signal?.aborted === true) break;
        const stop = (): void => {
          link.send({ kind: 'stop-warming', id });
        };
        signal?.addEventListener('abort', stop);
        summary = await link.ask('warm', { id, request });
        signal?.removeEventListener('abort', stop);
        if (summary !== undefined) break;
      }
      listeners.delete(id);
      return summary ?? nothing;
    },
  };
}

const nothing: WarmSummary = { asked: 0, warmed: 0, fresh: 0, refused: 0, failed: 0, took: seconds(0) };
