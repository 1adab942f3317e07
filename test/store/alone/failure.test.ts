/**
 * Failures of real servers and sockets: whatever Redis does, requests end within the deadline, purges hold, and Redis is used
 * again when it is back (CONTRACT §5).
 */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { type FaultyLink, faultyLink } from '../../helpers/faulty-link.ts';
import { redisServer, type RedisServer, stoppedRedisServer } from '../../helpers/redis-server.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';
import { epochMs, seconds, systemClock } from '../../../src/kit/time.ts';
import { keyOf } from '../entry.ts';
import { type Instance, isUp, openInstance } from '../instance.ts';
import { tagged } from '../on-redis.ts';

type Tap = Parameters<typeof openInstance>[0];
type Parts = { readonly redis: RedisServer; readonly link: FaultyLink };

const deadlineMs = 100;
/** What a busy machine adds to a timer. */
const slackMs = 60;

/**
 * How long each of so many lookups takes that memory cannot answer, asked a few at a time, without what this machine was
 * late by meanwhile: a timer for the same time tells.
 */
async function lookups(instance: Instance, count: number): Promise<number[]> {
  const took: number[] = [];
  const one = async (name: string) => {
    const startedMs = performance.now();
    const elapsed = () => performance.now() - startedMs;
    let lateMs = 0;
    const timer = setTimeout(() => (lateMs = elapsed() - deadlineMs), deadlineMs);
    await instance.store.get(keyOf(name));
    took.push(elapsed() - lateMs);
    clearTimeout(timer);
  };
  for (let at = 0; at < count; at += 4) {
    await Promise.all([0, 1, 2, 3].map((more) => one(`cold ${at + more} ${performance.now()}`)));
  }
  return took;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

type Fault = {
  readonly begin: (parts: Parts) => Promise<void> | void;
  readonly end: (parts: Parts) => Promise<void> | void;
  /** Whether what Redis held before is there after it. */
  readonly keeps: boolean;
};

const linkFault = (mode: 'slow' | 'reset' | 'blackhole'): Fault => ({
  begin: ({ link }) => {
    link.mode = mode;
  },
  end: ({ link }) => {
    link.mode = 'pass';
  },
  keeps: true,
});

const faults: Readonly<Record<string, Fault>> = {
  'killed, and started again empty': {
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.start(),
    keeps: false,
  },
  frozen: {
    begin: ({ redis }) => redis.freeze(),
    end: ({ redis }) => redis.thaw(),
    keeps: true,
  },
  slow: linkFault('slow'),
  'resetting connections': linkFault('reset'),
  'dropping everything': linkFault('blackhole'),
};

async function survives(t: Tap, fault: Fault): Promise<void> {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const parts = { redis, link };
  const one = await openInstance(t, { url: link.url, deadlineMs, lag: seconds(0.4) });
  const kept = one.fill('kept');
  one.fill('written', tagged('w'));
  await one.store.settled();

  await fault.begin(parts);
  t.ok(Math.max(...(await lookups(one, 12))) < deadlineMs + slackMs, 'nobody waits longer than the deadline');
  await eventually('the breaker has opened', () => one.store.status().breaker !== 'closed');
  t.ok(median(await lookups(one, 40)) < deadlineMs / 2, 'then nobody waits');
  t.equal(one.store.status().redis, 'down');

  const tookMs = stopwatch();
  await one.purge('w');
  t.ok(tookMs() < deadlineMs + 5 * slackMs, 'a write waits no longer either');
  t.equal(await one.ask('written'), 'miss', 'and holds');
  one.fill('written', { ...tagged('w'), body: Buffer.from('since') });
  t.equal(await one.ask('written'), 'since', 'what was filled after it is used');
  t.equal(await one.ask('kept'), '<p>kept</p>', 'as is what was there');

  await fault.end(parts);
  t.ok((await isUp(one)) < 5000, 'taken up again');
  const other = await openInstance(t, { url: redis.url, deadlineMs });
  t.equal(await other.ask('written'), 'miss', 'the purge was appended');
  t.equal(await other.ask('kept'), fault.keeps ? '<p>kept</p>' : 'miss');
  t.equal(one.purgeLog.verdict(kept).kind, fault.keeps ? 'current' : 'purged');
  await eventually('works as before', async () => {
    one.fill('again', { ...tagged('x') });
    await one.store.settled();
    return (await other.ask('again')) !== 'miss';
  });
  const lines = one.events.filter(({ what }) => what === 'connection').length;
  t.ok(lines <= 10, `${lines} lines about connections`);
}

for (const [name, fault] of Object.entries(faults)) {
  t.test(`Redis ${name}`, (t) => survives(t, fault));
}

t.test('Redis down at the start: the store opens at once, and uses Redis when it comes up', async (t) => {
  const redis = await stoppedRedisServer(t);
  const tookMs = stopwatch();
  const one = await openInstance(t, { url: redis.url, deadlineMs });
  t.ok(tookMs() < 2000);
  one.fill('page', tagged('a'));
  t.equal(await one.ask('page'), '<p>page</p>');
  await one.purge('a');
  t.equal(await one.ask('page'), 'miss');
  await redis.start();
  t.ok((await isUp(one)) < 5000);
  one.fill('page');
  await eventually('it is used', async () => {
    one.fill('page');
    await one.store.settled();
    return (await redis.client.exists(one.keys.entry(keyOf('page')))) === 1;
  });
});

t.test('a wrong password counts as Redis being away, and is not logged', async (t) => {
  const redis = await redisServer(t, '--requirepass', 'right');
  const url = redis.url.replace('redis://', 'redis://:wrong-secret@');
  const one = await openInstance(t, { url, deadlineMs });
  one.fill('page');
  t.equal(await one.ask('page'), '<p>page</p>');
  t.ok(Math.max(...(await lookups(one, 8))) < deadlineMs + slackMs);
  t.equal(one.store.status().redis, 'down');
  t.notMatch(JSON.stringify(one.events), /wrong-secret|127\.0\.0\.1/);
  t.ok(one.events.some((event) => event.what === 'connection' && event.message.includes('WRONGPASS')));
});

t.test('a replica that refuses writes counts as Redis being away', async (t) => {
  const main = await redisServer(t);
  const replica = await redisServer(t, '--replicaof', '127.0.0.1', String(main.port));
  const one = await openInstance(t, { url: replica.url, deadlineMs });
  await eventually('noticed', () => one.store.status().breaker === 'open');
  one.fill('page', tagged('a'));
  t.equal(await one.ask('page'), '<p>page</p>');
  await one.purge('a');
  t.equal(await one.ask('page'), 'miss');
  await replica.client.replicaof('NO', 'ONE');
  t.ok((await isUp(one)) < 5000, 'promoted, it is taken up');
});

t.test('Redis full, with noeviction: new entries are not stored, purges are', async (t) => {
  const redis = await redisServer(t, '--maxmemory', '3mb', '--maxmemory-policy', 'noeviction');
  const [one, other] = [
    await openInstance(t, { url: redis.url, deadlineMs }),
    await openInstance(t, { url: redis.url, deadlineMs }),
  ];
  one.fill('first', tagged('a'));
  await one.store.settled();
  t.equal(await other.ask('first'), '<p>first</p>');
  for (let at = 0; at < 60; at += 1) one.fill(`big${at}`, { body: Buffer.alloc(100_000) });
  await one.store.settled();
  await t.rejects(redis.client.set('x', Buffer.alloc(200_000)), /OOM/, 'it is full');
  await one.purge('a');
  await eventually('the other has heard', async () => (await other.ask('first')) === 'miss');
  t.equal(one.store.status().redis, 'up');
});

t.test('after an entry that did not reach Redis, the older one there is not used', async (t) => {
  const redis = await redisServer(t);
  const [one, other] = [
    await openInstance(t, { url: redis.url, deadlineMs }),
    await openInstance(t, { url: redis.url, deadlineMs }),
  ];
  // In the past: what claims to be from the future is not believed.
  const start = systemClock.now() - 10_000;
  const version = (at: number) => {
    const time = epochMs(start + at * 1000);
    return { requestTime: time, responseTime: time, body: Buffer.from(`version ${at}`) };
  };
  one.fill('page', version(0));
  await one.store.settled();
  await redis.client.config('SET', 'maxmemory', '1');
  const second = one.fill('page', version(1));
  await one.store.settled();
  await redis.client.config('SET', 'maxmemory', '0');
  t.equal(await one.ask('page'), 'version 1');
  // For want of space.
  one.memory.remove(second);
  t.equal(await one.ask('page'), 'miss', 'who has given a page does not go back to an older one');
  other.fill('page', version(2));
  await other.store.settled();
  t.equal(await one.ask('page'), 'version 2', 'but takes a newer one');
});

t.test('Redis full, with allkeys-lru: entries come and go, purges hold', async (t) => {
  const redis = await redisServer(t, '--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-lru');
  const one = await openInstance(t, { url: redis.url, deadlineMs });
  for (let at = 0; at < 100; at += 1) {
    one.fill(`big${at}`, { body: Buffer.alloc(100_000), ...tagged('all') });
    await one.store.settled();
  }
  const stats = await redis.client.info('stats');
  t.ok(Number(/evicted_keys:(\d+)/.exec(stats)?.[1]) > 0, 'it evicts');
  await one.purge('all');
  const other = await openInstance(t, { url: redis.url, deadlineMs });
  for (let at = 0; at < 100; at += 1) t.equal(await other.ask(`big${at}`), 'miss');
});

t.test('the log is evicted: no older entry is used', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, deadlineMs });
  const entry = one.fill('page');
  await one.store.settled();
  await redis.client.del(one.keys.log);
  await eventually('noticed', () => one.purgeLog.verdict(entry).kind === 'purged');
  t.equal(await one.ask('page'), 'miss');
});

