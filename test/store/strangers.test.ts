/** Issue 13.5: two installations that share a prefix by mistake never read each other, on real servers. */
import t, { type Test } from 'tap';
import { seconds } from '../../src/kit/time.ts';
import { redisKeys } from '../../src/store/redis/keys.ts';
import { eventually } from '../helpers/eventually.ts';
import { redisCluster } from '../helpers/redis-groups.ts';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';
import { keyOf } from './entry.ts';
import { type Instance, isUp, openInstance } from './instance.ts';

const keys = redisKeys('test');
const production = { name: 'http://10.0.0.1:5000', fingerprint: 'aaaa' };
const staging = { name: 'http://10.0.0.2:5000', fingerprint: 'bbbb' };

const refusal = ({ events }: Instance): string =>
  events.flatMap((event) => (event.what === 'owner' ? [event.message] : [])).join('\n');

/** The owner as it would be had nobody renewed it for five minutes. */
async function letItRunOut({ client }: RedisServer): Promise<void> {
  const owner = (await client.hget(keys.owner, 'owner')) ?? '';
  await client.hset(keys.owner, 'owner', owner.replace(/^\d+/, '1'));
}

async function isAStranger(t: Test, instance: Instance, { client }: RedisServer): Promise<void> {
  const before = await client.dbsize();
  instance.fill('own');
  instance.learned.trust('cookie', seconds(60));
  await instance.purge('anything');
  await Promise.all([instance.store.settled(), instance.learned.settled()]);
  t.equal(await instance.ask('own'), '<p>own</p>', 'memory answers');
  t.equal(instance.store.status().redis, 'down');
  t.equal(await client.dbsize(), before, 'nothing is written');
  await eventually('it says so', () => refusal(instance) !== '');
  t.match(refusal(instance), /10\.0\.0\.1:5000 \(aaaa\); this is http:\/\/10\.0\.0\.2:5000 \(bbbb\)/);
}

t.test('the second installation is refused: it reads nothing, writes nothing, and says why', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, owner: production });
  one.fill('page');
  await one.store.settled();
  const reads = async (): Promise<number> =>
    Number(/cmdstat_hgetall:calls=(\d+)/.exec(await redis.client.info('commandstats'))?.[1] ?? 0);
  await one.close();
  const other = await openInstance(t, { url: redis.url, owner: staging });
  const readBefore = await reads();
  t.equal(await other.ask('page'), 'miss');
  t.strictSame(await other.store.get(keyOf('page'), performance.now()), []);
  await isAStranger(t, other, redis);
  t.equal(await reads(), readBefore, 'nothing is read');
  t.equal(await (await openInstance(t, { url: redis.url, owner: production })).ask('page'), '<p>page</p>');
});

t.test('of two that start at once, one becomes the owner', async (t) => {
  const redis = await redisServer(t);
  const both = await Promise.all(
    [production, staging].map((owner) => openInstance(t, { url: redis.url, owner })),
  );
  await eventually('one is up', () => both.some(({ store }) => store.status().redis === 'up'));
  const [refused] = both.filter((each) => refusal(each) !== '');
  t.equal(refused?.store.status().redis, 'down');
  t.equal(both.filter((each) => refusal(each) === '').length, 1);
});

t.test('after a flush the owner gets its prefix again, and the other stays out', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, owner: production });
  await redis.client.flushall();
  await eventually('it is written again', async () => (await redis.client.exists(keys.owner)) === 1);
  await isUp(one);
  const left = await redis.client.pttl(keys.owner);
  t.ok(left > 0, 'with an expiry');
  await isAStranger(t, await openInstance(t, { url: redis.url, owner: staging }), redis);
});

t.test('a lost or invalid owner key changes nothing for running instances', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, owner: production });
  const owned = (): Promise<boolean> => redis.client.hexists(keys.owner, 'owner').then((has) => has === 1);
  one.fill('page');
  await one.store.settled();
  await redis.client.del(keys.owner);
  await eventually('it is written again', owned);
  await redis.client.set(keys.owner, 'another hand');
  await eventually('it is written again', () => owned().catch(() => false));
  t.equal(one.events.filter(({ what }) => what === 'generation').length, 1);
  t.equal(await (await openInstance(t, { url: redis.url, owner: production })).ask('page'), '<p>page</p>');
});

t.test('an installation that takes over a free prefix finds no entries of the other', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, owner: production });
  one.fill('page');
  one.learned.trust('cookie', seconds(60));
  await Promise.all([one.store.settled(), one.learned.settled()]);
  const other = await openInstance(t, { url: redis.url, owner: staging });
  await one.close();
  t.equal(other.store.status().redis, 'down', 'not at once: it may be a restart');
  await letItRunOut(redis);
  await isUp(other);
  t.equal(await other.ask('page'), 'miss');
  await other.learned.elsewhere.ask('cookie');
  t.notOk(other.learned.isTrusted('cookie'), "another app's sessions prove nothing");
  const back = await openInstance(t, { url: redis.url, owner: production });
  t.equal(back.store.status().redis, 'down', 'now the first is the stranger');
});

t.test('an owner that comes back after longer than that finds its entries', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, owner: production });
  one.fill('page');
  await one.store.settled();
  await one.close();
  await letItRunOut(redis);
  t.equal(await (await openInstance(t, { url: redis.url, owner: production })).ask('page'), '<p>page</p>');
});

t.test('a Redis that comes back as another installation’s is not used', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, owner: staging });
  one.fill('page');
  await one.store.settled();
  await redis.kill();
  await redis.start();
  const owner = `${Date.now() + 60_000} ${production.name} (${production.fingerprint})`;
  await redis.client.hset(keys.owner, 'owner', owner);
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await eventually('it is refused', () => refusal(one) !== '');
  await isAStranger(t, one, redis);
});

t.test('the same in a Cluster', async (t) => {
  const servers = await redisCluster(t);
  const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const server = { kind: 'cluster', nodes } as const;
  await isUp(await openInstance(t, { server, owner: production }));
  const other = await openInstance(t, { server, owner: staging });
  await eventually('it says so', () => refusal(other) !== '');
  t.equal(other.store.status().redis, 'down');
});
