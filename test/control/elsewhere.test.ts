/**
 * What operators see of entries that another instance stored, or this one before a restart, and what they see when Redis
 * cannot be asked.
 */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { startProxy, startSite } from '../helpers/scripted-site.ts';

const token = 'a-control-token-of-many-characters';
const rules = (url: string) => `
control: { token: ${token} }
store: { redis: { url: "${url}", deadline: 5s } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override, tags: ["page:{id}"] }
routes:
  - { match: "GET /p/:id", type: page }
`;

type Body = Readonly<Record<string, unknown>>;

async function twoInstances(t: Parameters<typeof redisServer>[0]) {
  const redis = await redisServer(t);
  const site = await startSite(rules(redis.url), {
    answer: (request, response) => response.end(`answer to ${request.url ?? ''}`),
  });
  t.teardown(() => site.close());
  const address = site.origin.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const other = await startProxy(`upstream: http://127.0.0.1:${port}\n${rules(redis.url)}`);
  t.teardown(() => closeProxy(other));
  const control = async (path: string, body?: object): Promise<Body> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = body === undefined ? { headers } : { method: 'POST', body: JSON.stringify(body), headers };
    return (await (await fetch(`${String(other.controlUrl)}${path}`, sent)).json()) as Body;
  };
  const get = async (url: string): Promise<string> => {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.headers.get('cache-status') ?? '';
  };
  return { redis, site, other, control, get };
}

t.test('entries that only Redis has are shown, counted by a purge, and purged', async (t) => {
  const { redis, site, control, get } = await twoInstances(t);
  for (const path of ['/p/1', '/p/2', '/p/2?b']) await get(site.url + path);
  await eventually('they are shared', async () => (await redis.client.keys('shelflife:e*')).length === 3);
  const shown = await control('/entries?url=/p/1');
  t.match(shown, {
    total: 1,
    complete: true,
    entries: [{ target: '/p/1', tier: 'redis', hits: 0, size: 'answer to /p/1'.length, state: 'fresh' }],
  });
  t.match(await control('/purge', { tags: ['page:2'], dry_run: true }), { matched: 2, dry_run: true });
  t.match(await control('/purge', { urls: ['/p/1'] }), {
    matched: 1,
    instances: { known: 2, acknowledged: 2 },
  });
  const again = await control('/purge', { urls: ['/p/1'] });
  t.match(again, { matched: 0, warning: 'nothing matched' });
  t.match(await control('/entries?url=/p/1'), { entries: [{ state: 'purged' }] });
  t.match(await get(`${site.url}/p/1`), 'fwd=uri-miss', 'the instance that had it does not give it');
});

t.test('each entry in memory shows how many requests it has answered', async (t) => {
  const { other, control, get } = await twoInstances(t);
  for (let at = 0; at < 4; at += 1) await get(`${other.url}/p/1`);
  t.match(await control('/entries?url=/p/1'), { total: 1, entries: [{ tier: 'memory', hits: 3 }] });
});

t.test('a miss because Redis is away is reported; a purge says what it could not search', async (t) => {
  const { redis, site, other, control, get } = await twoInstances(t);
  await get(`${other.url}/p/1`);
  await redis.kill();
  const isAway = async () => (await control('/readyz'))['redis'] === 'down';
  await eventually('Redis is known to be away', isAway);
  t.match(await get(`${other.url}/p/2`), 'fwd=uri-miss');
  t.match(await get(`${other.url}/p/1`), /; hit/);
  t.match(await control('/api/cache/misses'), { causes: { cold: 1, 'store-down': 1 } });
  t.match(await control('/purge', { urls: ['/p/3'] }), { matched: 0, warning: /could be checked/ });
  t.match(await control('/entries?url=/p/3'), { total: 0, complete: false });
  await redis.start();
  await eventually('Redis is back', async () => !(await isAway()));
  t.match(await get(`${site.url}/p/4`), 'fwd=uri-miss');
  t.match(await get(`${other.url}/p/5`), 'fwd=uri-miss');
  t.match(await control('/api/cache/misses'), { causes: { cold: 2, 'store-down': 1 } });
});
