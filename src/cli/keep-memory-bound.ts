/**
 * Keeps the process within what CONTRACT §5 promises: `store.memory` and 150 MB.
 *
 * V8 lets a heap grow to several times what is alive before it collects, and glibc gives every thread an arena of its own
 * that fills with holes as bodies come and go. A cache is alive for the most part, so both are slack for nothing.
 */

import { setFlagsFromString } from 'node:v8';

/** One arena, and freed memory given back early. Read by glibc when a process starts, so it has to start again. */
export const allocator: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** Sets the limits; replaces the process by itself, once, where only its environment can say them. */
export function keepMemoryBound(): void {
  setFlagsFromString('--heap-growing-percent=5');
  setFlagsFromString('--semi-space-growth-factor=1');
  const isSet = process.env['MALLOC_ARENA_MAX'] !== undefined;
  // A process that was forked speaks to its parent over a channel that would not come along.
  if (isSet || process.platform !== 'linux' || process.execve === undefined || process.connected) return;
  const [, ...rest] = process.argv;
  const warningless = ['--disable-warning=ExperimentalWarning', ...process.execArgv];
  process.execve(process.execPath, [process.execPath, ...warningless, ...rest], {
    ...process.env,
    ...allocator,
  });
}
