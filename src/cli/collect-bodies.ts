/**
 * Frees bodies soon after use when memory nears the bound of CONTRACT §5.
 *
 * Bodies live outside V8's heap, and V8 lets about 64 MB of them gather before it collects: nearly half of what a process
 * may use beside its store. Bodies just sent die young, so a minor collection of a millisecond or two frees them.
 */

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { growYoung } from './keep-memory-bound.ts';

/** What a process may take beside its store. */
export const besideStoreBytes = 150e6;

/** With less than this left, bodies are collected early. */
const littleBytes = 64e6;
const mostGatheredBytes = 4 * 1024 * 1024;
/** With less than this left, a full collection runs, about 30 ms. */
const hardlyAnyBytes = 24e6;
const mostOldBytes = 16 * 1024 * 1024;
const lookEveryMs = 25;

/** Checks at intervals how near the process is to `bound` bytes. The timer does not keep the process alive. */
export function collectBodies(bound: number): void {
  setFlagsFromString('--expose-gc');
  // Only a context created after the flag was set has `gc`.
  const collect = runInNewContext('gc') as (options: { readonly type: 'minor' | 'major' }) => void;
  const letYoungGrow = growYoung();
  let least = outsideBytes();
  let leastOld = least;
  setInterval(() => {
    letYoungGrow();
    const bytes = outsideBytes();
    least = Math.min(least, bytes);
    leastOld = Math.min(leastOld, bytes);
    if (bytes - least >= mostGatheredBytes && residentBytes(bound) > bound - littleBytes) {
      collect({ type: 'minor' });
      least = outsideBytes();
    }
    if (least - leastOld < mostOldBytes || residentBytes(bound) < bound - hardlyAnyBytes) return;
    collect({ type: 'major' });
    least = outsideBytes();
    leastOld = least;
  }, lookEveryMs).unref();
}

const outsideBytes = (): number => getHeapStatistics().external_memory;

function residentBytes(otherwise: number): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    // Reading it opens a file. When none can be opened, assume that no memory is left.
    return otherwise;
  }
}
