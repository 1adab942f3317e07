/** docs/operating.md: an instance works with the rights that the manual lists, touches nothing else, and needs all of them. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { beginToMoveSlot, canFailOver, redisCluster, slotOf, watchedRedis } from '../helpers/redis-groups.ts';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';
import type { RedisServer as Place } from '../../src/config/config.ts';
import { epochMs, seconds, systemClock } from '../../src/kit/time.ts';
import { FillLeases } from '../../src/store/redis/leases.ts';
import { Janitor } from '../../src/store/redis/janitor.ts';
import { createJobLease } from '../../src/store/redis/job-lease.ts';
import { nodesOf } from '../../src/store/redis/nodes.ts';
import { createSharedNotes } from '../../src/store/redis/notes.ts';
import { maxVariants } from '../../src/store/store.ts';
import { keyOf, tagsOf } from './entry.ts';
import { type Instance, isUp, openInstance } from './instance.ts';

const manual = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const [dataLine = [], sentinelLine = []] = [...manual.matchAll(/^ACL SETUSER .*$/gm)].map(([line]) =>
  line.replace('~shelflife:*', '~test:*').split(' ').slice(2),
);
const inCluster = /In a Cluster also `([^`]+)`/.exec(manual)?.[1]?.split(' ') ?? [];
const login = { username: 'shelflife', password: 'secret' };

const allow = (server: RedisServer, rules: readonly string[]) =>
  server.client.call('ACL', 'SETUSER', ...rules);
const commandsIn = (rules: readonly string[]) =>
  rules.flatMap((rule) => (rule.startsWith('+') ? [rule.slice(1)] : []));

/** Uses everything there is, by two instances. */
async function useAll(t: Test, server: Place): Promise<readonly Instance[]> {
  const open = (coherence: 'strict' | 'bounded') => openInstance(t, { server, coherence });
  const [one, other] = [await open('strict'), await open('bounded')];
  await Promise.all([isUp(one), isUp(other)]);
  for (let at = 0; at < maxVariants + 4; at += 1) one.fill('page', { tags: tagsOf('a'), variant: `v${at}` });
  await one.store.settled();
  t.not(await other.ask('page'), 'miss');
  one.store.remove(one.fill('removed'));
  await one.store.settled();
  await teach(t, one, other);
  await agree(t, one, other);
  await one.purge('a');
  await eventually('heard', async () => (await other.ask('page')) === 'miss');
  const { keys, purgeLog: log } = one;
  const janitor = new Janitor({ nodes: () => nodesOf(one.upkeep, 1000), keys, log, maxBytes: 1 });
  const report = await janitor.run(100, epochMs(Date.now()));
  t.equal(report.failures, 0);
  t.ok(report.dropped.purged > 0);
  t.ok((await one.store.census({ isWanted: () => true, mostMs: 1000 })).isWhole);
  return [one, other];
}

/** What one has learned or noted the other knows. */
async function teach(t: Test, one: Instance, other: Instance): Promise<void> {
  one.learned.trust('cookie', seconds(60));
  await one.learned.settled();
  await other.learned.elsewhere.ask('cookie');
  t.ok(other.learned.isTrusted('cookie'));
  const notes = [one, other].map(({ upkeep: client, keys }) =>
    createSharedNotes({ client, keys, deadlineMs: 5000 }),
  );
  for (const author of notes) await author.write('subject', 'text', seconds(60));
  t.equal((await notes[0]?.read('subject'))?.size, 2);
}

/** Of both only one does it. */
async function agree(t: Test, one: Instance, other: Instance): Promise<void> {
  const works = [one, other].map(({ upkeep: client, keys }, at) => {
    const shared = { client, keys, deadlineMs: 5000 };
    const fills = new FillLeases({ ...shared, instance: `i${at}`, clock: systemClock, leaseMs: 3000 });
    return { jobs: createJobLease(shared), fills };
  });
  t.strictSame(await Promise.all(works.map(({ jobs }) => jobs.acquire('a', seconds(9)))), [true, false]);
  const [leader, waiter] = works;
  t.equal(await leader?.fills.turn(keyOf('fill')), 'taken');
  const waits = waiter?.fills.turn(keyOf('fill'));
  // Its own question comes first on its connection: it has met the lease when this is answered.
  t.ok(await other.upkeep.get(other.keys.fill(keyOf('fill'))));
  leader?.fills.release(keyOf('fill'));
  t.equal(await waits, 'look-again');
}

