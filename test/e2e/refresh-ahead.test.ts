import t from 'tap';
import { barrier, cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';
import { TestClock } from '../helpers/test-clock.ts';

const rules = `
ttl: { jitter: 0, popular: { requests: 5, per: 1h } }
content_types:
  page: { ttl: 100s, scope: public, cache_control: override, refresh_ahead: true, tags: [pages] }
  lazy: { ttl: 100s, scope: public, cache_control: override }
routes:
  - { match: GET /p/:id, type: page }
  - { match: GET /lazy/:id, type: lazy }
writes:
  - { match: PUT /api, invalidate: [pages] }
`;

const start = async (clock: TestClock): Promise<Site> => {
  const site = await startSite(rules, { clock });
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    response.setHeader('etag', '"same"');
    if (request.headers['if-none-match'] === '"same"') response.statusCode = 304;
    response.end(response.statusCode === 304 ? undefined : 'page');
  });
  return site;
};

/** So close to the end the dice hardly ever fall otherwise. */
const almostAtItsEnd = 99.99;

const ask = async (site: Site, path: string, times = 1): Promise<string[]> => {
  const fates: string[] = [];
  for (let time = 0; time < times; time += 1) {
    const answer = await fetch(`${site.url}${path}`);
    await answer.text();
    fates.push(cacheStatus(answer));
  }
  return fates;
};

const isOver = (site: Site) => (): boolean => site.proxy.refresh.governor.stats().running === 0;

t.test('popular entries are renewed before they expire, conditionally, and no request waits', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  await ask(site, '/p/1', 6);
  clock.advance(80);
  await ask(site, '/p/1', 3);
  t.equal(site.seen.length, 1, 'not before the last tenth');
  clock.advance(almostAtItsEnd - 80);
  t.match((await ask(site, '/p/1', 3))[0], /^hit/);
  await eventually('renewed', () => site.seen.length === 2);
  t.equal(site.requests[1]?.headers['if-none-match'], '"same"');
  await eventually('over', isOver(site));
  clock.advance(50);
  t.strictSame(await ask(site, '/p/1'), ['hit; ttl=50'], 'its life began anew');
  t.equal(site.seen.length, 2);
});

t.test('unpopular entries, and those not to be renewed, expire', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  await ask(site, '/p/1', 2);
  await ask(site, '/lazy/1', 8);
  clock.advance(almostAtItsEnd);
  await ask(site, '/p/1', 2);
  await ask(site, '/lazy/1', 4);
  t.equal(site.seen.length, 2);
});

t.test('a renewal in flight cannot undo a purge', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  await ask(site, '/p/1', 6);
  clock.advance(almostAtItsEnd);
  const arrived = barrier();
  const release = barrier();
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    arrived.arrive();
    response.statusCode = 304;
    response.setHeader('etag', '"same"');
    void release.reached.then(() => response.end());
  });
  await ask(site, '/p/1', 3);
  await arrived.reached;
  await fetch(`${site.url}/api`, { method: 'PUT', body: 'x' });
  release.arrive();
  await eventually('over', isOver(site));
  site.answerWith((_request, response) => response.end('new'));
  const next = await fetch(`${site.url}/p/1`);
  t.equal(await next.text(), 'new');
  t.match(cacheStatus(next), /^fwd=/);
});

t.test('an origin in trouble does not affect fresh entries', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  await ask(site, '/p/1', 6);
  clock.advance(almostAtItsEnd);
  site.answerWith((_request, response) => {
    response.statusCode = 500;
    response.end('no');
  });
  await ask(site, '/p/1', 3);
  await eventually('asked', () => site.seen.length > 1);
  await eventually('over', isOver(site));
  t.match((await ask(site, '/p/1'))[0], /^hit/);
});
