/** The figures of several processes add up to those that one would have. */

import { Registry, Counter, Gauge, Histogram } from 'prom-client';
import t from 'tap';
import { epochMs, seconds } from '../../src/kit/time.ts';
import { nothingKnown, type Outcome } from '../../src/proxy/exchange/outcome.ts';
import type { RedisState } from '../../src/store/opened-store.ts';
import { createPopularity } from '../../src/policy/lifetime/popularity.ts';
import { Counters } from '../../src/watch/count/counters.ts';
import { configIn } from '../config/fixture.ts';
import { createRuntimeRegistry, sumRuntimes } from '../../src/watch/show/runtime-metrics.ts';
import type { Worker } from '../../src/workers/crew.ts';
import { Gathered } from '../../src/workers/gathered.ts';
import { configShare } from '../../src/workers/config-share.ts';
import { SharedPopularity } from '../../src/workers/shared-popularity.ts';

const missOf = (target: string, contentType: string): Outcome => ({
  ...nothingKnown,
  requestId: '',
  kind: 'forward',
  status: 200,
  contentType,
  route: '/*',
  method: 'GET',
  host: 'h',
  target,
  duration: seconds(0.2),
  originDuration: seconds(0.1),
});

t.test('17.1: what two processes count and a third takes is what one would have counted', async (t) => {
  const [one, a, b, sum] = [new Counters(), new Counters(), new Counters(), new Counters()];
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 40; index += 1) {
      const outcome = missOf(`/${index % 7}`, `type${index % 3}`);
      for (const counters of [one, index % 2 === 0 ? a : b]) {
        counters.onOutcome(outcome);
        counters.onOrigin(seconds(0.1), index % 5 === 0);
        counters.onOperation('get/memory', seconds(0.001));
        counters.onPurge('write');
      }
    }
    one.onRefused();
    a.onRefused();
    // As they come through a channel.
    for (const part of [a, b]) sum.take(structuredClone(part.drain()));
  }
  // Sums of fractions depend on their order.
  const rounded = (tally: Float64Array): number[] => [...tally].map((value) => Math.round(value * 1e9));
  const typesOf = ({ types }: Counters) =>
    [...types].map(([name, { tally, ...rest }]) => [name, rounded(tally), rest]);
  t.strictSame(rounded(sum.total()), rounded(one.total()));
  t.strictSame(typesOf(sum).toSorted(), typesOf(one).toSorted());
  t.strictSame(sum.ledger.report(50).reasons, one.ledger.report(50).reasons);
  t.strictSame(
    sum.ledger
      .report(50)
      .urls.map(({ url, misses }) => [url, misses])
      .toSorted(),
    one.ledger
      .report(50)
      .urls.map(({ url, misses }) => [url, misses])
      .toSorted(),
  );
  t.strictSame(sum.purgesByCause, one.purgesByCause);
  t.strictSame(sum.operations.get('get/memory')?.count, 120);
  t.equal(sum.last.count, 100);
  t.equal(
    a.total().every((count) => count === 0),
    true,
    'nothing is counted twice',
  );
});

t.test('17.1: a worker has its share of what the configuration gives to all', async (t) => {
  const config = configIn(
    'upstream: { url: http://h, connections: 5 }\nstore: { memory: 6MiB }\nwarm: { concurrency: 1 }\n',
  );
  const share = configShare(config, 2);
  t.match(share, { store: { memoryBytes: 3 * 1024 ** 2, maxObjectBytes: 3 * 1024 ** 2 } });
  t.match(share, { upstream: { connections: 2 }, warm: { concurrency: 1 } });
  t.equal(configShare(configIn('upstream: http://h\n'), 2).warm?.concurrency, 2, 'the default as well');
});

t.test('17.1: a key is popular by the requests of all workers', async (t) => {
  const now = epochMs(1_000_000);
  const key = 'ab'.repeat(32);
  const popularity = () => createPopularity({ requests: 4, per: seconds(60) });
  const told: (readonly [string, number])[][] = [];
  const clock = { now: () => now };
  const [a, b] = [
    new SharedPopularity(popularity(), { clock, tell: (keys) => told.push([...keys]) }),
    new SharedPopularity(popularity(), { clock, tell: () => undefined }),
  ];
  a.record(key, now);
  a.record(key, now);
  b.record(key, now);
  b.record(key, now);
  t.notOk(b.isHigh(key, now));
  a.flush();
  t.strictSame(told, [[[key, 2]]]);
  for (const keys of told) b.take(keys);
  t.ok(b.isHigh(key, now));
  a.close();
  b.close();
});

t.test('17.1: Redis is up if every worker has it, and its figures are sums', async (t) => {
  const states: RedisState[] = [
    { redis: 'up', breaker: 'closed', bytes: 7, unreadable: { checksum: 1 }, queue: 1, lag: seconds(1) },
    { redis: 'down', breaker: 'open', unreadable: { checksum: 2 }, queue: 2, lag: seconds(3) },
  ];
  const askedOf = (redis: RedisState, name: string) =>
    ({
      name,
      link: { ask: () => Promise.resolve({ counts: new Counters().drain(), redis }) },
    }) as unknown as Worker;
  const workers: Worker[] = [];
  const gathered = new Gathered({ counters: new Counters(), workers: () => workers, hasRedis: true });
  t.strictSame(gathered.redis(), { redis: 'down', breaker: 'closed' }, 'nothing is known');
  workers.push(...states.map((state, at) => askedOf(state, String(at))));
  await gathered.gather();
  const sum = { redis: 'down', breaker: 'open', bytes: 7, unreadable: { checksum: 3 }, queue: 3, lag: 3 };
  t.strictSame(gathered.redis(), sum);
  gathered.forget('1');
  t.match(gathered.redis(), { redis: 'up', breaker: 'closed', lag: 1 });
});

t.test('17.1: processor time counts from the start of the process, not from the first scrape', async (t) => {
  const before = process.cpuUsage();
  const scraped = await createRuntimeRegistry().metrics();
  const told = Number(/^process_cpu_seconds_total (\S+)$/m.exec(scraped)?.[1]);
  t.ok(told * 1e6 >= before.user + before.system, String(told));
});

t.test('17.1: what ended workers have counted stays in the sums; what they had does not', async (t) => {
  const workers: Worker[] = [];
  const gathered = new Gathered({ counters: new Counters(), workers: () => workers });
  const join = async (name: string, cpu: number): Promise<void> => {
    const registry = new Registry();
    const registers = [registry];
    new Counter({ name: 'cpu_total', help: 'x', registers }).inc(cpu);
    new Gauge({ name: 'bytes', help: 'x', registers }).set(100);
    new Histogram({ name: 'gc', help: 'x', buckets: [1], registers }).observe(0.5);
    const runtime = await registry.getMetricsAsJSON();
    workers.push({
      number: 1,
      name,
      link: { ask: () => Promise.resolve(runtime) } as unknown as Worker['link'],
    });
  };
  const sums = async () => sumRuntimes(createRuntimeRegistry(), await gathered.runtimes());
  await join('1.1', 10);
  for (const [index, name] of ['1.2', '1.3'].entries()) {
    t.match(await sums(), new RegExp(`^cpu_total ${10 + index}$`, 'm'));
    gathered.forget(`1.${index + 1}`);
    workers.pop();
    await join(name, 1);
  }
  const text = await sums();
  for (const line of ['cpu_total 12', 'bytes 100', 'gc_count 3', 'gc_bucket{le="1"} 3', 'gc_sum 1.5'])
    t.ok(text.split('\n').includes(line), line);
});
