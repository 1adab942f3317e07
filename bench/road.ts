/**
 * What does everything cost that is no hit in memory: a passed GET, a stored miss, a POST of 256 bytes, a hit that only Redis has?
 *
 * Beside HAProxy, nginx and Varnish where they are installed, a bare @fastify/http-proxy and plain node:http: each alone on one
 * core, origin and load on another, a browser's fields over 64 connections; rounds of all servers alternate. Printed as in
 * `side-by-side`. BENCH_ROUNDS and BENCH_ANSWERS make it longer. BENCH_BEFORE names the folder of another checkout of shelflife,
 * which is measured in the same rounds. `node bench/road.ts cold redis` asks only these; all are: pass, cold, post, redis.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort, RedisServer } from '../test/helpers/redis-server.ts';
import { alternate, loadCore, pinned, printRounds, type Server } from './parts/alternate.ts';
import { pageConfig } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { pin } from './parts/process-time.ts';
import { startRival } from './parts/rival.ts';
import { rivals } from './parts/rivals.ts';
import { startLoad } from './parts/rounds.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const answers = Number(process.env['BENCH_ANSWERS'] ?? 3000);
const before = process.env['BENCH_BEFORE'];
const asked = process.argv.slice(2);
const isAsked = (name: string): boolean => asked.length === 0 || asked.includes(name);
const fields = browserFields('www.example.org');
const get = (target: string): string => requestText({ method: 'GET', target, fields });
const post = requestText(
  { method: 'POST', target: '/api/other', fields: [...fields, 'Content-Type', 'text/plain'] },
  'y'.repeat(256),
);

printMachine();
const origin = await startChild('origin-server.ts', undefined);
const load = startLoad();
for (const { pid } of [origin, load]) pin(pid, loadCore);
const stops: (() => Promise<void>)[] = [];
let made = 0;
await httpScenarios();
if (isAsked('redis')) await redisScenario();
load.stop();
await origin.stop();

/** What needs no Redis: the same servers for all of it. */
async function httpScenarios(): Promise<void> {
  if (!['pass', 'cold', 'post'].some(isAsked)) return;
  const own = await startOwn(pageConfig(origin.url));
  const forwarders: Server[] = [
    await started('bare http-proxy', await startChild('bare-proxy-server.ts', origin.url)),
    await started('plain node:http proxy', await startChild('plain-proxy-server.ts', origin.url)),
    await started(
      'sockets, undici',
      await startChild('floor-server.ts', { url: origin.url, client: 'undici' }),
    ),
    await started(
      'sockets on both sides',
      await startChild('floor-server.ts', { url: origin.url, client: 'socket' }),
    ),
  ];
  const caches: Server[] = [];
  for (const kind of rivals) {
    const rival = await startRival(kind, Number(new URL(origin.url).port));
    if (rival === undefined) console.log(`${kind.name} is not installed: ${kind.install}`);
    else caches.push(await started(kind.name, rival));
  }
  const all = [...caches, ...forwarders, ...own];
  const page = get('/export/2026.csv');
  if (isAsked('pass')) await play('pass, GET, 1 KB', all, () => [page]);
  if (isAsked('cold')) await play('cold, stored, 1 KB', [...caches, ...own], newPages);
  if (isAsked('post')) await play('POST, 256 bytes', all, () => [post]);
  await stopAll();
}

/** Pages in turn, more than memory has room for. */
async function redisScenario(): Promise<void> {
  const redis = new RedisServer(
    await freePort(),
    await mkdtemp(join(tmpdir(), 'shelflife-bench-redis-')),
    [],
  );
  await redis.start();
  for (const kilobytes of [1, 16]) {
    const names = Array.from({ length: 2000 }, (_, at) => `/public/${kilobytes}kb-${at}`);
    const pages = names.map(get);
    const configOf = (prefix: string): string => {
      const shared = `{ url: "${redis.url}", prefix: ${prefix}, deadline: 2s, max_bytes: 1GiB }`;
      return pageConfig(origin.url, `store: { memory: 1MiB, redis: ${shared} }\n`);
    };
    for (const { url } of await startOwn(configOf)) {
      await load.ask({ url, requests: pages, connections: 8, durationMs: 60_000, answers: pages.length });
      await wait(1000);
    }
    await stopAll();
    await play(`only in Redis, ${kilobytes} KB`, await startOwn(configOf), () => pages);
    const size = ['-p', String(redis.port), '-d', String(kilobytes * 1024 + 700), '-n', '50000', '-c', '64'];
    execFileSync('redis-benchmark', [...size, '-t', 'set', '-q']);
    process.stdout.write(execFileSync('redis-benchmark', [...size, '-t', 'get', '-q', '--csv']));
    await stopAll();
    await redis.client.flushall();
  }
  await redis.close();
}

async function play(name: string, servers: readonly Server[], requestsOf: () => string[]): Promise<void> {
  const ask = ({ url }: Server, count = answers) =>
    load.ask({ url, requests: requestsOf(), connections: 64, durationMs: 15_000, answers: count });
  // What compiles its code does so first.
  for (const server of servers) await ask(server);
  const own = servers.find((server) => server.name === 'shelflife');
  if (own !== undefined) printRounds(name, await alternate(servers, rounds, (server) => ask(server)), own);
}

/** Pages that nobody has asked for yet. */
function newPages(): string[] {
  made += 1;
  return Array.from({ length: answers }, (_, at) => get(`/public/new-${made}-${at}`));
}

/** This checkout, and the one before it. */
async function startOwn(configOf: string | ((prefix: string) => string)): Promise<Server[]> {
  const config = (prefix: string): string => (typeof configOf === 'string' ? configOf : configOf(prefix));
  const options = { execArgv: benchNodeOptions() };
  const file = 'proxy-server.ts';
  const own = [await started('shelflife', await startChild(file, config('own'), options))];
  if (before === undefined) return own;
  const other = await startChild(join(before, 'bench/parts', file), config('before'), options);
  return [...own, await started('shelflife before', other)];
}

async function started(name: string, server: Pick<Child, 'url' | 'pid' | 'stop'>): Promise<Server> {
  stops.push(server.stop);
  return Promise.resolve(pinned({ ...server, name }));
}

async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0)) await stop();
}
