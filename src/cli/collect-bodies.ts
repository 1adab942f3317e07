/**
 * Frees bodies soon after their use, where there is little room left of what CONTRACT §5 promises.
 *
 * Bodies are kept outside V8's heap. It lets some 64 MB of them gather before it looks which are still in use, which is
 * nearly half of what a process may have beside its store. Those of answers just given die young: a collection of what is
 * young, a millisecond or two, is all they take.
 */

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process may take beside its store. */
export const besideStoreBytes = 150e6;

/** Less than this left is little. */
const littleBytes = 64e6;
/** So much more than after the last collection calls for another. */
const mostGatheredBytes = 4 * 1024 * 1024;
/** With hardly any left, so much that is not young calls for a collection of everything, some 30 ms. */
const hardlyAnyBytes = 24e6;
const mostOldBytes = 16 * 1024 * 1024;
const lookEveryMs = 25;

/** Looks regularly how near to `bound` bytes the process is, as long as it lives. Keeps no process alive. */
export function collectBodies(bound: number): void {
  setFlagsFromString('--expose-gc');
  // Only a context made after the flag was set has it.
  const collect = runInNewContext('gc') as (options: { readonly type: 'minor' | 'major' }) => void;
  let least = outsideBytes();
  let leastOld = least;
  setInterval(() => {
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
    // To read it a file is opened, and none can be: as if nothing were left.
    return otherwise;
  }
}
