/**
 * What does watching cost a hit, and does it stay within bounded memory after a million distinct URLs?
 *
 * Hits through the request path in this process, with everything of watch/ (counters, timed store, log lines at `info`)
 * and without, in alternating rounds; then the same hit over HTTP, one connection per core, to tell what share of a
 * served hit that is. At most 3 % is allowed.
 */
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { parseConfig } from '../src/config/schema/check.ts';
import type { Config } from '../src/config/config.ts';
import { BoundedMap } from '../src/kit/bounded-map.ts';
import { SingleFlight } from '../src/kit/single-flight.ts';
import { seconds, systemClock } from '../src/kit/time.ts';
import { openOrigin } from '../src/origin/origin.ts';
import { createPopularity } from '../src/policy/lifetime/popularity.ts';
import { createReader } from '../src/proxy/exchange/client-request.ts';
import { openBodies } from '../src/proxy/fetch/open-bodies.ts';
import type { Services } from '../src/proxy/exchange/exchange.ts';
import { nothingKnown, type Outcome } from '../src/proxy/exchange/outcome.ts';
import { createPipeline } from '../src/proxy/pipeline.ts';
import { nobody } from '../src/proxy/exchange/reply.ts';
import { compileSite } from '../src/proxy/exchange/site.ts';
import { startServer } from '../src/server.ts';
import { LearnedSessionMap } from '../src/store/learned-sessions.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { LocalPurgeLog } from '../src/store/purge-log.ts';
import { TimedStore } from '../src/store/timed-store.ts';
import type { RedisState } from '../src/store/opened-store.ts';
import { Counting } from '../src/watch/count/counting.ts';
import { openWatch, type OpenWatch } from '../src/watch/open-watch.ts';
import { printMachine } from './parts/machine.ts';

const rounds = 15;
const callsPerRound = 50_000;
const log = pino({ level: 'info' }, { write: () => undefined });

const origin = createServer((_request, response) => {
  response.writeHead(200, { 'Cache-Control': 'max-age=3600', 'Content-Type': 'text/html' });
  response.end('x'.repeat(1000));
});
origin.listen(0, '127.0.0.1');
await once(origin, 'listening');
const config = configOf((origin.address() as AddressInfo).port);