t.test('while Redis is away no entry is used for longer than fallback_ttl', async (t) => {
  const redis = await redisServer(t);
  const fallbackTtl = seconds(1);
  const one = await openInstance(t, { url: redis.url, deadlineMs, lag: seconds(0.2), fallbackTtl });
  one.fill('page');
  await redis.kill();
  await eventually('away', () => one.store.status().breaker === 'open');
  const tookMs = stopwatch();
  t.equal(await one.ask('page'), '<p>page</p>');
  await eventually('no longer used', async () => (await one.ask('page')) === 'stale');
  t.ok(tookMs() < 1500);
  one.fill('later');
  t.equal(await one.ask('later'), '<p>later</p>', 'what is filled now, has as long');
  await eventually('no longer either', async () => (await one.ask('later')) === 'stale');
});

t.test('a Redis that does not answer is reported within two seconds, however long `lag` is', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, deadlineMs, lag: seconds(10) });
  one.fill('page');
  await isUp(one);
  redis.freeze();
  // Nobody asks for anything meanwhile: no lookup finds out.
  const tookMs = await eventually('told', () => one.store.status().redis === 'down');
  t.ok(tookMs < 2000, `${tookMs} ms`);
  t.equal(await one.ask('page'), '<p>page</p>', 'what is at hand is trusted for `lag`');
  redis.thaw();
  t.ok((await isUp(one)) < 5000, 'and that it does');
});

