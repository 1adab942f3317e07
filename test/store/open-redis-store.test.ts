/** With Redis: what two instances have in common, and what holds where it is away. */
import t, { type Test } from 'tap';
import { seconds, systemClock } from '../../src/kit/time.ts';
import { openStore } from '../../src/store/open-store.ts';
import { eventually } from '../helpers/eventually.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { configOf } from '../policy/config-of.ts';
import { filledBut } from './instance.ts';

async function open(t: Test, url: string) {
  const opened = await openStore({
    config: configOf(`store: { redis: { url: "${url}", deadline: 5s } }`).store,
    owner: { name: 'http://127.0.0.1:5000', fingerprint: 'f00d' },
    janitor: undefined,
    clock: systemClock,
    onEvict: () => undefined,
    onEvent: () => undefined,
    onTidied: () => undefined,
  });
  t.teardown(() => opened.close());
  return opened;
}

t.test('entries, leases and notes are common to all instances', async (t) => {
  const { url } = await redisServer(t);
  const [one, other] = [await open(t, url), await open(t, url)];
  for (const { redis } of [one, other]) await eventually('Redis is up', () => redis().redis === 'up');
  const entry = filledBut({ asOf: one.purgeLog.position() }, 'page');
  one.store.put(entry);
  await eventually('the other finds it', async () => (await other.store.get(entry.key)).length === 1);
  t.equal(await one.lease?.acquire('job', seconds(60)), true);
  t.equal(await other.lease?.acquire('job', seconds(60)), false);
  await one.notes?.write('subject', 'text', seconds(60));
  t.strictSame([...((await other.notes?.read('subject')) ?? new Map()).values()], ['text']);
  t.match(one.redis(), { redis: 'up', breaker: 'closed', queue: 0 });
});

t.test('where Redis is away everybody runs a job, and no note is written', async (t) => {
  const one = await open(t, 'redis://127.0.0.1:9');
  t.equal(one.redis().redis, 'down');
  t.equal(await one.lease?.acquire('job', seconds(60)), true);
  await t.rejects(async () => one.notes?.write('subject', 'text', seconds(60)), /Redis is away/);
  await t.rejects(async () => one.notes?.read('subject'), /Redis is away/);
});