/** Closes them; nothing was refused to anybody, and whoever came as our user came as no other. */
async function nothingRefused(
  t: Test,
  instances: readonly Instance[],
  servers: readonly RedisServer[],
): Promise<void> {
  await Promise.all(instances.map((each) => each.close()));
  for (const { client } of servers) {
    const refused = ((await client.call('ACL', 'LOG')) as unknown[][]).map((entry) => entry[7]);
    // A Sentinel is told the client's name and version, where it has the command; the manual says so.
    t.strictSame(
      refused.filter((command) => command !== 'client|setinfo'),
      [],
      'nothing was refused',
    );
  }
  for (const { events } of instances) {
    const troubles = events.filter(({ what }) => what !== 'generation');
    t.strictSame(troubles, []);
  }
}

/** The commands that were called on any of the servers, subcommands as `a|b`. */
async function calledOn(servers: readonly RedisServer[]): Promise<ReadonlySet<string>> {
  const all = await Promise.all(servers.map(({ client }) => client.info('commandstats')));
  return new Set([...all.join('\n').matchAll(/^cmdstat_([^:]+):/gm)].map(([, name = '']) => name));
}

t.test('everything works with the rights in the manual, and all of them are used', async (t) => {
  const redis = await redisServer(t);
  await allow(redis, dataLine);
  const url = redis.url.replace('redis://', 'redis://shelflife:secret@').replace('/0', '/1');
  const instances = await useAll(t, { kind: 'url', url });
  await nothingRefused(t, instances, [redis]);
  const called = await calledOn([redis]);
  t.strictSame(
    commandsIn(dataLine).filter((command) => !called.has(command)),
    [],
    'each of them is needed',
  );
});

t.test('in a Cluster with the additional rights, including replicas and a slot being moved', async (t) => {
  const servers = await redisCluster(t, { replicas: 1 });
  for (const server of servers) await allow(server, [...dataLine, ...inCluster]);
  const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const instances = await useAll(t, { kind: 'cluster', nodes, login });
  const [one, other] = instances;
  const entry = one?.fill('moved');
  await one?.store.settled();
  const slot = await slotOf(servers, one?.keys.entry(keyOf('moved')) ?? '');
  const moving = await beginToMoveSlot(servers, slot);
  t.strictSame(await other?.entries.get(keyOf('moved')), [entry], 'asked where it is on its way to');
  await moving.finish();
  await nothingRefused(t, instances, servers);
  const called = await calledOn(servers);
  t.strictSame(
    inCluster.filter((rule) => !called.has(rule.slice(1))),
    [],
    'each of those added is needed',
  );
});

t.test('with Sentinels: the same on the servers, and the line for the Sentinels', async (t) => {
  const watched = await watchedRedis(t);
  const { master, replica, sentinel } = watched;
  await canFailOver(watched);
  for (const server of [master, replica]) await allow(server, dataLine);
  await allow(sentinel, sentinelLine);
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const place: Place = { kind: 'sentinels', sentinels, name: 'main', login, sentinelLogin: login };
  await nothingRefused(t, await useAll(t, place), [master, replica, sentinel]);
  for (const command of commandsIn(sentinelLine)) {
    await allow(sentinel, [...sentinelLine, `-${command}`]);
    const { store, events } = await openInstance(t, { server: place });
    t.equal(store.status().redis, 'down', `${command} is needed`);
    const told = events.some((event) => event.what === 'connection' && event.message.includes('NOPERM'));
    t.ok(told, 'and the log says so');
  }
});
