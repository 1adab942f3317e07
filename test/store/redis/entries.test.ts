/** store/redis/entries.ts on a real Redis; what it makes of other layouts is in other-layouts.test.ts. */
import t from 'tap';
import { seconds, systemClock } from '../../../src/kit/time.ts';
import { RedisEntries, usefulUntil } from '../../../src/store/redis/entries.ts';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { maxVariants } from '../../../src/store/store.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { entryBut, keyOf, storedAt } from '../entry.ts';
import { filledBut } from '../instance.ts';

t.test(
  'an entry is of use while it may be given, and ten minutes more where it can be validated',
  async (t) => {
    const { policy } = entryBut();
    const [day, week] = [86_400, 7 * 86_400];
    for (const [change, fields, usedFor] of [
      [{}, [], 3600],
      [{}, ['ETag', '"1"'], 4200],
      [{}, ['Last-Modified', 'x'], 4200],
      [{ initialAge: seconds(600) }, [], 3000],
      [{ initialAge: seconds(day) }, [], 0],
      [{ staleIfError: seconds(60), staleIfDisconnected: seconds(day) }, [], 3600 + day],
      [{ lifetime: seconds(30 * day) }, ['ETag', '"1"'], week],
    ] as const) {
      const entry = entryBut({ policy: { ...policy, ...change }, fields });
      t.equal(usefulUntil(entry) - storedAt, usedFor * 1000, JSON.stringify(change));
    }
  },
);

t.test('a hash has an expiry, a bounded number of variants, and what is no hash makes way', async (t) => {
  const { client } = await redisServer(t);
  const keys = redisKeys('test');
  const limits = { readLimitMs: 2000, writeLimitMs: 2000 };
  const entries = new RedisEntries({
    reader: client,
    writer: client,
    keys,
    instance: 'me',
    clock: systemClock,
    ...limits,
  });
  const key = keyOf('page');
  await client.set(keys.entry(key), 'no hash');
  t.strictSame(await entries.get(key), []);
  const now = systemClock.now();
  for (let at = 0; at < maxVariants + 2; at += 1)
    await entries.put(filledBut({ variant: `v${at}` }, 'page'), now);
  t.equal(await client.hlen(keys.entry(key)), maxVariants);
  t.equal(await client.hexists(keys.entry(key), `v${maxVariants + 1}`), 1, 'the last is kept');
  const keptMs = await client.pttl(keys.entry(key));
  t.ok(keptMs > 4_000_000 && keptMs < 4_300_000, `${keptMs}`);
  await entries.remove({ key, variant: `v${maxVariants + 1}` });
  t.equal((await entries.get(key)).length, maxVariants - 1);
  await entries.put(entryBut({}, 'old'), now);
  t.equal(await client.exists(keys.entry(keyOf('old'))), 0, 'what is of no use any more is not written');
});
