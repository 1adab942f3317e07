/**
 * What does a hit in Redis cost, where memory does not have it? Beside `redis-benchmark -t get`, one command at a time on
 * each of as many connections, values of the same size.
 *
 * The proxy that is asked has a memory smaller than what is asked for in turn, so that every answer comes from Redis;
 * Redis's own count of commands says whether it did. Redis-benchmark has one thread, the proxy one event loop: a core
 * each. Redis-server, and the client that asks the proxy, have the rest of the machine. A server that is always kept busy
 * by 64 connections answers half of them within 64 / rate: the time a request takes where the server has some room is
 * told by asking at a fixed rate.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Redis } from 'ioredis';
import { redisKeys } from '../../src/store/redis/keys.ts';
import type { Child } from './child.ts';
import type { Place } from './redis-place.ts';
import { median } from './rounds.ts';
import type { StoreWalk, StoreWalked } from './store-walk.ts';
import type { Walk, Walked } from './walk-client.ts';
import { startWorker, type Worker } from './worker.ts';

const connections = 64;
const pages = 16_000;
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
/** What is asked at least: so many a second, or this share of redis-benchmark's; and so long for half of them at most. */
const asked = { perSecond: 8000, share: 0.6, p50Ms: 2 };
/** Memory for a tenth of the pages. */
const smallMemory = 'memory: 8MiB';
const keys = redisKeys('bench');

type Row = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUs: number | undefined;
  /** Which share was found: where the machine is busy, some answers of Redis come after the deadline. */
  readonly found: number;
};

/** Measures and prints; whether what is asked was reached, through HTTP. */
export async function coldHits(place: Place): Promise<boolean> {
  const client = startWorker<Walk, Walked>('walk-client.ts');
  await store(place, client);
  const names = await entryNames(place.client);
  const bytes = await place.client.hstrlen(names[0] ?? '', 'only');
  await place.client.set('benchmark', Buffer.alloc(bytes, 'x'));
  const proxy = await place.start({ store: smallMemory });
  const reader = startWorker<StoreWalk, StoreWalked>(
    'store-walk.ts',
    place.configOf({ store: smallMemory }, 0),
  );
  const rows = { redis: [] as Row[], store: [] as Row[], http: [] as Row[], paced: [] as Row[] };
  const digests = names.map((name) => keys.keyOf(name) ?? '');
  const walk = { url: proxy.url, prefix: '/public/page', count: pages, connections };
  // The first round is for warming up.
  for (let round = 0; round <= rounds; round += 1) {
    const redis = await redisBenchmark(place.redis.port, bytes);
    const { found, ...inStore } = await reader.run({ keys: digests, atOnce: connections });
    const http = await walked(place.client, proxy, () => client.run(walk));
    const paced = await walked(place.client, proxy, () =>
      client.run({ ...walk, perSecond: asked.perSecond }),
    );
    if (round === 0) continue;
    rows.redis.push(redis);
    rows.store.push({ ...inStore, found: found / names.length });
    rows.http.push(http);
    rows.paced.push(paced);
  }
  await Promise.all([client.stop(), reader.stop(), proxy.stop()]);
  return report(rows, bytes);
}

