/**
 * Does a hit cost the same whatever else is stored, and how much memory does an entry take?
 *
 * Three proxies hold 1,000, 50,000 and 200,000 pages of 2 KB (BENCH_STORED names others). The same 1,000 pages are asked for
 * over 64 connections, in turn on each; each proxy is on one core, the load on another. Asked: processor time for a hit of at
 * most 1 / 0.95 of the first's, and at most 1.3 times the body and 1 KB for an entry.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { pageConfig, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { pin } from './parts/process-time.ts';
import { median, roundsOf, startLoad } from './parts/rounds.ts';

type Filled = { readonly stored: number; readonly proxy: Child; readonly rssBytes: number };

const bodyBytes = 2048;
const mostEntryBytes = 1.3 * bodyBytes + 1024;
const counts = (process.env['BENCH_STORED'] ?? '1000,50000,200000').split(',').map(Number);
const { rounds, roundMs } = roundsOf({ BENCH_ROUND_MS: '1000', ...process.env });
const requestOf = (at: number): string =>
  requestText({ method: 'GET', target: `/public/${at}`, fields: browserFields('www.example.org') });

printMachine();
const origin = await startOrigin((message, response) => {
  // No two alike, and of a kind that is not compressed.
  response.writeHead(200, {
    'Content-Type': 'image/webp',
    'Cache-Control': 'public, max-age=36000',
    ETag: `"${message.url ?? ''}"`,
    'Last-Modified': 'Mon, 02 Nov 2026 08:00:00 GMT',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': bodyBytes,
  });
  response.end(Buffer.alloc(bodyBytes, message.url ?? ''));
});
const load = startLoad();
pin(load.pid, 0);
const filled: Filled[] = [];
for (const stored of counts) filled.push(await fill(stored));
const times = new Map<Filled, number[]>(filled.map((one) => [one, []]));
const requests = Array.from({ length: 1000 }, (_, at) => requestOf(at));
for (const { proxy } of filled) await warm(proxy);
for (let round = 0; round < rounds; round += 1)
  for (const one of filled) times.get(one)?.push(await measure(one.proxy));
const [smallest] = filled;
if (smallest === undefined) throw new Error('BENCH_STORED names no counts');
const first = median(times.get(smallest) ?? []);
/** What a process takes more than the smallest, for each entry that it has more. */
const entryBytesOf = ({ stored, rssBytes }: Filled): number =>
  (rssBytes - smallest.rssBytes) / (stored - smallest.stored);
console.log('stored     µs cpu each      spread   first / this   bytes an entry');
for (const [one, each] of times) {
  const { stored } = one;
  const cells = [
    String(stored).padEnd(9),
    median(each).toFixed(1).padStart(13),
    `${Math.min(...each).toFixed(1)}–${Math.max(...each).toFixed(1)}`.padStart(12),
    (first / median(each)).toFixed(2).padStart(15),
    (one === smallest ? '' : entryBytesOf(one).toFixed(0)).padStart(17),
  ];
  console.log(cells.join(''));
}
const most = Math.max(...filled.slice(1).map(entryBytesOf));
console.log(
  `asked: ${mostEntryBytes.toFixed(0)} bytes at most: ${most <= mostEntryBytes ? 'reached' : 'not reached'}`,
);
load.stop();
await Promise.all(filled.map(({ proxy }) => proxy.stop()));
origin.server.close();

async function fill(stored: number): Promise<Filled> {
  const proxy = await startChild('proxy-server.ts', pageConfig(origin.url, 'store: { memory: 2GiB }\n'), {
    execArgv: ['--expose-gc', ...(process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [])],
  });
  pin(proxy.pid, 1);
  const all = Array.from({ length: stored }, (_, at) => requestOf(at));
  await load.ask({ url: proxy.url, requests: all, connections: 64, durationMs: 600_000, answers: stored });
  return { stored, proxy, rssBytes: (await proxy.collected()).rssBytes };
}

/** What compiles its code has done so, wherever it has only hits. */
async function warm({ url }: Child): Promise<void> {
  await load.ask({ url, requests, connections: 64, durationMs: 60_000, answers: 20_000 });
}

async function measure(proxy: Child): Promise<number> {
  await wait(20);
  const before = await proxy.usage();
  const { answers } = await load.ask({ url: proxy.url, requests, connections: 64, durationMs: roundMs });
  return (((await proxy.usage()).cpuMs - before.cpuMs) * 1000) / answers;
}
