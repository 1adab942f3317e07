import t from 'tap';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';
import { TestClock } from '../helpers/test-clock.ts';

const rules = (more: string): string => `
ttl: { jitter: 0 }
content_types:
  page: { ttl: 60s, scope: public, cache_control: override, statuses: { 200: 60s, 429: 60s, 501: 60s }, ${more} }
routes:
  - { match: GET /p/:id, type: page, tags: ["page:{id}"] }
writes:
  - { match: PUT /api/p/:id, invalidate: ["page:{id}"] }
`;

const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

t.test('a stale copy at once, one fetch in the background, then the new copy', async (t) => {
  const clock = new TestClock();
  const site = await startSite(rules('stale_while_revalidate: 60s'), { clock });
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.end(`v${site.seen.length}`));
  await fetch(`${site.url}/p/1`);
  clock.advance(61);
  const release = barrier();
  site.answerWith((_request, response) => void release.reached.then(() => response.end('new')));
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${site.url}/p/1`)));
  for (const answer of answers) t.equal(await answer.text(), 'v1');
  t.equal(site.seen.length, 2, 'one fetch for all');
  release.arrive();
  await eventually('renewed', async () => (await (await fetch(`${site.url}/p/1`)).text()) === 'new');
  t.equal(site.seen.length, 2);
});

for (const status of [500, 501, 503, 505, 429]) {
  t.test(`a background ${status} keeps the good copy, even if the rule would store it`, async (t) => {
    const clock = new TestClock();
    const site = await startSite(rules('stale_while_revalidate: 600s'), { clock });
    t.teardown(() => site.close());
    site.answerWith((_request, response) => response.end('good'));
    await fetch(`${site.url}/p/1`);
    clock.advance(61);
    site.answerWith((_request, response) => {
      response.statusCode = status;
      response.setHeader('cache-control', 'max-age=600');
      response.end('bad');
    });
    t.equal(await (await fetch(`${site.url}/p/1`)).text(), 'good');
    await eventually('asked', () => site.seen.length === 2);
    await turns();
    const again = await fetch(`${site.url}/p/1`);
    t.equal(again.status, 200);
    t.equal(await again.text(), 'good');
    t.match(cacheStatus(again), /^hit; ttl=-/);
  });
}

t.test('a background fetch that breaks off keeps the good copy', async (t) => {
  const clock = new TestClock();
  const text = rules('stale_while_revalidate: 600s');
  const site = await startSite(text, { clock });
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.end('good'));
  await fetch(`${site.url}/p/1`);
  clock.advance(61);
  site.answerWith((request) => request.socket.destroy());
  t.equal(await (await fetch(`${site.url}/p/1`)).text(), 'good');
  await eventually('asked', () => site.seen.length >= 2);
  await turns();
  t.equal(await (await fetch(`${site.url}/p/1`)).text(), 'good');
});

t.test('a background fetch in flight cannot undo a purge', async (t) => {
  const clock = new TestClock();
  const site = await startSite(rules('stale_while_revalidate: 600s'), { clock });
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.end('old'));
  await fetch(`${site.url}/p/1`);
  clock.advance(61);
  const arrived = barrier();
  const release = barrier();
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    arrived.arrive();
    void release.reached.then(() => response.end('old'));
  });
  t.equal(await (await fetch(`${site.url}/p/1`)).text(), 'old');
  await arrived.reached;
  await fetch(`${site.url}/api/p/1`, { method: 'PUT', body: 'x' });
  release.arrive();
  await eventually('over', () => site.proxy.refresh.governor.stats().running === 0);
  site.answerWith((_request, response) => response.end('new'));
  const next = await fetch(`${site.url}/p/1`);
  t.equal(await next.text(), 'new');
  t.match(cacheStatus(next), /^fwd=/);
});

t.test('stale_after also limits waiting for another’s fetch, while the fetch goes on', async (t) => {
  const clock = new TestClock();
  const site = await startSite(rules('stale_if_error: 600s, stale_after: 50ms'), { clock });
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.end('old'));
  await fetch(`${site.url}/p/1`);
  clock.advance(61);
  const release = barrier();
  site.answerWith((_request, response) => void release.reached.then(() => response.end('new')));
  const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(`${site.url}/p/1`)));
  for (const answer of answers) {
    t.equal(await answer.text(), 'old');
    t.match(cacheStatus(answer), /detail=stale-after/);
  }
  t.equal(site.seen.length, 2);
  release.arrive();
  await eventually('stored', async () => {
    const next = await fetch(`${site.url}/p/1`);
    return (await next.text()) === 'new';
  });
  t.equal(site.seen.length, 2, 'the fetch went on, and was stored');
});

t.test('a removed rule starts no more fetches', async (t) => {
  const clock = new TestClock();
  const site = await startSite(`${rules('stale_while_revalidate: 600s')}\nwarm: { concurrency: 1 }`, {
    clock,
  });
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.end('stored'));
  for (const id of [1, 2]) await fetch(`${site.url}/p/${id}`);
  clock.advance(61);
  const release = barrier();
  site.answerWith((_request, response) => void release.reached.then(() => response.end('late')));
  for (const id of [1, 2]) await fetch(`${site.url}/p/${id}`);
  t.match(site.proxy.refresh.governor.stats(), { running: 1, waiting: 1 });
  const { config } = site.proxy.services.site();
  const passed = config.routes.map((route) => ({ ...route, type: 'pass' }));
  await site.proxy.replaceConfig({ ...config, routes: passed });
  release.arrive();
  clock.advance(1);
  await eventually('over', () => site.proxy.refresh.governor.stats().waiting === 0);
  t.strictSame(site.seen.slice(2), ['GET /p/1']);
});
