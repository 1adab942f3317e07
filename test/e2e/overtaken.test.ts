/** An answer that was asked for earlier and comes later does not take the place of a newer one. */
import t from 'tap';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: GET /p, type: page }
`;

t.test('a slow answer that another has overtaken is not stored', async (t) => {
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
