/**
 * What does a warm-up cost clients whose origin gets ten times slower while it goes on?
 *
 * An origin of eight workers, 20 ms a page, after two seconds 200 ms. Clients ask a hundred times a second, one in ten for what
 * is not stored; with and without a warm-up of 2 000 URLs beside them. Then how good the first ten seconds after a restart
 * are, with what was popular before, with a list of URLs, and with nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Agent, request as askFor } from 'undici';
import { parseConfig } from '../src/config/schema/check.ts';
import { type RunningServer, startServer } from '../src/server.ts';
import { printMachine } from './parts/machine.ts';

const perSecond = 100;
const measuredMs = Number(process.env['BENCH_ROUND_MS'] ?? 10_000);

/** Answers after a while, so many at a time. */
const app = { latencyMs: 20, workers: 8 };
let busy = 0;
const waiting: (() => void)[] = [];
const origin = createServer((request, response) => {
  const work = (): void => {
    busy += 1;
    setTimeout(() => {
      response.setHeader('content-type', 'text/html').end(request.url);
      busy -= 1;
      waiting.shift()?.();
    }, app.latencyMs);
  };
  if (busy < app.workers) work();
  else waiting.push(work);
});
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
const { port } = origin.address() as AddressInfo;
const agent = new Agent({ connections: 256 });
const folder = mkdtempSync(join(tmpdir(), 'shelflife-bench-'));
const popularFile = join(folder, 'popular.json');

printMachine();
console.log(`clients' latency in ms, ${perSecond} requests/s     p50      p99   fetched in the background`);
for (const withWarmUp of [false, true, false, true]) await whileWarming(withWarmUp);
const list = Array.from({ length: 100 }, (_, rank) => `/zipf/${rank}`).join(', ');
console.log('\nhit rate of ten seconds');
await restarted('before the restart, after a minute', 'popular: 100', 60_000);
await restarted('after it, popular: 100', 'popular: 100', 0);
await restarted('after it, a list of 100 URLs', `urls: [${list}]`, 0);
await restarted('after it, nothing', 'popular: 0', 0);
rmSync(folder, { recursive: true });
await agent.close();
origin.close();

function start(onStart: string): Promise<RunningServer> {
  const text = `
upstream: http://127.0.0.1:${port}
listen: { address: "127.0.0.1:0", hosts: [127.0.0.1] }
content_types: { page: { ttl: 600s, scope: public, cache_control: override } }
routes: [{ match: GET /:kind/:id, type: page }]
warm: { concurrency: 4, on_start: { ${onStart} } }
`;
  const parsed = parseConfig(text, { file: 'bench.yaml', env: {} });
  if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed));
  return startServer({ config: parsed.config, log: pino({ level: 'error' }), popularFile, control: 'off' });
}

type Asked = { readonly ms: number; readonly isHit: boolean };

/** Asks at a steady rate, whether answers come or not. */
async function load(url: string, next: () => string, forMs: number): Promise<Asked[]> {
  const asked: Promise<Asked>[] = [];
  const startedMs = performance.now();
  while (performance.now() - startedMs < forMs) {
    const dueMs = startedMs + (asked.length * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    asked.push(ask(`${url}${next()}`));
  }
  return Promise.all(asked);
}

async function ask(url: string): Promise<Asked> {
  const startedMs = performance.now();
  const headers = { accept: 'text/html', host: '127.0.0.1' };
  const answer = await askFor(url, { dispatcher: agent, headers });
  await answer.body.dump();
  const isHit = String(answer.headers['cache-status']).startsWith('shelflife; hit');
  return { ms: performance.now() - startedMs, isHit };
}

async function whileWarming(withWarmUp: boolean): Promise<void> {
  app.latencyMs = 20;
  const server = await start('popular: 0');
  let count = 0;
  const next = (): string => {
    count += 1;
    return count % 10 === 0 ? `/new/${count}` : `/old/${count % 50}`;
  };
  await load(server.url, next, 3000);
  const urls = Array.from({ length: 2000 }, (_, index) => `/warm/${index}`);
  const stop = new AbortController();
  const warming = withWarmUp ? server.refresh.warm({ urls, popular: 0 }, { signal: stop.signal }) : undefined;
  setTimeout(() => (app.latencyMs = 200), 2000);
  const times = (await load(server.url, next, measuredMs)).map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1).padStart(9);
  const { started } = server.refresh.governor.stats();
  console.log(`${(withWarmUp ? 'with a warm-up' : 'without').padEnd(40)}${at(0.5)}${at(0.99)}   ${started}`);
  stop.abort();
  await server.close();
  await warming;
}

/** As pages of a site are asked for: a few very often, most hardly ever. */
function zipf(): () => string {
  const weights = Array.from({ length: 500 }, (_, rank) => 1 / (rank + 1) ** 1.5);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let left = Math.random() * total;
    return `/zipf/${Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) <= 0),
    )}`;
  };
}

async function restarted(name: string, onStart: string, warmMs: number): Promise<void> {
  app.latencyMs = 20;
  const server = await start(onStart);
  const next = zipf();
  // Time for the warm-up; nobody asks meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  if (warmMs > 0) await load(server.url, next, (warmMs * measuredMs) / 10_000);
  const asked = await load(server.url, next, measuredMs);
  console.log(
    `${name.padEnd(40)}${((100 * asked.filter(({ isHit }) => isHit).length) / asked.length).toFixed(1)} %`,
  );
  await server.close();
}
