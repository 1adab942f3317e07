/** Values of other versions, or written by hand, are never given: each is reported as a miss, and none is changed. */
import t from 'tap';
import { epochMs, systemClock } from '../../src/kit/time.ts';
import {
  codecVersion,
  decodeEntry,
  encodeEntry,
  type UnreadableReason,
} from '../../src/store/redis/codec.ts';
import { Janitor } from '../../src/store/redis/janitor.ts';
import { nodesOf } from '../../src/store/redis/nodes.ts';
import { RedisEntries } from '../../src/store/redis/entries.ts';
import { type RedisServer, redisServer } from '../helpers/redis-server.ts';
import { keyOf } from './entry.ts';
import { filledBut, type Instance, openInstance } from './instance.ts';

/** A value that would be an entry, but for the version it says it is of. */
function ofVersion(version: number, bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  other.writeUInt8(version, 2);
  return other;
}

/** Reads as an instance does, and tells of everything it could not read. */
function readerOf(redis: RedisServer, { keys }: Instance) {
  const told: UnreadableReason[] = [];
  const entries = new RedisEntries({
    reader: redis.client,
    writer: redis.client,
    keys,
    instance: 'reader',
    clock: systemClock,
    readLimitMs: 2000,
    writeLimitMs: 2000,
    onUnreadable: (reason) => told.push(reason),
  });
  return { entries, told };
}

/** What a run of the janitor found. */
function tidied({ upkeep, keys, purgeLog: log }: Instance) {
  const janitor = new Janitor({ nodes: () => nodesOf(upkeep, 1000), keys, log, maxBytes: 1_000_000 });
  return janitor.run(1000, epochMs(Date.now()));
}

t.test('on one Redis', async (t) => {
  const redis = await redisServer(t);
  t.beforeEach(() => redis.client.flushall());
  const versions = [0, codecVersion + 1, 255];

  await t.test('values of an older and a newer layout under one of our names', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    const name = one.keys.entry(keyOf('page'));
    const bytes = encodeEntry(filledBut({ asOf: one.purgeLog.position() }, 'page'));
    const { entries, told } = readerOf(redis, one);
    await redis.client.hset(name, 'only', bytes);
    t.equal((await entries.get(keyOf('page'))).length, 1, 'whole, and of our version, it is an entry');
    for (const version of versions) await redis.client.hset(name, `v${version}`, ofVersion(version, bytes));
    await redis.client.hset(name, 'only', ofVersion(0, bytes));
    t.strictSame(await entries.get(keyOf('page')), []);
    t.strictSame(
      told,
      Array.from({ length: 4 }, () => 'other-version'),
      'each is told',
    );
    t.equal(await one.ask('page'), 'miss');
    t.ok((one.unreadable['other-version'] ?? 0) > 0, 'counted');
  });

  await t.test('a key that is not a hash is a miss, not a Redis failure, and is replaced', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    const name = one.keys.entry(keyOf('page'));
    await redis.client.set(name, 'another hand');
    for (let at = 0; at < 5; at += 1) t.equal(await one.ask('page'), 'miss');
    t.equal(one.unreadable['not-ours'], 5, 'counted');
    t.notOk(one.store.isDown, 'no failure that would open the breaker');
    one.fill('page');
    await one.store.settled();
    const other = await openInstance(t, { url: redis.url });
    t.equal(await other.ask('page'), '<p>page</p>', 'what is stored takes its place');

    const names = Array.from({ length: 30 }, (_, at) => one.keys.entry(keyOf(`bad${at}`)));
    for (const bad of names) await redis.client.set(bad, 'another hand');
    const report = await tidied(one);
    t.match(report, { kept: 1, dropped: { purged: 0, unreadable: 30, useless: 0 }, failures: 0 });
    t.equal(await redis.client.exists(...names), 0, 'the janitor drops the rest');
  });

  await t.test('a readable variant beside them is used', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    const name = one.keys.entry(keyOf('page'));
    one.fill('page', { variant: 'ours' });
    await one.store.settled();
    const bytes = (await redis.client.hgetBuffer(name, 'ours')) ?? Buffer.alloc(0);
    for (const version of versions) await redis.client.hset(name, `v${version}`, ofVersion(version, bytes));
    const other = await openInstance(t, { url: redis.url });
    t.strictSame(
      (await other.store.get(keyOf('page'))).map(({ variant }) => variant),
      ['ours'],
    );
  });

  await t.test(
    'keys of other layouts are neither read nor changed, by requests or by the janitor',
    async (t) => {
      const one = await openInstance(t, { url: redis.url });
      const key = keyOf('page');
      const bytes = encodeEntry(filledBut({ asOf: one.purgeLog.position() }, 'page'));
      const names = versions.map((version) => `test:e${version}:{${key}}`);
      for (const [at, name] of names.entries()) {
        await redis.client.hset(name, 'only', at === 0 ? bytes : ofVersion(versions[at] ?? 0, bytes));
        await redis.client.pexpire(name, 600_000);
      }
      t.equal(await one.ask('page'), 'miss');
      const report = await tidied(one);
      t.match(report, { scanned: 0, dropped: { purged: 0, unreadable: 0, useless: 0 }, failures: 0 });
      one.fill('page');
      await one.store.settled();
      one.store.remove(filledBut({}, 'page'));
      await one.store.settled();
      for (const name of names) {
        t.equal(await redis.client.hlen(name), 1, name);
        const left = await redis.client.pttl(name);
        t.ok(left > 0 && left <= 600_000);
      }
    },
  );

  await t.test('values swapped between two keys, and between two variants of one key', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    for (const name of ['ann', 'bob']) one.fill(name);
    for (const variant of ['en', 'he']) one.fill('page', { variant, body: Buffer.from(variant) });
    await one.store.settled();
    const swap = async (first: [string, string], second: [string, string]): Promise<void> => {
      const values = await Promise.all([first, second].map((place) => redis.client.hgetBuffer(...place)));
      await redis.client.hset(...first, values[1] ?? '');
      await redis.client.hset(...second, values[0] ?? '');
    };
    const [ann, bob, page] = ['ann', 'bob', 'page'].map((name) => one.keys.entry(keyOf(name)));
    await swap([ann ?? '', 'only'], [bob ?? '', 'only']);
    await swap([page ?? '', 'en'], [page ?? '', 'he']);
    const moved = (await redis.client.hgetBuffer(ann ?? '', 'only')) ?? Buffer.alloc(0);
    t.equal(decodeEntry(moved, keyOf('bob')).kind, 'entry', 'whole, only in the wrong place');
    const { entries, told } = readerOf(redis, one);
    const other = await openInstance(t, { url: redis.url });
    for (const name of ['ann', 'bob', 'page']) {
      t.strictSame(await entries.get(keyOf(name)), [], name);
      t.equal(await other.ask(name), 'miss', name);
    }
    t.strictSame(
      told,
      Array.from({ length: 4 }, () => 'other-key'),
      'each is told',
    );
  });
});
