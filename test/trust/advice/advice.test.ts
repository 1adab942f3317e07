/** Planted faults through real sockets: what the advice finds, and what it leaves alone. */
import t, { type Test } from 'tap';
import type { AdviceReport, LifetimeEvidence } from '../../../src/trust/advice/advice.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type Answer, startSite } from '../../helpers/scripted-site.ts';
import { TestClock } from '../../helpers/test-clock.ts';

const token = 'a-control-token-of-many-characters';
const rules = `
control: { token: ${token} }
ttl: { jitter: 0 }
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes: [{ match: GET /*, type: page }]
`;

async function start(t: Test, answer: Answer, text = rules) {
  const clock = new TestClock();
  const site = await startSite(text, { answer, clock });
  t.teardown(() => site.close());
  const control = async (path: string): Promise<unknown> => {
    const asked = { headers: { authorization: `Bearer ${token}` } };
    return (await fetch(`${site.proxy.controlUrl ?? ''}${path}`, asked)).json();
  };
  return {
    ...site,
    clock,
    control,
    report: async () => (await control('/api/cache/advice')) as AdviceReport,
    get: async (path: string, headers: Record<string, string> = {}): Promise<string> =>
      (await fetch(site.url + path, { headers })).text(),
  };
}

t.test('a lifetime too short: pages that never change may live longer', async (t) => {
  const site = await start(t, (_request, response) => response.end('always the same'));
  for (let round = 0; round < 40; round += 1) {
    await site.get('/1');
    site.clock.advance(600);
  }
  const { advices, intervals } = await site.report();
  t.equal(intervals, 39);
  t.match(advices, [
    {
      id: 'longer:page',
      from: '1m',
      to: '2m',
      evidence: { intervals: 39, changed: 0, lifetime_seconds: 60, stale_now: { share: 0 } },
      patch: { op: 'set', path: ['content_types', 'page', 'ttl'], value: '2m', from: '1m' },
      yaml: 'content_types:\n  page:\n    ttl: 2m    # was 1m',
      example: { request: 'GET /1', expect: { type: 'page', ttl: '2m' } },
    },
  ]);
  const { fetches_saved_per_day: saved, stale_then } = (advices[0]?.evidence ??
    {}) as Partial<LifetimeEvidence>;
  t.ok(saved !== undefined && saved > 10 && saved < 15, `a tenth less, of 144 a day: ${saved}`);
  t.ok((stale_then?.interval[1] ?? 1) <= 0.01, 'for certain less than one stale hit in a hundred');
});

t.test('a lifetime too long: audited copies that often differ must live shorter', async (t) => {
  let version = 0;
  const audited = rules.replace('60s', '1000s') + 'audit: { sample: 100% }\n';
  const site = await start(t, (_request, response) => response.end(`version ${version}`), audited);
  const compared = async (): Promise<number> =>
    ((await site.control('/api/cache/stale')) as { total: { compared: number } }).total.compared;
  let hits = 0;
  for (let round = 0; round < 60; round += 1) {
    const outcome = site.outcomes.length;
    await site.get('/1');
    hits += site.outcomes[outcome]?.kind === 'hit' ? 1 : 0;
    await eventually('the hit is audited', async () => (await compared()) === hits);
    site.clock.advance(110);
    if (round % 8 === 7) version += 1;
  }
  const { advices } = await site.report();
  t.match(advices, [{ id: 'shorter:page', from: '1000s', to: '30s', patch: { value: '30s' } }]);
  const { moments = 0, changed, stale_now } = (advices[0]?.evidence ?? {}) as Partial<LifetimeEvidence>;
  t.ok(moments >= 5 && moments === changed, `one page: each of ${changed} changes is one of its own`);
  const [low = 0] = stale_now?.interval ?? [];
  t.ok(low > 0.01 && low < 0.4, `certain: at least ${low}`);
});

t.test('what splits copies for nothing, and what the app says it depends on', async (t) => {
  const text = rules.replace('scope: public', 'scope: public, vary: { headers: [x-theme] }');
  const site = await start(
    t,
    (request, response) => {
      response.setHeader('Vary', 'Accept-Language');
      response.end(`page ${new URL(request.url ?? '', 'http://x').pathname}`);
    },
    text,
  );
  for (let page = 0; page < 5; page += 1)
    for (let round = 0; round < 11; round += 1)
      await site.get(`/${page}?utm_source=s${round % 4}`, {
        'x-theme': `t${round}`,
        'accept-language': `l${round % 3}`,
      });
  for (let round = 0; round < 12; round += 1) await site.get(`/5?utm_source=s${round}`);
  const { advices } = await site.report();
  t.match(
    advices.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    [
      {
        id: 'ignore-query:page:utm_source',
        evidence: { differing: 0 },
        patch: { op: 'add', path: ['content_types', 'page', 'query', 'ignore'], value: 'utm_source' },
        example: { request: 'GET /1?utm_source=1', expect: { same_copy: 'GET /1?utm_source=2' } },
      },
      { id: 'missing-vary:page:accept-language', patch: { op: 'add', value: 'accept-language' } },
    ],
  );
});

t.test('a write that no rule knows: its rule is advised, not a shorter lifetime', async (t) => {
  let version = 0;
  const text =
    rules.replace('60s', '1h') + 'audit: { sample: 100% }\nunmatched_writes: { url: true, user: false }\n';
  const site = await start(
    t,
    (request, response) => {
      if (request.method === 'POST') version += 1;
      response.end(`version ${version}`);
    },
    text,
  );
  const compared = async (): Promise<number> =>
    ((await site.control('/api/cache/stale')) as { total: { compared: number } }).total.compared;
  let hits = 0;
  const look = async (): Promise<void> => {
    const outcome = site.outcomes.length;
    await site.get('/1');
    hits += site.outcomes[outcome]?.kind === 'hit' ? 1 : 0;
    await eventually('the hit is audited', async () => (await compared()) === hits);
    site.clock.advance(10);
  };
  for (let round = 0; round < 6; round += 1) {
    await look();
    await fetch(`${site.url}/save`, { method: 'POST' });
    site.clock.advance(10);
    for (let after = 0; after < 3; after += 1) await look();
    await site.proxy.services.purgeLog.append({
      ...{ tags: [], prefixes: [], everything: true, soft: false, cause: 'api' as const },
    });
    for (let after = 0; after < 3; after += 1) await look();
  }
  t.match((await site.report()).advices, [
    {
      id: 'missing-write:POST /save:/*',
      evidence: { writes: 6 },
      patch: { value: { invalidate: ['type:page'] } },
    },
  ]);
  const report = await site.control('/api/cache/report?period=day');
  const said = 'POST /save changes pages of /*, and no rule ends them';
  t.match(report, { advice: [{ id: 'missing-write:POST /save:/*', text: said }] });
});

t.test('no harm on clean traffic: noise, purged copies, and what changes together', async (t) => {
  let count = 0;
  let deployed = 1;
  const site = await start(t, (request, response) => {
    count += 1;
    response.end(request.url === '/noise' ? `token ${count}` : `deployed ${deployed}`);
  });
  for (let round = 0; round < 20; round += 1) {
    for (let page = 0; page < 8; page += 1) await site.get(`/p${page}`);
    await site.get('/noise');
    site.clock.advance(120);
    if (round === 10) deployed += 1;
  }
  t.same((await site.report()).advices, []);
});
