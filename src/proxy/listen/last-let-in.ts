/**
 * The moment to close a listener: those who have connected are all let in.
 *
 * The system completes connections by itself; whoever still waits there when the listener is closed is cut off. A turn of
 * the event loop takes in all who wait at its beginning. So: after a turn that was short and brought nobody.
 */

import type { Server } from 'node:net';
import { systemClock } from '../../kit/time.ts';

const shortMs = 1;
/** New connections must end at some time, also under a load that leaves no short turn. */
const longestMs = 250;

/** Resolves at such a moment, or when that takes too long. */
export async function lastLetIn(server: Server): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  let came = 0;
  const count = (): void => {
    came += 1;
  };
  server.on('connection', count);
  for (let nowMs = startedMs; nowMs - startedMs < longestMs;) {
    const before = came;
    await new Promise((resolve) => setImmediate(resolve));
    const tookMs = systemClock.monotonicMs() - nowMs;
    nowMs += tookMs;
    if (came === before && tookMs < shortMs) break;
  }
  server.off('connection', count);
}
