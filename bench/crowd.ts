/**
 * What do many at once get? One cold page asked for by 500 clients; reads and writes over 2,000 connections, a third of the reads
 * for pages that nobody has; an origin that takes two seconds, with 1,000 clients waiting.
 *
 * Origin and clients are in this process, the proxy in one of its own, each on its core. Times are the clients', so what this
 * process does itself is in them. Printed beside what is asked. `node bench/crowd.ts herd mix slow` asks only these.
 */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { pageConfig } from './parts/app.ts';
import { loadCore, pinned } from './parts/alternate.ts';
import { type Answered, Asker, isHit } from './parts/asker.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { percentile } from './parts/percentile.ts';
import { pin } from './parts/process-time.ts';

const memory = 64;
const bound = memory + 150;
const seconds = Number(process.env['BENCH_SECONDS'] ?? 8);
const perSecond = { reads: 700, writes: 300 };
const shareOfMisses = 0.3;
const fields = browserFields('www.example.org');
const get = (target: string): string => requestText({ method: 'GET', target, fields });
const post = requestText(
  { method: 'POST', target: '/api/files', fields: [...fields, 'Content-Type', 'text/plain'] },
  'y'.repeat(256),
);
const origin = { delayMs: 0, bytes: 1024, requests: 0 };
const parts: Readonly<Record<string, (proxy: Child) => Promise<void>>> = { herd, mix, slow };

printMachine();
pin(process.pid, loadCore);
const app = createServer(answer);
await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
const asked = process.argv.slice(2);
for (const [name, part] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  const proxy = await startChild('proxy-server.ts', pageConfig(url, `store: { memory: ${memory}MiB }\n`));
  pinned({ ...proxy, name: 'shelflife' });
  await part(proxy);
  await proxy.stop();
}
app.close();
app.closeAllConnections();

/** Five herds, each on a page of its own. */
async function herd({ url }: Child): Promise<void> {
  const askers = await open(url, 500);
  Object.assign(origin, { delayMs: 250, bytes: 1024 });
  for (let round = 0; round < 5; round += 1) {
    origin.requests = 0;
    const started = performance.now();
    const request = get(`/public/herd-${round}`);
    const times = await Promise.all(
      askers.map(async (asker) => {
        await asker.ask(request);
        return performance.now() - started;
      }),
    );
    const [first, last] = [Math.min(...times), Math.max(...times)];
    console.log(
      `herd of 500: ${origin.requests} origin requests (asked: 1), first ${first.toFixed(0)} ms, last ${last.toFixed(0)} ms, ` +
        `${(last / first).toFixed(2)} × (asked: 1.2)`,
    );
  }
  for (const asker of askers) asker.close();
}

/** At a fixed rate; what is due waits for a free connection, and that counts. */
async function mix(proxy: Child): Promise<void> {
  const askers = await open(proxy.url, 2000);
  Object.assign(origin, { delayMs: 5, bytes: 1024 });
  for (let at = 0; at < 100; at += 1) await askers[at]?.ask(get(`/public/hot-${at}`));
  await proxy.loop();
  const times: number[] = [];
  const counts = { failed: 0, hits: 0, writes: 0 };
  const done = Promise.resolve();
  /** The last request of each connection. */
  const last: Promise<void>[] = [];
  const total = seconds * (perSecond.reads + perSecond.writes);
  const writeEvery = (perSecond.reads + perSecond.writes) / perSecond.writes;
  const started = performance.now();
  let at = 0;
  while (at < total) {
    await wait(1);
    const due = Math.min(
      total,
      ((performance.now() - started) / 1000) * (perSecond.reads + perSecond.writes),
    );
    for (; at < due; at += 1) {
      const isWrite = Math.floor(at / writeEvery) !== Math.floor((at - 1) / writeEvery);
      const [turn, request, dueMs] = [at % askers.length, isWrite ? post : read(at), performance.now()];
      const asker = askers[turn];
      if (asker !== undefined) last[turn] = (last[turn] ?? done).then(() => askTimed(asker, request, dueMs));
    }
  }
  await Promise.all(last);
  const { p99Ms, mostMs } = await proxy.loop();
  const all = Float64Array.from(times);
  console.log(
    `2,000 connections, ${times.length} answers in ${seconds} s: ${counts.writes} writes, ${counts.hits} hits; ` +
      `p50 ${percentile(all, 0.5).toFixed(1)} ms, p99 ${percentile(all, 0.99).toFixed(1)} ms, failed ${counts.failed} (asked: 0); ` +
      `event loop late by ${p99Ms.toFixed(1)} ms (p99), ${mostMs.toFixed(1)} ms at most`,
  );
  for (const asker of askers) asker.close();

  async function askTimed(asker: Asker, request: string, dueMs: number): Promise<void> {
    const answered = await asker.ask(request);
    times.push(performance.now() - dueMs);
    if (request === post) counts.writes += 1;
    if (isHit(answered)) counts.hits += 1;
    if (!isWell(answered)) counts.failed += 1;
  }
}

function read(at: number): string {
  return get((at * 0.618) % 1 < shareOfMisses ? `/public/new-${at}` : `/public/hot-${at % 100}`);
}

/** A thousand clients on a hundred pages of 100 KB. */
async function slow(proxy: Child): Promise<void> {
  const askers = await open(proxy.url, 1000);
  Object.assign(origin, { delayMs: 2000, bytes: 100 * 1024, requests: 0 });
  let highest = 0;
  const watching = setInterval(() => {
    void proxy.usage().then(({ rssBytes }) => {
      highest = Math.max(highest, rssBytes / 2 ** 20);
    });
  }, 100);
  const started = performance.now();
  const answers = await Promise.all(askers.map((asker, at) => asker.ask(get(`/public/slow-${at % 100}`))));
  const lastMs = performance.now() - started;
  clearInterval(watching);
  await wait(200);
  console.log(
    `origin of 2 s, 1,000 clients on 100 pages: ${origin.requests} origin requests (asked: 100), last answer after ` +
      `${lastMs.toFixed(0)} ms, failed ${answers.filter((one) => !isWell(one)).length} (asked: 0); ` +
      `resident ${highest.toFixed(0)} MiB at most (asked: ${bound})`,
  );
  for (const asker of askers) asker.close();
}

function isWell({ head }: Answered): boolean {
  return /^HTTP\/1.1 2/.test(head);
}

async function open(url: string, count: number): Promise<Asker[]> {
  const askers: Asker[] = [];
  while (askers.length < count)
    askers.push(...(await Promise.all(Array.from({ length: 50 }, () => Asker.open(url)))));
  return askers;
}

function answer(...[message, response]: Parameters<RequestListener>): void {
  origin.requests += 1;
  const body = Buffer.alloc(origin.bytes, 'x');
  message.resume();
  setTimeout(() => {
    response.writeHead(200, {
      'Content-Type': 'image/webp',
      'Cache-Control': 'public, max-age=3600',
      'Content-Length': body.length,
    });
    response.end(body);
  }, origin.delayMs);
}
