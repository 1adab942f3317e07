/** Shadow mode through real sockets: what clients get, and what is counted of what they would have got. */
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import type { ShadowReport } from '../../src/trust/shadow-report.ts';

const token = 'a-control-token-of-many-characters';
const rules = `
mode: shadow
control: { token: ${token} }
ttl: { jitter: 0 }
unmatched_writes: { url: true, user: false }
content_types: { page: { ttl: 60s, scope: user, cache_control: override } }
routes: [{ match: GET /live, type: page }, { match: GET /*, type: page }]
`;

async function start(
  test: Test,
  { answer, text = rules }: { readonly answer: Answer; readonly text?: string },
) {
  const clock = new TestClock();
  const site = await startSite(text, { answer, clock });
  test.teardown(() => site.close());
  const report = async (): Promise<ShadowReport> => {
    const asked = { headers: { authorization: `Bearer ${token}` } };
    return (await (
      await fetch(`${site.proxy.controlUrl ?? ''}/api/cache/shadow`, asked)
    ).json()) as ShadowReport;
  };
  const get = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
    const response = await fetch(site.url + path, { headers });
    return `${cacheStatus(response)} ${await response.text()}`;
  };
  /** When all would-be hits are judged. */
  const judged = async (hits: number): Promise<ShadowReport> => {
    const isJudged = ({ total }: ShadowReport): boolean =>
      total !== null && total.would_hit === hits && total.compared + sum(total.unjudged) === hits;
    await eventually(`${hits} are judged`, async () => isJudged(await report()));
    return report();
  };
  return { ...site, clock, report, get, judged };
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0);

t.test('the origin answers everything; hits, misses and stale copies are counted', async (t) => {
  let version = 1;
  const site = await start(t, {
    answer: (request, response) => {
      if (request.method === 'POST') version += 1;
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ url: request.url, version: request.url === '/live' ? version : 1 }));
    },
  });
  for (const path of ['/1', '/1', '/live', '/live'])
    t.match(await site.get(path), /^fwd=bypass; detail=shadow \{/, path);
  const before = await site.judged(2);
  t.match(before.total, { reads: 4, would_hit: 2, hit_rate: 0.5, same: 2, stale: 0, misses: { cold: 2 } });
  await fetch(`${site.url}/other`, { method: 'POST' });
  t.match(await site.get('/live'), /"version":2/);
  t.match(await site.get('/1'), /"version":1/);
  const after = await site.judged(4);
  t.match(after.total, { same: 3, stale: 1, stale_by_cause: { write: 1 } });
  t.match(
    after.routes.map(({ name, stale }) => [name, stale]),
    [
      ['/live', 1],
      ['/*', 0],
    ],
  );
  t.match(after.examples, [
    {
      target: '/live',
      cause: 'write',
      writes: [{ method: 'POST', pattern: '/other' }],
      differs: [{ at: '/version', copy: '1', now: '2' }],
    },
  ]);
  site.clock.advance(61);
  await site.get('/1');
  await eventually('expired', async () => (await site.report()).total?.misses['expired'] === 1);
  t.equal(site.proxy.services.store.size().entries, 0, 'nothing is stored where a client could get it');
  t.equal(site.seen.filter((one) => one === 'GET /1').length, 4, 'each request went to the origin');
  t.match((await site.report()).would_store, { entries: 2 });
});

t.test('what differs each time is named as noise, and hides no change', async (t) => {
  let count = 0;
  let price = 5;
  const site = await start(t, {
    answer: (_request, response) => {
      count += 1;
      response.setHeader('Content-Type', 'text/html');
      response.end(`<form><input name="csrf_token" value="tok${count}"></form>\n<p>${price}</p>`);
    },
  });
  await site.get('/live');
  await site.get('/live');
  const noisy = await site.judged(1);
  t.match(noisy.total, { noise: 1, stale: 0 });
  t.match(noisy.noise, [{ pattern: '/live', kind: 'csrf-token' }]);
  price = 6;
  await site.get('/live');
  const stale = await site.judged(2);
  t.match(stale.total, { noise: 1, stale: 1, stale_by_cause: { time: 1 } });
  t.match(stale.examples[0]?.differs, [{ copy: '<p>5</p>', now: '<p>6</p>' }]);
  t.notMatch(JSON.stringify(stale), /tok\d/, 'no token is shown');
});

