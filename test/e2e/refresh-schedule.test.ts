import t from 'tap';
import { Session } from '../../examples/webapp/session.ts';
import { cookieOf, secret, sessionOf } from '../helpers/flask-site.ts';
import { barrier, cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';
import { TestClock } from '../helpers/test-clock.ts';

const rules = `
ttl: { jitter: 0 }
identity: { credentials: [session] }
content_types:
  stats: { ttl: 600s, scope: public, cache_control: override, tags: [stats] }
  mine: { ttl: 600s, scope: user, cache_control: override, tags: ["mine:{user}"], vary: { cookies: [theme] } }
routes:
  - { match: GET /stats, type: stats }
  - { match: GET /mine, type: mine }
writes:
  - { match: GET /logout, invalidate: ["user:{user}"] }
  - { match: PUT /stats, invalidate: [stats] }
refresh:
  - { urls: [/stats], every: 60s }
  - { type: mine, every: 60s, active_within: 10m }
`;

const start = async (clock: TestClock): Promise<Site> => {
  const site = await startSite(rules, { clock });
  site.answerWith((request, response) =>
    response.end(`${request.url ?? ''} ${request.headers.cookie ?? ''}`),
  );
  site.proxy.refresh.tick();
  return site;
};

/** Lets time pass and the jobs that are due run to their end. */
async function pass(site: Site, clock: TestClock, seconds: number): Promise<void> {
  clock.advance(seconds);
  site.proxy.refresh.tick();
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await site.proxy.refresh.governor.idle();
}

const mine = (site: Site, cookie: string): Promise<Response> =>
  fetch(`${site.url}/mine`, { headers: { cookie } });

t.test('public URLs are renewed at intervals, without any request', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  t.match(cacheStatus(await fetch(`${site.url}/stats`)), /stored/);
  await pass(site, clock, 61);
  await pass(site, clock, 61);
  t.strictSame(site.seen, ['GET /stats', 'GET /stats', 'GET /stats']);
  t.equal(cacheStatus(await fetch(`${site.url}/stats`)), 'hit; ttl=600');
  const { headers } = site.requests[2] ?? {};
  t.equal(headers?.['x-forwarded-for'], '192.0.0.8');
  t.equal(headers?.cookie, undefined);
});

t.test('a URL without requests is fetched for the known names of the site', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  await mine(site, 'session=ann');
  await pass(site, clock, 61);
  t.ok(site.seen.includes('GET /stats'));
});

t.test('entries of recently seen people are renewed with their own last credentials', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  await mine(site, 'session=ann; theme=dark; _ga=1');
  await mine(site, 'session=bob');
  t.equal(site.proxy.refresh.heldCount(), 2);
  await pass(site, clock, 61);
  const renewals = site.requests.slice(2).filter(({ url }) => url === '/mine');
  t.strictSame(renewals.map(({ headers }) => headers.cookie).sort(), [
    'session=ann; theme=dark',
    'session=bob',
  ]);
  t.equal(renewals[0]?.headers['x-forwarded-for'], '127.0.0.1', 'as their own requests say');
  const answer = await mine(site, 'session=ann; theme=dark');
  t.equal(await answer.text(), '/mine session=ann; theme=dark');
  t.equal(cacheStatus(answer), 'hit; ttl=600');
  const { entries } = site.proxy.services.store.size();
  t.equal(entries, 3, 'nothing under a key that nobody asked for');
});

t.test('a session with an ignored claim is renewed on `standard` routes too', async (t) => {
  const clock = new TestClock();
  const site = await startSite(
    `
identity: { flask_session: { secret: "${secret}", ignore_claims: [flag] } }
routes: [{ match: GET /page, type: standard }]
refresh: [{ type: standard, every: 60s, active_within: 10m }]
`,
    { clock },
  );
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.setHeader('Cache-Control', 'max-age=600').end('page'));
  site.proxy.refresh.tick();
  for (const claims of [{}, { flag: 1 }]) {
    const cookie = cookieOf(new Session({ ...sessionOf(1).data, ...claims }), clock.now());
    t.match(cacheStatus(await fetch(`${site.url}/page`, { headers: { cookie } })), /stored/);
  }
  await pass(site, clock, 61);
  t.equal(site.seen.length, 4, 'each copy once');
});

t.test('credentials are dropped at logout, with age, and when the origin rejects them', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  const renewals = (): number => site.seen.filter((line) => line === 'GET /mine').length;
  await mine(site, 'session=ann');
  await fetch(`${site.url}/logout`, { headers: { cookie: 'session=ann' } });
  await pass(site, clock, 61);
  t.equal(renewals(), 1, 'logged out');
  t.equal(site.proxy.refresh.heldCount(), 0);

  await mine(site, 'session=bob');
  await pass(site, clock, 61);
  t.equal(renewals(), 3);
  await pass(site, clock, 700);
  t.equal(renewals(), 3, 'not seen for longer than active_within');
  t.equal(site.proxy.refresh.heldCount(), 0);

  await mine(site, 'session=eve');
  site.answerWith((_request, response) => {
    response.statusCode = 302;
    response.setHeader('location', '/login');
    response.end();
  });
  const before = renewals();
  await pass(site, clock, 61);
  await pass(site, clock, 61);
  t.equal(renewals(), before + 1, 'asked once, turned away');
  t.equal(site.proxy.refresh.heldCount(), 0);
});

t.test('a session cookie that a renewal brings reaches no client', async (t) => {
  const clock = new TestClock();
  const site = await start(clock);
  t.teardown(() => site.close());
  await mine(site, 'session=ann');
  site.answerWith((_request, response) => {
    response.setHeader('set-cookie', 'session=renewed; HttpOnly');
    response.end('renewed');
  });
  await pass(site, clock, 61);
  const answer = await mine(site, 'session=ann');
  t.equal(answer.headers.get('set-cookie'), null);
  t.match(cacheStatus(answer), /^hit/);
});

for (const [what, path, purge] of [
  ['of a URL', '/stats', 'PUT /stats'],
  ['for a person', '/mine', 'GET /logout'],
] as const) {
  t.test(`a renewal ${what} in flight cannot undo a purge`, async (t) => {
    const clock = new TestClock();
    const site = await start(clock);
    t.teardown(() => site.close());
    const ask = (): Promise<Response> => fetch(`${site.url}${path}`, { headers: { cookie: 'session=ann' } });
    await ask();
    const arrived = barrier();
    const release = barrier();
    site.answerWith((request, response) => {
      if (request.url !== path || request.method !== 'GET') return void response.end('done');
      arrived.arrive();
      void release.reached.then(() => response.end('old'));
    });
    clock.advance(61);
    site.proxy.refresh.tick();
    await arrived.reached;
    const [method = '', target = ''] = purge.split(' ');
    await fetch(`${site.url}${target}`, { method, headers: { cookie: 'session=ann' } });
    release.arrive();
    await eventually('over', () => site.proxy.refresh.governor.stats().running === 0);
    site.answerWith((_request, response) => response.end('new'));
    const next = await ask();
    t.equal(await next.text(), 'new');
    t.match(cacheStatus(next), /^fwd=/);
  });
}
