/** store/redis/notes.ts on a real Redis: no note overwrites another author's, and nothing waits or grows without bound. */
import t from 'tap';
import { seconds } from '../../../src/kit/time.ts';
import { openConnection } from '../../../src/store/redis/connection.ts';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { createSharedNotes } from '../../../src/store/redis/notes.ts';
import { eventually } from '../../helpers/eventually.ts';
import { redisCluster } from '../../helpers/redis-groups.ts';
import { redisServer, type RedisServer } from '../../helpers/redis-server.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';

type Tap = Parameters<typeof redisServer>[0];
const keys = redisKeys('test');
const deadlineMs = 500;

async function connected(t: Tap, { url }: RedisServer) {
  const client = openConnection({ kind: 'url', url }, { commandTimeoutMs: 1000, onError: () => undefined });
  t.teardown(() => {
    client.disconnect();
  });
  await eventually('connected', () => client.status === 'ready');
  return client;
}

t.test('each author has one note on a subject, which outlives its author', async (t) => {
  const redis = await redisServer(t);
  const client = await connected(t, redis);
  const [one, other] = [1, 2].map(() => createSharedNotes({ client, keys, deadlineMs }));
  if (one === undefined || other === undefined) throw new Error('two were made');
  t.not(one.author, other.author);
  t.equal(await one.write('hour', 'first', seconds(60)), false);
  t.equal(await one.write('hour', 'second', seconds(60)), true, 'there was one before');
  await other.write('hour', 'theirs', seconds(60));
  const reader = createSharedNotes({ client, keys, deadlineMs });
  t.strictSame(
    new Map(await reader.read('hour')),
    new Map([
      [one.author, 'second'],
      [other.author, 'theirs'],
    ]),
  );
  t.equal((await reader.read('another')).size, 0);
  const left = await redis.client.pttl(keys.notes('hour'));
  t.ok(left > 50_000 && left <= 60_000, 'it ends by itself');
});

t.test('notes are bounded in size, and subjects in authors', async (t) => {
  const redis = await redisServer(t);
  const client = await connected(t, redis);
  const notes = createSharedNotes({ client, keys, deadlineMs });
  await t.rejects(notes.write('a', 'x'.repeat(300_000), seconds(60)), /too long/);
  await notes.write('a', 'mine', seconds(60));
  for (let author = 0; author < 999; author += 1)
    await redis.client.hset(keys.notes('a'), `author ${author}`, 'x');
  await t.rejects(createSharedNotes({ client, keys, deadlineMs }).write('a', 'x', seconds(60)), /too many/);
  t.equal(await notes.write('a', 'still mine', seconds(60)), true, 'who has a note goes on writing it');
});

t.test('without Redis, and with one that hangs, calls reject within the deadline', async (t) => {
  const redis = await redisServer(t);
  const client = await connected(t, redis);
  const notes = createSharedNotes({ client, keys, deadlineMs });
  redis.freeze();
  const tookMs = stopwatch();
  await t.rejects(notes.read('a'));
  t.ok(tookMs() < 5 * deadlineMs);
  redis.thaw();
  await redis.kill();
  await t.rejects(notes.write('a', 'x', seconds(60)));
  await t.rejects(notes.read('a'));
});

t.test('on a Cluster subjects are spread over the nodes', async (t) => {
  const nodes = await redisCluster(t);
  const server = { kind: 'cluster', nodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })) } as const;
  const client = openConnection(server, { commandTimeoutMs: 2000, onError: () => undefined });
  t.teardown(() => {
    client.disconnect();
  });
  await eventually('connected', () => client.status === 'ready');
  const notes = [1, 2].map(() => createSharedNotes({ client, keys, deadlineMs: 5000 }));
  for (let subject = 0; subject < 30; subject += 1)
    for (const author of notes) await author.write(`${subject}`, 'x', seconds(60));
  for (let subject = 0; subject < 30; subject += 1) t.equal((await notes[0]?.read(`${subject}`))?.size, 2);
  for (const node of nodes) t.ok((await node.client.dbsize()) > 0);
});
