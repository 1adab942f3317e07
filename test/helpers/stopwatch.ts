/** Elapsed time on a busy machine: what a test may hold against a bound. */

const everyMs = 10;

/**
 * Starts to measure. It tells the milliseconds since then without those in which this process did not get to run its timers:
 * other processes had the processor.
 */
export function stopwatch(): () => number {
  const startedMs = performance.now();
  let lateMs = 0;
  let dueMs = startedMs + everyMs;
  const late = (): number => Math.max(0, performance.now() - dueMs);
  const timer = setInterval(() => {
    lateMs += late();
    dueMs = performance.now() + everyMs;
  }, everyMs).unref();
  return () => {
    const tookMs = performance.now() - startedMs - lateMs - late();
    clearInterval(timer);
    return tookMs;
  };
}

/** Starts to measure the milliseconds of processor time of this process: for work that must not grow beyond measure. */
export function processorTime(): () => number {
  const before = process.cpuUsage();
  return () => process.cpuUsage(before).user / 1000;
}
