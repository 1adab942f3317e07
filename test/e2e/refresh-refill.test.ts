import t from 'tap';
import { barrier, cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';

const rules = (refill: boolean): string => `
ttl: { jitter: 0 }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override, tags: [pages] }
routes:
  - { match: GET /p/:id, type: page }
writes:
  - { match: PUT /api, invalidate: [pages] }
purge: { refill: ${refill} }
warm: { concurrency: 3 }
`;

const write = (site: Site): Promise<Response> => fetch(`${site.url}/api`, { method: 'PUT', body: 'x' });
const reads = (site: Site): number => site.seen.filter((line) => line.startsWith('GET')).length;

async function askAll(site: Site, count: number, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    for (let from = 0; from < count; from += 50) {
      const batch = Array.from({ length: Math.min(50, count - from) }, (_, index) => from + index);
      await Promise.all(batch.map(async (id) => (await fetch(`${site.url}/p/${id}`)).text()));
    }
  }
}

t.test('popular entries removed by a write are fetched again, within the limit', async (t) => {
  const site = await startSite(rules(true));
  t.teardown(() => site.close());
  const hot = 300;
  let atOnce = 0;
  let most = 0;
  await askAll(site, hot, 2);
  await fetch(`${site.url}/p/once`);
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    atOnce += 1;
    most = Math.max(most, atOnce);
    setImmediate(() => {
      atOnce -= 1;
      response.end('new');
    });
  });
  await write(site);
  // Refills wait while the machine is busy with requests: how long it takes is not what is tested.
  await eventually('refilled', () => reads(site) >= hot + 1 + hot, 60_000);
  await eventually('over', () => site.proxy.refresh.governor.stats().running === 0);
  t.ok(most <= 3, `${most} at once`);
  t.equal(reads(site), hot + 1 + hot, 'each once, and not what was asked for once only');
  const again = await fetch(`${site.url}/p/7`);
  t.equal(await again.text(), 'new');
  t.match(cacheStatus(again), /^hit/);
});

t.test('a refill in flight cannot undo the next purge, after which the page is refilled again', async (t) => {
  const site = await startSite(rules(true));
  t.teardown(() => site.close());
  await askAll(site, 1, 3);
  const arrived = barrier();
  const release = barrier();
  let version = 0;
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    version += 1;
    if (version > 1) return void response.end('newest');
    arrived.arrive();
    void release.reached.then(() => response.end('old'));
  });
  await write(site);
  await arrived.reached;
  await write(site);
  const held = await fetch(`${site.url}/p/0`);
  t.equal(await held.text(), 'newest', 'a client does not join the older fetch');
  release.arrive();
  await eventually('over', () => site.proxy.refresh.governor.stats().running === 0);
  t.equal(await (await fetch(`${site.url}/p/0`)).text(), 'newest');
});

t.test('nothing is refilled unless configured, nor if it is not popular', async (t) => {
  const site = await startSite(rules(false));
  t.teardown(() => site.close());
  await askAll(site, 3, 3);
  await write(site);
  await new Promise((resolve) => setTimeout(resolve, 120));
  t.equal(reads(site), 3);
});
