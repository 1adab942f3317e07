/** Polls real processes and sockets until a condition holds, and fails when it takes too long. */
import { setTimeout as delay } from 'node:timers/promises';
import { stopwatch } from './stopwatch.ts';

/**
 * Resolves with the milliseconds it took by a stopwatch, to a fiftieth; rejects when the condition does not hold within `limitMs`. It asks
 * less often the longer it waits, so that asking does not slow down what it waits for. The limit is far beyond what anything takes,
 * also where other tests use the processors.
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<number> {
  const startedMs = performance.now();
  const tookMs = stopwatch();
  for (;;) {
    if (await condition()) return tookMs();
    const waitedMs = performance.now() - startedMs;
    if (waitedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(Math.max(5, waitedMs / 50));
  }
}
