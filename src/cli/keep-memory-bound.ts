/**
 * Keeps the process within what CONTRACT §5 promises: `store.memory` and 150 MB.
 *
 * V8 lets a heap grow to several times what is alive before it collects, and glibc gives every thread an arena of its own
 * that fills with holes as bodies come and go. V8 takes its settings at any time; glibc reads its own from the environment
 * when the process starts, so every shipped way to start sets them (decision 15).
 */

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** One arena; freed memory is given back early, and pieces of bodies (64 KB) at once, because they leave holes. */
export const allocator: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '60000',
};

/** Of each half of the young generation. What 64 requests at once need outlives a smaller one, and only full collections free it. */
const youngBytes = 4 * 1024 * 1024;

/** Sets V8's limits; `unbounded` when the environment lacks malloc's. */
export function keepMemoryBound(): 'bounded' | 'unbounded' {
  setFlagsFromString('--heap-growing-percent=5');
  // A busy process gives V8's threads no time to free what Maglev compiled with: 80 MB within the first second of load.
  setFlagsFromString('--no-maglev-destroy-on-background');
  const isSet = process.platform !== 'linux' || process.env['MALLOC_ARENA_MAX'] !== undefined;
  return isSet ? 'bounded' : 'unbounded';
}

/** V8 doubles the young generation as it needs to: gives what lets it, up to our limit. To be called often. */
export function growYoung(): () => void {
  let mayGrow: boolean | undefined;
  return () => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const may = young !== undefined && young.space_size < 2 * youngBytes;
    if (may !== mayGrow) setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`);
    mayGrow = may;
  };
}
