/** Issue 13.5: a database that Redis refuses is not replaced by database 0, on any kind of connection. */
import t, { type Test } from 'tap';
import { followKeyEvents } from '../../../src/store/redis/key-events.ts';
import { eventually } from '../../helpers/eventually.ts';
import { watchedRedis } from '../../helpers/redis-groups.ts';
import { redisServer, type RedisServer } from '../../helpers/redis-server.ts';
import { type Instance, isUp, openInstance } from '../instance.ts';

const inDatabase = ({ url }: RedisServer, database: string): string => url.replace(/0$/, database);

/** Memory answers, nothing is in database 0, and the log says what was refused. */
async function isOnItsOwn(t: Test, instance: Instance, { client }: RedisServer): Promise<void> {
  instance.fill('page');
  await instance.purge('other');
  await instance.store.settled();
  t.equal(await instance.ask('page'), '<p>page</p>', 'memory answers');
  t.equal(instance.store.status().redis, 'down');
  t.equal(await client.dbsize(), 0, 'nothing was written to database 0');
}

const told = ({ events }: Instance): string =>
  events.flatMap((event) => (event.what === 'connection' ? [event.message] : [])).join('\n');

t.test('a number beyond the server’s databases: memory alone, and the reason in the log', async (t) => {
  const redis = await redisServer(t);
  const instance = await openInstance(t, { url: inDatabase(redis, '99') });
  await isOnItsOwn(t, instance, redis);
  t.match(told(instance), 'database 99 cannot be selected: ERR DB index is out of range');
});

t.test('a user without +select: the same', async (t) => {
  const redis = await redisServer(t);
  await redis.client.call('ACL', 'SETUSER', 'me', 'on', '>secret', '~*', '&*', '+@all', '-select');
  const url = inDatabase(redis, '1').replace('//', '//me:secret@');
  const instance = await openInstance(t, { url });
  await isOnItsOwn(t, instance, redis);
  t.match(told(instance), /database 1 cannot be selected: NOPERM/);
});

t.test('each new connection is checked, and used once it may select again', async (t) => {
  const redis = await redisServer(t, '--databases', '100');
  const instance = await openInstance(t, { url: inDatabase(redis, '99') });
  await isUp(instance);
  instance.fill('before');
  await instance.store.settled();
  await redis.kill();
  await redis.start('--databases', '16');
  await eventually('the refusal is told', () => told(instance).includes('database 99 cannot be selected'));
  await isOnItsOwn(t, instance, redis);
  await redis.kill();
  await redis.start();
  await isUp(instance);
  t.equal(await redis.client.dbsize(), 0);
});

t.test('a refusal that comes after the handshake timed out is still a refusal', async (t) => {
  const redis = await redisServer(t);
  await redis.client.call('CLIENT', 'PAUSE', 1500, 'ALL');
  const instance = await openInstance(t, { url: inDatabase(redis, '99'), deadlineMs: 100 });
  await eventually('the refusal is told', () => told(instance).includes('database 99 cannot be selected'));
  await isOnItsOwn(t, instance, redis);
});

t.test('Sentinels: the database is selected on the master, or nothing is used', async (t) => {
  const { master, sentinel } = await watchedRedis(t);
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const at = (database: number) => ({ kind: 'sentinels', sentinels, name: 'main', database }) as const;
  const refused = await openInstance(t, { server: at(99) });
  await isOnItsOwn(t, refused, master);
  t.match(told(refused), /database 99 cannot be selected/);
  const good = await openInstance(t, { server: at(3) });
  await isUp(good);
  good.fill('page');
  await good.store.settled();
  t.equal(await master.client.dbsize(), 0);
  t.match(await master.client.info('keyspace'), /^db3:/m);
});

t.test('a server of a Cluster, given as a URL with a number: memory alone', async (t) => {
  const bus = ['--cluster-enabled', 'yes'];
  const redis = await redisServer(t, ...bus);
  const instance = await openInstance(t, { url: inDatabase(redis, '1') });
  t.equal(instance.store.status().redis, 'down');
  t.match(told(instance), /database 1 cannot be selected/);
});

t.test('an app’s Redis whose database cannot be selected is not followed', async (t) => {
  const redis = await redisServer(t, '--notify-keyspace-events', 'Eg');
  const [troubles, gaps]: [string[], string[]] = [[], []];
  const events = followKeyEvents({
    url: inDatabase(redis, '99'),
    events: ['del'],
    configure: true,
    onKey: () => undefined,
    onGap: () => gaps.push('gap'),
    onTrouble: (message) => troubles.push(message),
  });
  t.teardown(() => events.close());
  await eventually('it is tried several times', () => troubles.length > 2);
  t.match(troubles[0], 'database 99 cannot be selected: ERR DB index is out of range');
  t.strictSame(gaps, []);
});
