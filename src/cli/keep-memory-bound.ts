/**
 * Keeps the process within what CONTRACT §5 promises: `store.memory` and 150 MB.
 *
 * V8 lets a heap grow to several times what is alive before it collects, and glibc gives every thread an arena of its own
 * that fills with holes as bodies come and go. A cache is alive for the most part, so both are slack for nothing. V8 can be
 * told at any time. What malloc needs is in the environment of the installed command (the first line of cli.ts), the Docker
 * image, the systemd unit and `npm start`; only a bare `node src/cli.ts serve` is without.
 */

import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

/** One arena, and freed memory given back early, pieces of bodies (64 KB) at once: they leave holes. */
export const allocator: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '60000',
};

/** Where the modules stripped are kept: beside the packages, where nobody else may write. */
const compileCache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'shelflife');

/** Sets the limits. A process whose environment does not mention malloc's is replaced, once, by one whose does. */
export function keepMemoryBound(): void {
  setFlagsFromString('--heap-growing-percent=5');
  setFlagsFromString('--semi-space-growth-factor=1');
  const { env, platform, connected, argv, execArgv, execPath } = process;
  // A process that was forked speaks to its parent over a channel that would not come along.
  if (env['MALLOC_ARENA_MAX'] !== undefined || platform !== 'linux' || connected) return;
  const [, ...rest] = argv;
  const warningless = ['--disable-warning=ExperimentalWarning', ...execArgv];
  process.execve?.(execPath, [execPath, ...warningless, ...rest], {
    NODE_COMPILE_CACHE: compileCache,
    ...env,
    ...allocator,
  });
}
