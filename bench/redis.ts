/**
 * What does the store that instances share give, and what does it cost? Real redis-server, real proxies, real sockets:
 * hits that only Redis has; purges of much and of little; how soon all instances know of a purge; what pages cost Redis;
 * and whether hits in memory are slower with Redis than without.
 *
 * `node bench/redis.ts cold memory` asks only these; all are: cold, purges, propagation, pages, memory.
 */
import { browserFields, requestText } from './parts/browser.ts';
import { printMachine } from './parts/machine.ts';
import { coldHits } from './parts/redis-cold-hits.ts';
import { storedPages } from './parts/redis-pages.ts';
import { openPlace, type Place } from './parts/redis-place.ts';
import { propagation } from './parts/redis-propagation.ts';
import { purges } from './parts/redis-purges.ts';
import { printComparison, printComparisonHead, roundsOf, startLoad } from './parts/rounds.ts';

const leastRatio = 0.95;
/** Short rounds and many: what is looked for is smaller than what a machine's mood makes of one round. */
const often = { BENCH_ROUNDS: '12', BENCH_ROUND_MS: '800', ...process.env };

const questions: Readonly<Record<string, (place: Place) => Promise<boolean>>> = {
  cold: coldHits,
  purges,
  propagation,
  pages: storedPages,
  memory: memoryHits,
};

printMachine();
const place = await openPlace();
const named = process.argv.slice(2);
for (const [name, ask] of Object.entries(questions)) {
  if (named.length > 0 && !named.includes(name)) continue;
  if (!(await ask(place))) process.exitCode = 1;
}
await place.close();

/** Hits in memory, with Redis and without, in turn; whether they are as fast. */
async function memoryHits({ start, client }: Place): Promise<boolean> {
  const [withRedis, without] = [await start(), await start({ withRedis: false })];
  const load = startLoad();
  const fields = browserFields('www.example.org');
  const request = requestText({ method: 'GET', target: '/public/page', fields });
  console.log('\nhits in memory, 64 connections, with Redis and (baseline) without');
  printComparisonHead();
  const compared = await load.compare(withRedis, without, { request, ...roundsOf(often) });
  printComparison('memory hit', compared);
  load.stop();
  await Promise.all([withRedis.stop(), without.stop()]);
  await client.flushall();
  // Processor time tells more than answers a second where the machine has other things to do.
  const isReached = Math.max(compared.cpu, compared.rate) >= leastRatio;
  console.log(`asked: a ratio of ${leastRatio} at least: ${isReached ? 'reached' : 'not reached'}`);
  return isReached;
}
