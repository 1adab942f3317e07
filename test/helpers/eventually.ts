/** Waits for what real processes and sockets do in their own time: asks until it is so, and fails when it is late. */
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves with the milliseconds it took; rejects when the condition does not hold within `limitMs`. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 5000,
): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    if (await condition()) return performance.now() - startedMs;
    if (performance.now() - startedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(5);
  }
}
