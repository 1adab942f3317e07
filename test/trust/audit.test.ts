/** The audit through real sockets: hits that the origin is asked for as well, with no client waiting. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { AuditReport } from '../../src/trust/audit-report.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

const token = 'a-control-token-of-many-characters';
const rules = (sample: string): string => `
audit: { sample: ${sample} }
control: { token: ${token} }
ttl: { jitter: 0 }
unmatched_writes: { url: true, user: false }
content_types:
  page: { ttl: 100s, scope: user, cache_control: override }
  all: { ttl: 100s, scope: public }
unmatched: standard
routes:
  - { match: [GET /all, GET /all/*], type: all }
  - { match: GET /standard, type: standard }
  - { match: GET /*, type: page }
`;

async function start(t: Test, answer: Answer, sample = '100%') {
  const clock = new TestClock();
  const site = await startSite(rules(sample), { answer, clock });
  t.teardown(() => site.close());
  const control = (path: string): Promise<Response> =>
    fetch(`${site.proxy.controlUrl ?? ''}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const report = async (): Promise<AuditReport> =>
    (await (await control('/api/cache/stale')).json()) as AuditReport;
  const get = async (path: string, cookie?: string): Promise<string> => {
    const response = await fetch(site.url + path, { headers: cookie === undefined ? {} : { cookie } });
    return `${cacheStatus(response).replace(/;.*/, '')} ${await response.text()}`;
  };
  const judged = async (count: number): Promise<AuditReport> => {
    const done = ({ total }: AuditReport): boolean =>
      total.compared + Object.values(total.unjudged).reduce((sum, one) => sum + one, 0) === count;
    await eventually(`${count} are judged`, async () => done(await report()));
    return report();
  };
  return { ...site, clock, control, report, get, judged };
}

t.test('a hit whose copy is not what the origin gives is stale, by type, route, age and cause', async (t) => {
  let version = 1;
  const asked: string[] = [];
  const site = await start(t, (request, response) => {
    asked.push(`${request.url ?? ''} ${request.headers.cookie ?? 'without'}`);
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=100' });
    response.end(JSON.stringify({ version: request.method === 'POST' ? 0 : version }));
  });
  for (const [path, cookie] of [
    ['/1', 'session=a'],
    ['/all', 'session=a'],
  ] as const) {
    t.equal(await site.get(path, cookie), 'fwd=uri-miss {"version":1}');
    t.equal(await site.get(path, cookie), 'hit {"version":1}');
  }
  t.match((await site.judged(2)).total, { same: 2, stale: 0 });
  await eventually('whether it is the same for everybody is checked', () => asked.length === 6);
  const forStore = ['/1 session=a', '/1 session=a', '/all without', '/all without'];
  const forCheck = ['/all without', '/all session=a'];
  t.same(
    asked.toSorted(),
    [...forStore, ...forCheck].toSorted(),
    'asked as for the store, and for the check',
  );
  version = 2;
  site.clock.advance(60);
  t.equal(await site.get('/1', 'session=a'), 'hit {"version":1}');
  await site.judged(3);
  await fetch(`${site.url}/other`, { method: 'POST' });
  site.clock.advance(30);
  t.equal(await site.get('/1', 'session=a'), 'hit {"version":1}');
  const found = await site.judged(4);
  t.match(found.total, { compared: 4, stale: 2, stale_by_cause: { time: 1, write: 1 } });
  t.match(found.types, [
    { name: 'page', stale: 2, advice: 'shorter' },
    { name: 'all', stale: 0, advice: null },
  ]);
  t.match(found.ages.map(({ name, stale }) => [name, stale]).sort(), [
    ['0–25 %', 0],
    ['50–75 %', 1],
    ['75–100 %', 1],
  ]);
  t.match(found.examples, [
    {
      cause: 'write',
      writes: [{ method: 'POST', pattern: '/other' }],
      differs: [{ at: '/version', copy: '1', now: '2' }],
    },
    { cause: 'time', target: '/1', writes: [] },
  ]);
  const metrics = await (await site.control('/metrics')).text();
  t.match(metrics, /shelflife_audited_total\{type="page"\} 3\n/);
  t.match(metrics, /shelflife_audited_stale_total\{type="page"\} 2\n/);
});

t.test('no client waits for it, and a copy that is purged meanwhile counts for nothing', async (t) => {
  const [asked, held] = [barrier(), barrier()];
  let count = 0;
  const site = await start(t, (_request, response) => {
    count += 1;
    if (count < 2) return void response.end('old');
    asked.arrive();
    return void held.reached.then(() => response.end('new'));
  });
  await site.get('/1');
  t.equal(await site.get('/1'), 'hit old', 'while the origin has not answered the audit');
  await asked.reached;
  const purge = { tags: [], prefixes: [], everything: true, soft: false, cause: 'api' as const };
  await site.proxy.services.purgeLog.append(purge);
  held.arrive();
  t.match((await site.judged(1)).total, { compared: 0, unjudged: { ended: 1 } });
});

t.test('without a sample nothing is asked; an origin in trouble is left alone', async (t) => {
  let status = 200;
  const answer: Answer = (_request, response) => response.writeHead(status).end('x');
  const none = await start(t, answer, '0%');
  for (let round = 0; round < 3; round += 1) await none.get('/1');
  t.same(none.seen, ['GET /1']);
  const failing = await start(t, answer);
  await failing.get('/1');
  status = 503;
  t.equal(await failing.get('/1'), 'hit x');
  t.match((await failing.judged(1)).total, { compared: 0, unjudged: { 'origin-error': 1 } });
});

t.test(
  'the origin is asked with the fields of the fetch, whoever asks, whichever road the hit took',
  async (t) => {
    const asked: string[][] = [];
    const site = await start(t, (request, response) => {
      const { rawHeaders } = request;
      const isOwnId = (at: number): boolean => /^x-request-id$/i.test(rawHeaders[at - (at % 2)] ?? '');
      asked.push([request.url ?? '', ...rawHeaders.filter((_, at) => !isOwnId(at))]);
      response.end('x');
    });
    const person = { cookie: 'session=a; theme=dark', 'x-forwarded-for': '203.0.113.9', 'user-agent': 'one' };
    const plain = {
      'accept-language': 'he',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const cases: readonly (readonly [string, Record<string, string>])[] = [
      ['/mine?b=2&a=1', person],
      ['/mine?b=2&a=1', { ...person, cookie: 'session=a; session=b' }],
      ['/all/1', plain],
      ['/standard', person],
      ['/standard', plain],
      // Not plain, so the pipeline gives it.
      ['/m%69ne', person],
    ];
    for (const [path, headers] of cases) {
      asked.length = 0;
      for (let round = 0; round < 2; round += 1) await (await fetch(site.url + path, { headers })).text();
      await eventually(`${path} is asked for again`, () => asked.length === 2);
      t.same(asked[1], asked[0], `${path} ${JSON.stringify(headers)}`);
    }
  },
);

t.test('a large copy is compared byte for byte; one that would take long to decode is not', async (t) => {
  const text = 'large '.repeat(60_000);
  const packed = gzipSync(randomBytes(300_000));
  const bodies: Record<string, string | Buffer> = { '/same': text, '/new': text, '/packed': packed };
  const site = await start(t, ({ url = '' }, response) => {
    response.writeHead(200, url === '/packed' ? { 'content-encoding': 'gzip' } : {});
    response.end(bodies[url]);
  });
  for (const path of Object.keys(bodies)) await site.get(path);
  bodies['/new'] = text.replace('large', 'LARGE');
  for (const path of Object.keys(bodies)) t.match(await site.get(path), /^hit/);
  t.match((await site.judged(3)).total, { same: 1, stale: 1, unjudged: { 'not-comparable': 1 } });
});
