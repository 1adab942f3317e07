/** store/tiered.ts and store/redis.ts on a real Redis: two tiers, two instances. */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { seconds } from '../../../src/kit/time.ts';
import { entryBytes } from '../../../src/store/store.ts';
import { conforms } from '../conformance.ts';
import { entryBut, keyOf, storedAt } from '../entry.ts';
import { filledBut, type InstanceOptions, openInstance, purgeOf } from '../instance.ts';

t.test('on one Redis', async (t) => {
  const redis = await redisServer(t);
  const open = (t: Parameters<typeof openInstance>[0], more: Partial<InstanceOptions> = {}) =>
    openInstance(t, { url: redis.url, ...more });
  t.beforeEach(() => redis.client.flushall());

  await t.test('the contract of stores', (t) =>
    conforms(t, async (t) => {
      const { store } = await open(t);
      return { store, settle: () => store.settled() };
    }),
  );

  await t.test('an entry stored by one instance is found by another, then kept in memory', async (t) => {
    const [one, other] = [await open(t), await open(t)];
    const entry = one.fill('page', { variant: 'v', tags: entryBut().tags });
    await one.store.settled();
    t.strictSame(other.store.peek(entry.key), []);
    t.strictSame(await other.store.get(entry.key), [entry]);
    t.strictSame(other.store.peek(entry.key), [entry]);
  });

  await t.test('every key is below the prefix and has an expiry no longer than its use', async (t) => {
    const one = await open(t);
    const { policy } = filledBut({}, 'short');
    one.fill('short', { fields: [], policy: { ...policy, lifetime: seconds(50) } });
    one.fill('long', { policy: { ...policy, lifetime: seconds(40 * 86_400) } });
    await one.store.settled();
    const names = await redis.client.keys('*');
    t.equal(names.length, 5, 'two entries, the log, the instances, the owner');
    for (const name of names) {
      t.match(name, /^test:/);
      const left = await redis.client.pttl(name);
      t.ok(left > 0 && left <= 7 * 86_400_000, `${name} ${left}`);
    }
    t.ok((await redis.client.pttl(one.keys.entry(keyOf('short')))) <= 50_000);
  });

  await t.test('an entry past its use is not written', async (t) => {
    const one = await open(t);
    one.store.put(entryBut({ responseTime: storedAt }));
    await one.store.settled();
    t.equal(await redis.client.exists(one.keys.entry(keyOf('page'))), 0);
  });

  await t.test('a shorter variant does not shorten the life of the others', async (t) => {
    const one = await open(t);
    const { policy } = filledBut({}, 'page');
    one.fill('page', { variant: 'a', fields: [], policy: { ...policy, lifetime: seconds(1000) } });
    one.fill('page', { variant: 'b', fields: [], policy: { ...policy, lifetime: seconds(10) } });
    await one.store.settled();
    t.ok((await redis.client.pttl(one.keys.entry(keyOf('page')))) > 900_000);
  });

  await t.test('the variants of one key are bounded by what a lookup can read in time', async (t) => {
    const one = await openInstance(t, { url: redis.url, deadlineMs: 5000 });
    const mib = 1024 * 1024;
    const held = async (): Promise<[string, number][]> => {
      const hash = await redis.client.hgetallBuffer(one.keys.entry(keyOf('page')));
      return Object.entries(hash).map(([variant, bytes]) => [variant, bytes.length]);
    };
    for (let at = 0; at < 6; at += 1) {
      one.fill('page', { variant: `v${at}`, body: Buffer.alloc(mib) });
      await one.store.settled();
      const bytes = (await held()).reduce((sum, [, size]) => sum + size, 0);
      t.ok(bytes <= 4 * mib, `${bytes} bytes`);
      t.ok(
        (await held()).some(([variant]) => variant === `v${at}`),
        'the last one is there',
      );
    }
    t.equal((await held()).length, 3, 'what fits stays');
    one.fill('page', { variant: 'large', body: Buffer.alloc(5 * mib) });
    await one.store.settled();
    t.match(await held(), [['large', Number]], 'a large one has room alone');
  });

  await t.test('a lookup is one command, shared by all concurrent requests for the key', async (t) => {
    const one = await open(t);
    await one.store.get(keyOf('warm-up'));
    const calls = async (): Promise<number> => {
      const stats = await redis.client.info('commandstats');
      return Number(/cmdstat_hgetall:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await redis.client.config('RESETSTAT');
    await Promise.all(Array.from({ length: 500 }, () => one.store.get(keyOf('page'))));
    // The script that follows the log reads the instances with the same command.
    t.ok((await calls()) <= 3, `${await calls()}`);
  });

  await t.test('an entry older than the one in memory does not come back from Redis', async (t) => {
    const [one, other] = [await open(t), await open(t)];
    const newer = one.fill('page', { body: Buffer.from('newer') });
    await one.store.settled();
    const older = (newer.responseTime - 1000) as typeof newer.responseTime;
    other.fill('page', { body: Buffer.from('older'), requestTime: older, responseTime: older });
    await other.store.settled();
    t.equal(await one.ask('page'), 'newer');
    await one.store.get(newer.key);
    t.equal(await one.ask('page'), 'newer');
  });

  await t.test(
    'a dropped entry does not come back from Redis, where it may be for a moment longer',
    async (t) => {
      const [one, other] = [await open(t), await open(t)];
      const entry = other.fill('page');
      await other.store.settled();
      one.store.remove(entry);
      t.equal(await one.ask('page'), 'miss');
      await one.store.settled();
      await other.entries.put(entry, entry.responseTime);
      t.equal(await one.ask('page'), 'miss', 'nor when a late write put it there again');
    },
  );

  await t.test('an entry that only Redis had is reported as purged, until it is stored again', async (t) => {
    const [one, other] = [await open(t), await open(t)];
    const entry = one.fill('page');
    await one.store.settled();
    await other.purgeLog.append(purgeOf([], { everything: true, cause: 'api' }));
    t.equal(await other.ask('page'), 'miss');
    t.equal(other.store.endedBy(entry.key), 'api');
    other.fill('page');
    t.equal(other.store.endedBy(entry.key), undefined);
  });

  await t.test('whoever listens is told how long Redis took to store and to drop', async (t) => {
    const told: string[] = [];
    const one = await open(t, {
      onSlowWrite: (operation, duration) => told.push(`${operation} ${duration > 0 && duration < 60}`),
    });
    const entry = one.fill('page');
    await one.store.settled();
    one.store.remove(entry);
    await one.store.settled();
    t.strictSame(told, ['set true', 'delete true']);
  });

  await t.test('bytes that are changed, cut, or stored under another key are a miss', async (t) => {
    const one = await open(t);
    const name = one.keys.entry(keyOf('page'));
    const stored = async () => {
      one.fill('page', { body: Buffer.alloc(5000, 'x') });
      await one.store.settled();
      return redis.client.hgetBuffer(name, 'only');
    };
    const bytes = (await stored()) ?? Buffer.alloc(0);
    const other = filledBut({ asOf: one.purgeLog.position() }, 'other');
    await one.entries.put(other, other.responseTime);
    const swapped = (await redis.client.hgetBuffer(one.keys.entry(other.key), 'only')) ?? Buffer.alloc(0);
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(3000) ^ 1, 3000);
    const newer = Buffer.from(bytes);
    newer.writeUInt8(200, 2);
    const cases = { changed, cut: bytes.subarray(0, 3000), swapped, newer, empty: Buffer.alloc(0) };
    for (const [what, value] of Object.entries(cases)) {
      await redis.client.hset(name, 'only', value);
      t.strictSame(await one.entries.get(keyOf('page')), [], what);
    }
    await redis.client.del(name);
    await redis.client.hset(name, 'elsewhere', bytes);
    t.strictSame(await one.entries.get(keyOf('page')), [], 'another variant');
    await redis.client.set(name, 'not a hash');
    t.strictSame(await one.store.get(keyOf('missing')), [], 'a wrong type is no trouble for others');
    t.ok(one.events.some(({ what }) => what === 'unreadable'));
  });

  await t.test('an entry compressed after it was stored reaches Redis compressed', async (t) => {
    const one = await open(t);
    const entry = filledBut({ asOf: one.purgeLog.position(), body: Buffer.alloc(1000, 'a') }, 'page');
    const smaller = { ...entry, coding: 'gzip' as const, body: Buffer.from('small') };
    one.store.put(entry, Promise.resolve(smaller));
    t.strictSame(one.store.peek(entry.key), [entry]);
    await eventually('it is written', async () => (await one.entries.get(entry.key)).length === 1);
    t.strictSame(await one.entries.get(entry.key), [smaller]);
    t.ok(entryBytes(smaller) < entryBytes(entry));
  });

  await t.test('an entry dropped during its compression is not written', async (t) => {
    const one = await open(t);
    const entry = filledBut({ asOf: one.purgeLog.position() }, 'page');
    const { promise, resolve } = Promise.withResolvers<undefined>();
    one.store.put(entry, promise);
    one.store.remove(entry);
    resolve(undefined);
    await promise;
    await one.store.settled();
    t.strictSame(await one.entries.get(entry.key), []);
  });
});
