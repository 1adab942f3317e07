/** An instance that starts with a changed file purges by its own rules. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { startOrigin } from '../helpers/instances.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { startProxy } from '../helpers/scripted-site.ts';

t.test('after a route gets a tag, a write removes what was stored before', async (t) => {
  const redis = await redisServer(t);
  const origin = await startOrigin(t);
  let count = 0;
  origin.answerWith((_request, response) => {
    count += 1;
    response.end(String(count));
  });
  const rules = (more: string): string => `
upstream: { url: "${origin.url}", host: upstream }
store: { redis: { url: "${redis.url}", deadline: 5s } }
content_types: { page: { ttl: 600s, scope: public, cache_control: override } }
routes:
  - { match: GET /p/:id, type: page, tags: [docs] }
  - { match: GET /q/:id, type: page${more} }
  - { match: GET /r/:id, type: page }
writes: [{ match: POST /docs, invalidate: [docs] }]
`;
  const ask = async (url: string): Promise<string> => (await fetch(`${url}/q/1`)).text();
  const first = await startProxy(rules(''));
  t.equal(await ask(first.url), '1');
  await eventually('stored', async () => (await redis.client.keys('shelflife:e*')).length > 0);
  await closeProxy(first);

  const second = await startProxy(rules(', tags: [docs]'));
  t.teardown(() => closeProxy(second));
  await ask(second.url);
  await fetch(`${second.url}/docs`, { method: 'POST' });
  t.equal(await ask(second.url), String(count), 'the newest there is');
});
