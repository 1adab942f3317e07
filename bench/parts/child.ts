/**
 * A server in a process of its own, so that it has a core and a heap to itself, and tells what it used of them.
 */
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { resolve as resolvePath } from 'node:path';
import { allocator } from '../../src/cli/keep-memory-bound.ts';

/** What a server's process has used so far. */
export type Usage = { readonly cpuMs: number; readonly rssBytes: number; readonly heapBytes: number };

/** How late its event loop was, since it was last asked. */
export type LoopDelay = { readonly p99Ms: number; readonly mostMs: number };

export type Child = {
  /** Scheme, host and port. */
  readonly url: string;
  readonly pid: number;
  readonly usage: () => Promise<Usage>;
  /** The same after a full collection, if it was started with `--expose-gc`. */
  readonly collected: () => Promise<Usage>;
  /** Has it put so many entries into its store, if it can. */
  readonly fill: (count: number) => Promise<Usage>;
  readonly loop: () => Promise<LoopDelay>;
  readonly stop: () => Promise<void>;
};

const loopResolutionMs = 5;

/**
 * The child's side: says where it listens, then answers questions about itself until its parent has gone. `fill` fills its
 * store.
 */
export function serveParent(url: string, fill?: (count: number) => Promise<void>): void {
  const delays = monitorEventLoopDelay({ resolution: loopResolutionMs });
  process.on('message', (asked) => {
    if (asked === 'loop') {
      const [p99, most] = [delays.percentile(99), delays.max].map((ns) => ns / 1e6 - loopResolutionMs);
      delays.reset();
      delays.enable();
      process.send?.({ loop: { p99Ms: p99, mostMs: most } });
      return;
    }
    if (typeof asked === 'number') {
      void fill?.(asked).then(tellUsage);
      return;
    }
    if (asked === 'usage, collected') globalThis.gc?.();
    tellUsage();
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url });
}

function tellUsage(): void {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const usage: Usage = { cpuMs: (user + system) / 1000, rssBytes: rss, heapBytes: heapUsed };
  process.send?.({ usage });
}

/** What BENCH_NODE_OPTIONS has for the Node.js of the measured server. */
export const benchNodeOptions = (): readonly string[] => process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [];

/** Starts `file` of this folder with one argument, told as JSON; resolves when it listens. */
export async function startChild(
  file: string,
  argument: unknown,
  { execArgv = [] }: { execArgv?: readonly string[] | undefined } = {},
): Promise<Child> {
  const child = fork(resolvePath(import.meta.dirname, file), [JSON.stringify(argument)], {
    execArgv: [...execArgv],
    // As an installed `shelflife` is started.
    env: { ...process.env, ...allocator },
  });
  const next = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => {
        child.removeListener('exit', gone);
        resolve(message as T);
      });
      const gone = (): void => {
        reject(new Error(`${file} has ended`));
      };
      child.once('exit', gone);
    });
  const { url } = await next<{ url: string }>();
  const ask = async (what: string | number): Promise<Usage> => {
    child.send(what);
    return (await next<{ usage: Usage }>()).usage;
  };
  return {
    url,
    pid: child.pid ?? 0,
    usage: () => ask('usage'),
    loop: async () => {
      child.send('loop');
      return (await next<{ loop: LoopDelay }>()).loop;
    },
    collected: () => ask('usage, collected'),
    fill: ask,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => {
          resolve();
        });
        child.disconnect();
      }),
  };
}

/** The argument `startChild` was given. */
export const argument = (): unknown => JSON.parse(process.argv[2] ?? 'null');
