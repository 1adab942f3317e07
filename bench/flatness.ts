/**
 * Does a hit cost the same whatever else is stored, and how much memory does an entry take?
 *
 * Three proxies hold 1,000, 50,000 and 200,000 pages of 2 KB (BENCH_STORED names others). The same 1,000 pages are asked for
 * over 64 connections, in turn on each; the others are put into the memory tier from within. Asked: processor time for a hit of at most 1 / 0.95 of the first's, and at most 1.3 times
 * the body and 1 KB for an entry.
 */
import { pageConfig, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, type Child, startChild } from './parts/child.ts';
import { hitCosts, printHitCost, printHitCostHead } from './parts/hit-costs.ts';
import { printMachine } from './parts/machine.ts';
import { startLoad } from './parts/rounds.ts';

type Filled = { readonly name: number; readonly proxy: Child; readonly rssBytes: number };

const bodyBytes = 2048;
const mostEntryBytes = 1.3 * bodyBytes + 1024;
const counts = (process.env['BENCH_STORED'] ?? '1000,50000,200000').split(',').map(Number);
const hot = 1000;
const requests = Array.from({ length: hot }, (_, at) =>
  requestText({ method: 'GET', target: `/public/${at}`, fields: browserFields('www.example.org') }),
);

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
const filled: Filled[] = [];
for (const count of counts) filled.push(await fill(count));
const [smallest] = filled;
if (smallest === undefined) throw new Error('BENCH_STORED names no counts');
const costs = await hitCosts(load, filled, requests);
/** What a process takes more than the smallest, for each entry that it has more. */
const entryBytesOf = ({ name, rssBytes }: Filled): number =>
  (rssBytes - smallest.rssBytes) / (name - smallest.name);
printHitCostHead('   bytes an entry');
for (const one of filled) {
  const bytes = one === smallest ? '' : entryBytesOf(one).toFixed(0);
  const [each = [], first = []] = [costs.get(one.name), costs.get(smallest.name)];
  printHitCost(`${one.name} stored`, each, first, bytes.padStart(17));
}
const most = Math.max(...filled.slice(1).map(entryBytesOf));
console.log(
  `asked: ${mostEntryBytes.toFixed(0)} bytes at most: ${most <= mostEntryBytes ? 'reached' : 'not reached'}`,
);
load.stop();
await Promise.all(filled.map(({ proxy }) => proxy.stop()));
origin.server.close();

async function fill(count: number): Promise<Filled> {
  const proxy = await startChild('proxy-server.ts', pageConfig(origin.url, 'store: { memory: 2GiB }\n'), {
    execArgv: ['--expose-gc', ...benchNodeOptions()],
  });
  const ask = (answers: number) =>
    load.ask({ url: proxy.url, requests, connections: 64, durationMs: 60_000, answers });
  await ask(hot);
  // Their plans, too, take their memory before it is measured.
  await ask(20 * hot);
  await proxy.fill(count);
  return { name: count, proxy, rssBytes: (await proxy.collected()).rssBytes };
}
