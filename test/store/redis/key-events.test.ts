/** An app's own Redis, followed: see also database.test.ts. */
import t, { type Test } from 'tap';
import { followKeyEvents } from '../../../src/store/redis/key-events.ts';
import { eventually } from '../../helpers/eventually.ts';
import { redisServer } from '../../helpers/redis-server.ts';

function following(t: Test, url: string, configure: boolean) {
  const [keys, troubles]: [string[], string[]] = [[], []];
  let gaps = 0;
  const events = followKeyEvents({
    url,
    events: ['del'],
    configure,
    onKey: (key) => keys.push(key),
    onGap: () => (gaps += 1),
    onTrouble: (message) => troubles.push(message),
  });
  t.teardown(() => {
    events.close();
  });
  return { keys, troubles, gaps: () => gaps };
}

t.test('the events asked for are told, by key, and a gap each time listening begins', async (t) => {
  const { url, client } = await redisServer(t);
  const { keys, gaps, troubles } = following(t, url, true);
  await eventually('it listens', () => gaps() === 1);
  t.match((await client.config('GET', 'notify-keyspace-events'))[1], /E/);
  await client.mset('a', '1', 'b', '1');
  await client.del('a');
  await eventually('it is told', () => keys.length > 0);
  t.strictSame(keys, ['a'], 'a write is not asked for');
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await eventually('it listens again', () => gaps() === 2);
  await client.del('b');
  await eventually('it is told again', () => keys.length === 2);
  t.strictSame(
    troubles.filter((message) => message.includes('notif')),
    [],
  );
});

t.test('without leave to turn notifications on it says that there are none', async (t) => {
  const { url, client } = await redisServer(t);
  const { troubles } = following(t, url, false);
  await eventually('it says so', () => troubles.length > 0);
  t.match(troubles[0], '--configure');
  t.strictSame((await client.config('GET', 'notify-keyspace-events'))[1], '');
});
