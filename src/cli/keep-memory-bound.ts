/**
 * Keeps the process within what CONTRACT §5 promises: `store.memory` and 150 MB.
 *
 * V8 lets a heap grow to several times what is alive before it collects, and glibc gives every thread an arena of its own
 * that fills with holes as bodies come and go. A cache is alive for the most part, so both are slack for nothing. So is
 * what strips the types from the sources, some 13 MB: a process that finds all its modules stripped, in Node's compile
 * cache, does not load it.
 */

import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

/**
 * One arena, and freed memory given back early, pieces of bodies (64 KB) at once: they leave holes. Read by glibc when a
 * process starts, so it has to start again.
 */
export const allocator: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '60000',
};

/** Where the modules stripped are kept: beside the packages, where nobody else may write. */
const compileCache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'shelflife');
/** Says that the modules have been loaded once already for the sake of the cache. */
const filled = 'SHELFLIFE_COMPILE_CACHE_FILLED';

/** Sets the limits; replaces the process by itself, once, where only its environment can say them. */
export function keepMemoryBound(): void {
  setFlagsFromString('--heap-growing-percent=5');
  setFlagsFromString('--semi-space-growth-factor=1');
  const { env } = process;
  if (env['MALLOC_ARENA_MAX'] !== undefined) return;
  startAgain({ ...allocator, NODE_COMPILE_CACHE: env['NODE_COMPILE_CACHE'] ?? compileCache });
}

/** Once all that `serve` needs is loaded: if a module had to be stripped, the process is replaced by one that need not. */
export async function leaveStripper(): Promise<void> {
  const { env } = process;
  if (!hasLoadedStripper() || env['NODE_COMPILE_CACHE'] === undefined || env[filled] !== undefined) return;
  await loadLateModules();
  flushCompileCache();
  startAgain({ [filled]: '1' });
}

function startAgain(more: Readonly<Record<string, string>>): void {
  // A process that was forked speaks to its parent over a channel that would not come along.
  if (process.platform !== 'linux' || process.connected) return;
  const [, ...rest] = process.argv;
  const warningless = ['--disable-warning=ExperimentalWarning', ...process.execArgv];
  process.execve?.(process.execPath, [process.execPath, ...warningless, ...rest], {
    ...process.env,
    ...more,
  });
}

function hasLoadedStripper(): boolean {
  const { moduleLoadList } = process as typeof process & { readonly moduleLoadList?: readonly string[] };
  return moduleLoadList?.some((name) => name.includes('deps/amaro')) ?? false;
}

/** What is loaded when somebody asks for it. */
async function loadLateModules(): Promise<void> {
  await Promise.all([import('../store/open-redis-store.ts'), import('../watch/show/metrics.ts')]);
}
