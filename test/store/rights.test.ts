/** docs/operating.md: an instance gets along with the rights its line gives, and touches nothing else. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { epochMs, seconds } from '../../src/kit/time.ts';
import { Janitor } from '../../src/store/janitor.ts';
import { nodesOf } from '../../src/store/redis-nodes.ts';
import { tagsOf } from './entry.ts';
import { isUp, openInstance } from './instance.ts';

t.test('everything works with the rights the manual lists', async (t) => {
  const manual = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const line = /^ACL SETUSER .*$/m.exec(manual)?.[0] ?? '';
  const redis = await redisServer(t);
  await redis.client.call('ACL', 'SETUSER', ...line.replace('~shelflife:*', '~test:*').split(' ').slice(2));
  const url = redis.url.replace('redis://', 'redis://shelflife:secret@').replace('/0', '/1');
  const [one, other] = [await openInstance(t, { url, coherence: 'strict' }), await openInstance(t, { url })];
  await isUp(one);
  for (let at = 0; at < 20; at += 1) one.fill('page', { tags: tagsOf('a'), variant: `v${at}` });
  await one.store.settled();
  t.not(await other.ask('page'), 'miss');
  one.fill('removed');
  await one.store.settled();
  one.store.remove(one.fill('removed'));
  one.learned.trust('cookie', seconds(60));
  await one.learned.settled();
  await other.learned.elsewhere.ask('cookie');
  t.ok(other.learned.isTrusted('cookie'));
  await one.purge('a');
  await eventually('heard', async () => (await other.ask('page')) === 'miss', 500);
  const janitor = new Janitor({
    nodes: () => nodesOf(one.upkeep, 1000),
    keys: one.keys,
    log: one.purgeLog,
    maxBytes: 1,
  });
  const report = await janitor.run(100, epochMs(Date.now()));
  t.equal(report.failures, 0);
  t.ok(report.dropped.purged > 0);
  await Promise.all([one.close(), other.close()]);
  const denied = (await redis.client.call('ACL', 'LOG')) as unknown[];
  t.strictSame(denied, [], 'nothing was refused');
  t.strictSame(
    one.events.filter(({ what }) => what !== 'generation'),
    [],
  );
});
