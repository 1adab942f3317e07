/**
 * Frees bodies soon after their use, so that the process stays within what CONTRACT §5 promises.
 *
 * Bodies are kept outside V8's heap. It lets some 64 MB of them gather before it looks which are still in use, which is
 * nearly half of what a process may have beside its store. Those of answers just given die young: a collection of what is
 * young, a millisecond or two, is all they take.
 */

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So much more than after the last collection calls for another. */
const mostGatheredBytes = 8 * 1024 * 1024;
const lookEveryMs = 50;

/** Looks regularly, as long as the process lives. Keeps no process alive. */
export function collectBodies(): void {
  setFlagsFromString('--expose-gc');
  // Only a context made after the flag was set has it.
  const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
  let least = outsideBytes();
  setInterval(() => {
    const bytes = outsideBytes();
    least = Math.min(least, bytes);
    if (bytes - least < mostGatheredBytes) return;
    collect({ type: 'minor' });
    least = outsideBytes();
  }, lookEveryMs).unref();
}

const outsideBytes = (): number => getHeapStatistics().external_memory;