/** Puts the pages into Redis, through a proxy that is gone afterwards. */
async function store(place: Place, client: Worker<Walk, Walked>): Promise<void> {
  const writer = await place.start();
  const first = { url: writer.url, prefix: '/public/page', count: pages, connections };
  const { wrong } = await client.run(first);
  // What waited to be written found no room, if Redis was slow: it is asked for again, and written then.
  for (let round = 0; round < 20 && (await entryNames(place.client)).length < pages; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (wrong > 0) throw new Error(`${wrong} of ${pages} pages could not be fetched`);
  await writer.stop();
}

async function entryNames(client: Redis): Promise<string[]> {
  const names: string[] = [];
  for await (const some of client.scanStream({ match: keys.entryPattern, count: 1000 })) {
    names.push(...(some as string[]));
  }
  return names;
}

/** A walk, and what it took of the proxy's time. */
async function walked(client: Redis, proxy: Child, walk: () => Promise<Walked>): Promise<Row> {
  const before = { reads: await readsOf(client), ...(await proxy.usage()) };
  const { hits, wrong, ...result } = await walk();
  const { cpuMs } = await proxy.usage();
  const reads = (await readsOf(client)) - before.reads;
  if (wrong > 0 || reads < pages / 2) throw new Error(`${wrong} wrong answers, ${reads} reads of Redis`);
  return { ...result, cpuUs: ((cpuMs - before.cpuMs) * 1000) / pages, found: Math.min(hits, reads) / pages };
}

async function readsOf(client: Redis): Promise<number> {
  const info = await client.info('commandstats');
  const counts = [...info.matchAll(/^cmdstat_(?:hgetall|hget|hmget|get):calls=(\d+)/gm)];
  return counts.reduce((sum, [, calls]) => sum + Number(calls), 0);
}

/** One run; its own figures. */
async function redisBenchmark(port: number, bytes: number): Promise<Row> {
  const size = ['-d', String(bytes), '-n', String(pages * 5), '-c', String(connections)];
  const given = ['-p', String(port), ...size, '--csv', 'get', 'benchmark'];
  const { stdout } = await promisify(execFile)('redis-benchmark', given);
  // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
  const cells = stdout.trim().split('\n').at(-1)?.split('","') ?? [];
  const number = (at: number): number => Number(cells[at]?.replaceAll('"', ''));
  return { perSecond: number(1), p50Ms: number(4), p99Ms: number(6), cpuUs: undefined, found: 1 };
}

type Rows = Readonly<Record<'redis' | 'store' | 'http' | 'paced', readonly Row[]>>;

function report(rows: Rows, bytes: number): boolean {
  console.log(`\nhits in Redis on a cold memory, ${connections} connections, values of ${bytes} bytes`);
  console.log(`${' '.repeat(48)}answers/s   share   p50 ms   p99 ms   µs cpu each    found`);
  printRow(`redis-benchmark, one thread, no pipelining`, rows.redis, rows.redis);
  printRow('the store alone (no HTTP), one event loop', rows.store, rows.redis);
  printRow('over HTTP, as fast as answers come', rows.http, rows.redis);
  printRow(`over HTTP, asked for ${asked.perSecond} a second`, rows.paced, rows.redis);
  const enough = Math.min(asked.perSecond, asked.share * middle(rows.redis, 'perSecond'));
  const { http, paced } = rows;
  const isReached = middle(http, 'perSecond') >= enough && middle(paced, 'p50Ms') < asked.p50Ms;
  console.log(
    `asked: ${enough.toFixed(0)}/s, p50 under ${asked.p50Ms} ms: ${isReached ? 'reached' : 'not reached'}`,
  );
  return isReached;
}

const middle = (rows: readonly Row[], name: keyof Row): number =>
  median(rows.map((row) => row[name] ?? Number.NaN));

function printRow(name: string, rows: readonly Row[], baseline: readonly Row[]): void {
  const share = median(rows.map(({ perSecond }, at) => perSecond / (baseline[at]?.perSecond ?? Number.NaN)));
  const cpu = middle(rows, 'cpuUs');
  const cells = [
    name.padEnd(46),
    middle(rows, 'perSecond').toFixed(0).padStart(10),
    share.toFixed(2).padStart(7),
    middle(rows, 'p50Ms').toFixed(2).padStart(8),
    middle(rows, 'p99Ms').toFixed(2).padStart(8),
    (Number.isNaN(cpu) ? '' : cpu.toFixed(0)).padStart(11),
    `${(middle(rows, 'found') * 100).toFixed(1)} %`.padStart(11),
  ];
  console.log(cells.join(' '));
}