/** Else fetch sends no-cache with a condition. */
const own = { 'cache-control': 'max-age=60' };

t.test(
  'identities have copies of their own, conditions and codings are understood, parts are left out',
  async (t) => {
    const site = await start(t, {
      answer: (request, response) => {
        const tag = '"v1"';
        response.setHeader('ETag', tag);
        if (request.headers['if-none-match'] === tag) response.writeHead(304).end();
        else response.end(`for ${request.headers.cookie ?? 'nobody'}`);
      },
    });
    for (const cookie of ['session=a', 'session=b', 'session=a', 'session=b'])
      t.equal(await site.get('/1', { cookie }), `fwd=bypass; detail=shadow for ${cookie}`);
    t.match((await site.judged(2)).total, { same: 2, misses: { cold: 2 } });
    t.equal(
      await site.get('/1', { cookie: 'session=a', 'if-none-match': '"v1"', ...own }),
      'fwd=bypass; detail=shadow ',
    );
    t.equal(await site.get('/2', { 'if-none-match': '"v1"', ...own }), 'fwd=bypass; detail=shadow ');
    t.match((await site.judged(3)).total, { same: 3, misses: { cold: 3 } });
    await site.get('/2');
    t.match((await site.judged(4)).total, { unjudged: { unseen: 1 } });
    await site.get('/1', { cookie: 'session=a', range: 'bytes=0-1' });
    t.match((await site.report()).total, { reads: 7 });
  },
);

t.test('a type or a route may be in shadow alone, also what was stored before', async (t) => {
  const site = await start(t, {
    text: rules
      .replace('mode: shadow', '')
      .replace('GET /live, type: page', 'GET /live, type: page, shadow: true'),
    answer: (_request, response) => response.end('x'),
  });
  t.match([await site.get('/1'), await site.get('/1')], ['fwd=uri-miss; stored x', /^hit/]);
  t.match([await site.get('/live'), await site.get('/live')], [/shadow/, /shadow/]);
  t.match((await site.judged(1)).routes, [{ name: '/live', reads: 2 }]);
  const { config } = site.proxy.services.site();
  await site.proxy.replaceConfig({ ...config, mode: 'shadow' });
  t.match(await site.get('/1'), /shadow/);
});

t.test('a reload by a parameter ends the older copy, for when the shadow is over', async (t) => {
  let version = 1;
  const site = await start(t, {
    text: rules
      .replace('mode: shadow', '')
      .replace('cache_control: override', 'cache_control: override, query: { reload: { fresh: "1" } }'),
    answer: (_request, response) => response.end(`v${version}`),
  });
  const { config } = site.proxy.services.site();
  const inShadow = (): Promise<void> => site.proxy.replaceConfig({ ...config, mode: 'shadow' });
  t.match([await site.get('/1'), await site.get('/1')], [/v1/, /^hit.*v1/]);
  await inShadow();
  version = 2;
  t.match(await site.get('/1?fresh=1'), /shadow v2/);
  t.match(await site.get('/1'), /shadow v2/);
  t.match((await site.judged(1)).total, { same: 1 }, 'what would be stored is the new one');
  await site.proxy.replaceConfig(config);
  t.match(await site.get('/1'), /^fwd=.* v2/, 'the copy from before the reload is not given');
  await inShadow();
  site.answerWith((_request, response) => response.writeHead(503).end());
  await site.get('/1?fresh=1');
  await site.proxy.replaceConfig(config);
  t.match(await site.get('/1'), /^hit.*v2/, 'a failure ends nothing');
});

t.test('nothing is kept of a POST whose GET is in shadow', async (t) => {
  const site = await start(t, {
    text: `mode: shadow\ncontrol: { token: ${token} }`,
    answer: (request, response) => {
      response.setHeader('Content-Location', request.url ?? '');
      response.setHeader('Cache-Control', 'max-age=60');
      response.end('x');
    },
  });
  await fetch(`${site.url}/1`, { method: 'POST' });
  t.equal(site.proxy.services.store.size().entries, 0);
});
