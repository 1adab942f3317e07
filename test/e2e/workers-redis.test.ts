/** Several workers with Redis: they are one instance, beside another one, also while Redis is away. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { startProxy } from '../helpers/scripted-site.ts';
import { history, startVersionedApp, startWorkers } from '../helpers/several-workers.ts';

const redis = await redisServer(t);
const app = await startVersionedApp(t);
const { asked, held } = app;
const shared = `upstream: ${app.url}
store: { lag: 1s, redis: { url: "${redis.url}", deadline: 1s } }
`;
const workers = await startWorkers(t, `${shared}listen: { workers: 2 }\nlog: { level: debug }\n`);
const { connected, connectTo, tell, pidOf, lines, isReady, state } = workers;
await eventually('Redis is used', async () => (await state()).redis === 'up');
const other = await startProxy(shared);
t.teardown(() => closeProxy(other));
await eventually('so does the other instance', () => other.stored.redis().redis === 'up');
const atOther = async (path: string, method = 'GET'): Promise<string> =>
  (await fetch(`${other.url}${path}`, { method, headers: { host: new URL(workers.site).host } })).text();
const countOf = (name: string): number => asked.filter((one) => one === name).length;

t.test('17.1: they are one instance: in receipts, lists and figures', async (t) => {
  const all = await connected(4);
  for (const one of all) await one.ask('/both');
  t.equal(countOf('GET /both'), 1);
  t.match(
    await tell('/entries?url=/both'),
    { total: 2, complete: true },
    'a copy each, that of Redis is no third',
  );
  t.match(await tell('/purge', { urls: ['/both'], dry_run: true }), { matched: 2 });
  t.match(await tell('/purge', { urls: ['/both'] }), {
    matched: 2,
    instances: { known: 2, acknowledged: 2 },
    workers: { known: 2, acknowledged: 2 },
  });
  for (const one of all) await one.ask('/both');
  t.ok(countOf('GET /both') <= 3, 'once more, or by each as long as one has not read the purge in Redis');
  t.match(await tell('/readyz'), { redis: 'up', breaker: 'closed', workers: { known: 2, ready: 2 } });
});

t.test('17.1: a cold key is fetched once by all workers', async (t) => {
  const all = await connected(8);
  app.isHeld = (name) => name === 'GET /cold';
  const answers = all.map((one) => one.ask('/cold'));
  await eventually('the app has it', () => held.length === 1);
  app.release();
  t.strictSame(new Set((await Promise.all(answers)).map(({ body }) => body)), new Set(['0']));
  t.equal(countOf('GET /cold'), 1);
});

t.test('17.1: nothing is stale after a write through another worker, also while Redis is away', async (t) => {
  const all = await connected(8);
  t.strictSame(await history(all, 300), []);
  redis.freeze();
  t.strictSame(await history(all, 300), []);
  redis.thaw();
  await eventually('Redis is used', async () => (await state()).redis === 'up');
  t.strictSame(await history(all, 300), []);
});

t.test('17.1: a worker that dies while Redis is away loses no purge', async (t) => {
  const [writer, reader] = [await connectTo(1), await connectTo(2)];
  for (const path of ['/mine', '/lost']) for (const one of [writer, reader]) await one.ask(path);
  t.equal(await atOther('/mine'), '0', 'Redis has it');
  redis.freeze();
  t.equal((await writer.ask('/mine', 'POST')).status, 200);
  process.kill(pidOf(1), 'SIGKILL');
  await eventually('it is told', () => lines.some(({ msg }) => msg.startsWith('purged everything')));
  t.equal((await reader.ask('/mine')).body, '1');
  await eventually('another has taken its place', () => isReady(2));
  t.equal((await (await connectTo(1)).ask('/mine')).body, '1', 'nor at the new one');
  redis.thaw();
  await eventually('Redis is used', async () => (await state()).redis === 'up');
  t.equal((await (await connectTo(1)).ask('/mine')).body, '1');
  await eventually('the other instance hears of it', async () => (await atOther('/mine')) === '1');
});
