/** What the control API answers about traffic, over real sockets: the test can count every number itself. */
import t from 'tap';
import { startProxy } from '../../control/running-proxy.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, tags: ["pages"] }
  list: { ttl: 60s, scope: user }
identity: { credentials: [session] }
routes:
  - { match: GET /page/:id, type: page }
  - { match: GET /list, type: list }
  - { match: GET /raw/*, type: pass }
writes:
  - { match: POST /page/:id, invalidate: ["pages"] }
`;

type Summary = {
  hit_rate: number;
  total_hits: number;
  total_misses: number;
  avg_response_time: number;
  cache_size: string;
  redis: { redis: string };
  types: Record<string, { requests: number; hits: number; misses: number; ttl: number | null }>;
  origin: { requests: number };
};
type Misses = {
  total: number;
  causes: Record<string, number>;
  reasons: { reason: string; count: number; clause?: string }[];
  types: { name: string; total: number }[];
  routes: { name: string; total: number }[];
  urls: { url: string; misses: number }[];
};

const listener: Parameters<typeof startProxy>[1] = {
  rules,
  listener: (request, response) => {
    const isSecret = request.url?.startsWith('/page/secret') === true;
    response.writeHead(200, { 'Cache-Control': isSecret ? 'no-store' : 'max-age=60' });
    response.end('body');
  },
};

t.test(
  'hits, misses and origin requests are those that happened, and the causes sum to the misses',
  async (t) => {
    const { get, control, requests, server, purge } = await startProxy(t, listener);
    await get('/page/1'); // cold
    for (let n = 0; n < 7; n += 1) await get('/page/1');
    await get('/raw/x'); // pass
    await get('/page/secret'); // uncacheable
    await get('/list', { cookie: 'session=a; session=b' }); // doubt
    await fetch(`${server.url}/page/1`, { method: 'POST' });
    await get('/page/1'); // purged by the write
    await purge({ everything: true });
    await get('/page/1'); // purged by the API
    const summary = (await (await control('/api/cache/metrics')).json()) as Summary;
    t.equal(summary.total_hits, 7);
    t.equal(summary.total_misses, 6);
    t.equal(summary.hit_rate, 7 / 13);
    t.ok(summary.avg_response_time > 0);
    t.match(summary.cache_size, /^\d+(\.\d)?[BKM]$/);
    t.equal(summary.redis.redis, 'none');
    t.match(summary.types['page'], { requests: 11, hits: 7, misses: 4, ttl: 60 });
    t.equal(summary.origin.requests, requests.length);

    const misses = (await (await control('/api/cache/misses')).json()) as Misses;
    t.equal(misses.total, 6);
    t.strictSame(misses.causes, { cold: 1, pass: 1, uncacheable: 1, identity: 1, purged: 2 });
    const reasons = new Map(misses.reasons.map(({ reason, clause }) => [reason, clause]));
    t.strictSame([...reasons.keys()].sort(), [
      'cold',
      'identity/duplicate-credential',
      'pass/rule',
      'purged/api',
      'purged/write',
      'uncacheable/no-store',
    ]);
    t.match(reasons.get('uncacheable/no-store'), /RFC 9111 §5.2.2.5/);
    for (const groups of [misses.types, misses.routes]) {
      t.equal(
        groups.reduce((sum, { total }) => sum + total, 0),
        6,
      );
    }
    const [page] = misses.urls.filter(({ url }) => /^127\.0\.0\.1:\d+\/page\/1$/.test(url));
    t.equal(page?.misses, 3, 'costliest or not: what each took is the machine’s');
  },
);

t.test('/metrics prints the names of the contract, and store operations are really timed', async (t) => {
  const { get, control, server } = await startProxy(t, listener);
  await get('/page/1');
  await get('/page/1');
  await fetch(`${server.url}/page/1`, { method: 'POST' });
  const response = await control('/metrics');
  t.match(response.headers.get('content-type'), /^text\/plain/);
  const text = await response.text();
  const value = (line: string): number =>
    Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.split(' ')[1],
    );
  t.equal(value('cache_hits_total{backend="memory"}'), 1);
  t.equal(value('cache_misses_total{backend="memory",reason="cold"}'), 1);
  t.ok(value('cache_op_duration_seconds_count{operation="get",backend="memory"}') >= 2);
  t.equal(value('cache_op_duration_seconds_count{operation="set",backend="memory"}'), 1);
  t.ok(value('cache_op_duration_seconds_sum{operation="set",backend="memory"}') > 0);
  t.equal(value('shelflife_requests_total{type="page",outcome="hit"}'), 1);
  t.equal(value('shelflife_requests_total{type="page",outcome="forward"}'), 1);
  t.equal(value('shelflife_origin_requests_total'), 2);
  t.equal(value('shelflife_origin_duration_seconds_count'), 2);
  t.equal(value('shelflife_invalidations_total{cause="write"}'), 1);
  t.ok(value('shelflife_store_bytes{tier="memory"}') > 1000);
  t.equal(value('shelflife_redis_up'), 0);
  t.ok(value('process_resident_memory_bytes') > 0);
  t.ok(value('shelflife_origin_seconds_saved_total{type="page"}') > 0);
  t.equal(value('shelflife_bytes_saved_total{type="page"}'), 4);
  t.equal(value('shelflife_lifetime_seconds_count{type="page"}'), 1);
});

t.test('everything except health requires the token', async (t) => {
  const { server } = await startProxy(t, listener);
  for (const path of [
    '/metrics',
    '/api/cache/metrics',
    '/api/cache/misses',
    '/api/cache/overview',
    '/api/cache/alerts',
  ]) {
    t.equal((await fetch(`${server.controlUrl ?? ''}${path}`)).status, 401, path);
  }
});

t.test('a parameter that makes copies of one body is found, with the line that would help', async (t) => {
  const { get, control } = await startProxy(t, listener);
  for (const campaign of ['a', 'b', 'c']) await get(`/page/1?utm=${campaign}&x=1`);
  const { splits } = (await (await control('/api/cache/misses')).json()) as {
    splits: { query: { parameter: string; entries: number; suggest: string }[] };
  };
  t.match(splits.query, [{ parameter: 'utm', entries: 3, suggest: 'query: { ignore: [utm] }' }]);
});

t.test('the report of a day says what happened, in every format', async (t) => {
  const { get, control } = await startProxy(t, listener);
  for (let n = 0; n < 10; n += 1) await get('/page/1');
  const report = (await (await control('/api/cache/report?period=day')).json()) as {
    lines: { name: string; value: number }[];
    targets: { name: string; met: boolean }[];
  };
  t.match(
    report.lines.find(({ name }) => name === 'hit_rate'),
    { value: 0.9 },
  );
  t.match(
    report.targets.find(({ name }) => name === 'hit_rate'),
    { met: true },
  );
  for (const [format, start] of [
    ['text', 'shelflife, the week'],
    ['markdown', '# shelflife, the week'],
    ['html', '<!doctype html>'],
  ] as const) {
    const response = await control(`/api/cache/report?format=${format}`);
    t.ok((await response.text()).startsWith(start), format);
  }
  t.equal((await control('/api/cache/report?period=year')).status, 400);
  const at = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  const hours = await (await control(`/api/cache/hours?from=${at(-7)}&to=${at(1)}`)).json();
  t.match(hours, { complete: true, series: { hit_rate: [0.9], writes: [0], resident_bytes: [Number] } });
  const past = await (await control(`/api/cache/hours?from=${at(-9)}&to=${at(-7)}`)).json();
  t.match(past, { series: { at: [], hits: [] } });
  for (const query of [
    `from=${at(-36)}&to=${at(0)}`,
    `from=${at(0)}&to=${at(-1)}`,
    'from=1&to=2',
    'from=2026',
  ])
    t.equal((await control(`/api/cache/hours?${query}`)).status, 400, query);
});
