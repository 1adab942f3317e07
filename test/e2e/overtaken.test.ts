/** An answer that was requested earlier and arrives later does not replace a newer one. */
import t from 'tap';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: GET /p, type: page }
`;

t.test('a slow answer overtaken by a newer one is not stored', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const [arrived, release] = [barrier(), barrier()];
  site.answerWith((_request, response) => {
    arrived.arrive();
    void release.reached.then(() => response.end('older'));
  });
  const slow = fetch(`${site.url}/p`, { headers: { 'cache-control': 'no-cache' } });
  await arrived.reached;
  const since = Date.now();
  await eventually('a millisecond has passed', () => Date.now() > since);
  site.answerWith((_request, response) => response.end('newer'));
  const reload = await fetch(`${site.url}/p`, { headers: { 'cache-control': 'no-cache' } });
  t.equal(await reload.text(), 'newer');
  release.arrive();
  t.equal(await (await slow).text(), 'older', 'who asked for it gets it');
  const next = await fetch(`${site.url}/p`);
  t.equal(await next.text(), 'newer');
  t.match(cacheStatus(next), /^hit/);
});

t.test('a 304 overtaken by a newer answer removes nothing', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const reload = { headers: { 'cache-control': 'no-cache' } };
  site.answerWith((_request, response) => response.setHeader('etag', '"a"').end('older'));
  await (await fetch(`${site.url}/p`)).text();
  const [arrived, release] = [barrier(), barrier()];
  site.answerWith((_request, response) => {
    arrived.arrive();
    void release.reached.then(() => response.writeHead(304, { etag: '"a"' }).end());
  });
  const slow = fetch(`${site.url}/p`, reload);
  await arrived.reached;
  const since = Date.now();
  await eventually('a millisecond has passed', () => Date.now() > since);
  site.answerWith((_request, response) => response.setHeader('etag', '"b"').end('newer'));
  t.equal(await (await fetch(`${site.url}/p`, reload)).text(), 'newer');
  release.arrive();
  t.equal(await (await slow).text(), 'older', 'who asked for it gets it');
  const next = await fetch(`${site.url}/p`);
  t.equal(await next.text(), 'newer');
  t.match(cacheStatus(next), /^hit/);
});

t.test('§4.3.5: a HEAD overtaken by a newer answer restores nothing', async (t) => {
  const site = await startSite('unmatched: standard');
  t.teardown(() => site.close());
  const reload = { headers: { 'cache-control': 'no-cache' } };
  const fresh = (etag: string) => ({ etag, 'cache-control': 'max-age=60', 'content-length': '5' });
  site.answerWith((_request, response) => response.writeHead(200, fresh('"a"')).end('older'));
  await (await fetch(`${site.url}/p`)).text();
  const [arrived, release] = [barrier(), barrier()];
  site.answerWith((_request, response) => {
    arrived.arrive();
    void release.reached.then(() => response.writeHead(200, fresh('"a"')).end());
  });
  const slow = fetch(`${site.url}/p`, { method: 'HEAD', ...reload });
  await arrived.reached;
  const since = Date.now();
  await eventually('a millisecond has passed', () => Date.now() > since);
  site.answerWith((_request, response) => response.writeHead(200, fresh('"b"')).end('newer'));
  t.equal(await (await fetch(`${site.url}/p`, reload)).text(), 'newer');
  release.arrive();
  await slow;
  const next = await fetch(`${site.url}/p`);
  t.equal(await next.text(), 'newer');
  t.match(cacheStatus(next), /^hit/);
});
