/** store/log-script.ts on a real Redis: what one round trip appends. */
import t from 'tap';
import { encodePurge } from '../../../src/store/log/log-record.ts';
import {
  type NewRecord,
  readSyncReply,
  syncArguments,
  type SyncReply,
  syncScript,
} from '../../../src/store/log/log-script.ts';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { redisServer, type RedisServer } from '../../helpers/redis-server.ts';
import { tagsOf } from '../entry.ts';
import { purgeOf } from '../instance.ts';

const keys = redisKeys('test');

const recordOf = (own: number): NewRecord => ({
  own,
  nonce: `nonce ${own}`,
  payload: encodePurge(purgeOf(tagsOf(`t${own}`)), { wantsAck: false }),
});

/** Gives so many of an instance's own purges, as one does that has never had an answer. */
async function give({ client }: RedisServer, instance: string, owns: readonly number[]): Promise<SyncReply> {
  const place = { seq: 0, nonce: '', generation: '' };
  const kept = { leaseMs: 1, keepMs: 60_000, keepCount: 1000 };
  const records = owns.map(recordOf);
  const owner = 'http://127.0.0.1:5000 (f00d)';
  const given = syncArguments({
    instance,
    owner,
    place,
    freshNonce: `fresh ${Math.random()}`,
    ...kept,
    records,
  });
  const reply = readSyncReply(
    await client.eval(syncScript, 3, keys.log, keys.instances, keys.owner, ...given),
  );
  if (reply.kind === 'refused') throw new Error(`refused by ${reply.by}`);
  return reply;
}

const noncesOf = ({ records }: SyncReply): string[] => records.slice(1).map(({ nonce }) => nonce);

t.test('records sent again are already in the log, new ones are appended', async (t) => {
  const redis = await redisServer(t);
  await give(redis, 'one', [1, 2]);
  t.strictSame(noncesOf(await give(redis, 'one', [1, 2])), ['nonce 1', 'nonce 2']);
  await give(redis, 'other', []);
  t.strictSame(
    noncesOf(await give(redis, 'one', [1, 2, 3])),
    ['nonce 1', 'nonce 2', 'nonce 3'],
    'also when its lease has run out meanwhile',
  );
  const { newest } = await give(redis, 'other', [1]);
  t.equal(newest, 5, 'each instance counts its own');
});

t.test('records that the log has lost are appended again', async (t) => {
  const redis = await redisServer(t);
  await give(redis, 'one', [1]);
  const older = await redis.client.dumpBuffer(keys.log);
  await give(redis, 'one', [1, 2]);
  await redis.client.restore(keys.log, 0, older, 'REPLACE');
  t.match(noncesOf(await give(redis, 'one', [1, 2])), [/1/, /1/, /2/], 'rather twice than not at all');
  await redis.client.del(keys.log);
  t.strictSame(noncesOf(await give(redis, 'one', [1, 2])), ['nonce 1', 'nonce 2']);
});