printMachine();
const [without, watched] = await Promise.all([prepare(false), prepare(true)]);
const times = { without: [] as number[], watched: [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  times.without.push(without.run());
  times.watched.push(watched.run());
}
const cost = median(times.watched.slice(3)) - median(times.without.slice(3));
const served = await httpHit();
console.log(`hit in the request path, without   ${(median(times.without.slice(3)) / 1000).toFixed(2)} µs`);
console.log(`hit in the request path, watched   ${(median(times.watched.slice(3)) / 1000).toFixed(2)} µs`);
console.log(`hit served over HTTP, all of it    ${(served / 1000).toFixed(1)} µs`);
console.log(`watching is ${((cost / served) * 100).toFixed(2)} % of a served hit (at most 3 % is allowed)`);
if (cost / served > 0.03) process.exitCode = 1;
millionUrls();
await Promise.all([without.close(), watched.close()]);
origin.close();

type Prepared = { readonly run: () => number; readonly close: () => Promise<void> };

/** A request path with one page in its store; `run` gives nanoseconds a hit. */
async function prepare(isWatched: boolean): Promise<Prepared> {
  const plain = servicesOf();
  const open = isWatched ? watchOf(plain) : undefined;
  const pipeline = createPipeline(open?.services ?? plain);
  const read = createReader(config.listen);
  const message = {
    method: 'GET',
    url: '/page?b=2&a=1',
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    rawHeaders: [
      'Host',
      'example.org',
      'Accept',
      'text/html',
      'User-Agent',
      'bench',
      'Cookie',
      'session=abc',
    ],
    socket: { remoteAddress: '127.0.0.1' },
  } as unknown as IncomingMessage;
  const once = (): unknown => {
    const result = read(message);
    if (result.kind !== 'request') throw new Error('the request of the benchmark is refused');
    return pipeline(result.request, nobody, () => undefined);
  };
  await once();
  if (once() !== undefined) throw new Error('the page of the benchmark is no hit');
  return {
    run: () => {
      const started = process.hrtime.bigint();
      for (let call = 0; call < callsPerRound; call += 1) once();
      return Number(process.hrtime.bigint() - started) / callsPerRound;
    },
    close: async () => {
      await open?.watching.close();
      await plain.origin.close();
    },
  };
}

/** The same services, with everything of watch/ around them. */
function watchOf(plain: Services): { readonly watching: OpenWatch; readonly services: Services } {
  const { store, purgeLog, origin } = plain;
  const counting = new Counting(systemClock);
  const redis = (): RedisState => ({ redis: 'none', breaker: 'closed' });
  const { health } = origin;
  const watching = openWatch({
    counting,
    config: () => config,
    clock: systemClock,
    store,
    purgeLog,
    health,
    redis,
    log,
  });
  const timed = new TimedStore(store, systemClock, counting.counters);
  return { watching, services: { ...plain, store: timed, onOutcome: watching.onOutcome } };
}

function servicesOf(): Services {
  const site = compileSite(config, { learned: new LearnedSessionMap(), verifyJwt: undefined });
  const store = new MemoryStore({ maxBytes: config.store.memoryBytes });
  return {
    site: () => site,
    store,
    ...openBodies(store),
    purgeLog: new LocalPurgeLog('bench'),
    origin: openOrigin({ ...config.upstream }),
    clock: systemClock,
    flights: new SingleFlight({ maxFlights: 100, maxWaiters: 100 }),
    uncacheable: new BoundedMap(100),
    evicted: new BoundedMap(100),
    popularity: createPopularity(config.ttl.popular),
    learnSession: () => undefined,
    onOutcome: () => undefined,
  };
}

/** Nanoseconds of a hit over HTTP, with as much under way as keeps the process busy. */
async function httpHit(): Promise<number> {
  const server = await startServer({ config, log, control: 'off' });
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = get(`${server.url}/page`, { agent }, (response) => {
        response.resume();
        response.on('end', resolve);
      });
      request.on('error', reject);
    });
  await ask();
  const requests = 8000;
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await ask();
  };
  // The client is in this process as well: only what the process used is split, and half of it is generously the client's.
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: 16 }, worker));
  const { user, system } = process.cpuUsage(before);
  agent.destroy();
  await server.close();
  return (((user + system) * 1000) / requests) * 0.5;
}

/** A million URLs asked for once each (test/watch/bounded.test.ts: identities, hosts and types as well). */
function millionUrls(): void {
  const plain = servicesOf();
  const { onOutcome, close } = watchOf(plain).watching;
  const collect = (globalThis as { gc?: () => void }).gc ?? ((): void => undefined);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 1_000_000; index += 1) onOutcome(missOf(`/page/${index}`));
  collect();
  const grown = (process.memoryUsage().heapUsed - before) / 1024 ** 2;
  console.log(`after 1,000,000 distinct URLs the counters hold ${grown.toFixed(1)} MiB more`);
  if (grown > 8) process.exitCode = 1;
  void close();
  void plain.origin.close();
}

function missOf(target: string): Outcome {
  return {
    ...nothingKnown,
    kind: 'forward',
    status: 200,
    contentType: 'page',
    route: '/*',
    method: 'GET',
    host: 'example.org',
    target,
    requestId: undefined,
    miss: 'cold',
    duration: seconds(0.1),
    originDuration: seconds(0.1),
  };
}

function configOf(port: number): Config {
  const text = `upstream: http://127.0.0.1:${port}
listen: 127.0.0.1:0
content_types: { page: { ttl: 1h, scope: public } }
routes: [{ match: "GET /*", type: page }]`;
  const parsed = parseConfig(text, { file: 'bench.yaml', env: {} });
  if (parsed.kind !== 'ok') throw new Error('the configuration of the benchmark has problems');
  return parsed.config;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