t.test('an instance that was paused trusts nothing before it has caught up', async (t) => {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const [one, other] = [
    await openInstance(t, { url: redis.url, deadlineMs: 500, lag: seconds(0.3) }),
    await openInstance(t, { url: link.url, deadlineMs: 500, lag: seconds(0.3) }),
  ];
  one.fill('page', tagged('a'));
  await one.store.settled();
  t.equal(await other.ask('page'), '<p>page</p>');
  link.delayMs = 400;
  link.mode = 'slow';
  await one.purge('a');
  await eventually('it has not heard for lag', () => !other.health.isHeard(performance.now()));
  t.equal(await other.ask('page'), 'miss', 'it asked before it answered');
});

t.test('one instance is cut off, the other is not', async (t) => {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const options = { deadlineMs, lag: seconds(0.3), fallbackTtl: seconds(1) };
  const [one, cutOff] = [
    await openInstance(t, { url: redis.url, ...options }),
    await openInstance(t, { url: link.url, ...options }),
  ];
  for (const name of ['a', 'b']) one.fill(name, tagged(name));
  await one.store.settled();
  for (const name of ['a', 'b']) t.equal(await cutOff.ask(name), `<p>${name}</p>`);
  link.mode = 'blackhole';
  const tookMs = stopwatch();
  await one.purge('a');
  await cutOff.purge('b');
  t.equal(await cutOff.ask('b'), 'miss', 'its own writes at once');
  await eventually('the bound', async () => (await cutOff.ask('a')) !== '<p>a</p>');
  t.ok(tookMs() < 1300 + 200 + 2 * deadlineMs, "another's write within lag + fallback_ttl");
  link.mode = 'pass';
  t.ok((await isUp(cutOff)) < 5000);
  await eventually('the queued purge reaches the other', async () => (await one.ask('b')) === 'miss');
  t.equal(await cutOff.ask('a'), 'miss');
});
