/** How the parts of a shared store are put together: what closing leaves behind, and how much is told. */
import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import { keyOf } from './entry.ts';
import { isUp } from './instance.ts';
import { onRedis } from './on-redis.ts';

onRedis(t, 'closing writes what waits, and leaves the list of instances', async (t, open, { client }) => {
  const [one, other] = [await open(), await open()];
  for (const instance of [one, other]) await isUp(instance);
  const known = await client.hlen(one.keys.instances);
  for (let at = 0; at < 20; at += 1) one.fill(`p${at}`);
  await one.close();
  t.equal(await client.hlen(one.keys.instances), known - 1);
  t.equal((await other.store.get(keyOf('p19'))).length, 1);
});

onRedis(t, 'values that are no entries are counted, and told once a second', async (t, open, { client }) => {
  const one = await open({ lag: seconds(30) });
  await isUp(one);
  for (let at = 0; at < 5; at += 1) {
    await client.hset(one.keys.entry(keyOf(`p${at}`)), 'only', 'not ours');
    t.strictSame(await one.store.get(keyOf(`p${at}`)), []);
  }
  const counts = Object.values(one.unreadable);
  t.strictSame(counts, [5]);
  const told = one.events.filter(({ what }) => what === 'unreadable').length;
  t.ok(told >= 1 && told < 5, `${told}`);
});
