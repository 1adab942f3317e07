/** The sample app under load: every output of the proxy equals the counts of clients and origin exactly. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { once } from 'node:events';
import pino from 'pino';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import { startServer } from '../../src/server.ts';
import type { MissReport } from '../../src/watch/count/misses.ts';
import type { Report } from '../../src/watch/report/report.ts';
import type { MetricsSummary } from '../../src/watch/show/summary.ts';
import { run } from '../cli/command.ts';
import { openDashboard } from '../control/dashboard-page.ts';
import { token } from '../control/running-proxy.ts';
import { startSampleApp } from '../examples/sample-app.ts';
import { eventually } from '../helpers/eventually.ts';
import { countOrigin, drive, planOf, type Seen } from './demo-load.ts';
// setup.mjs installs a browser where a test imports this; the pages are opened in dashboard-page.ts.
import type {} from 'playwright-core';
import { closeProxy } from '../helpers/close-proxy.ts';

const secret = 'a secret for this test';
const isRead = ({ method }: Pick<Seen, 'method'>): boolean => method === 'GET' || method === 'HEAD';
const isHit = ({ cacheStatus }: Seen): boolean => cacheStatus.startsWith('hit');
const isPass = ({ cacheStatus }: Seen): boolean => /^fwd=(bypass|method)/.test(cacheStatus);
const isFailed = ({ status, isCut }: Seen): boolean => isCut || status === 502 || status === 504;
const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

/** What the clients have counted. */
function countSeen(seen: readonly Seen[]) {
  const reads = seen.filter(isRead);
  const outcomeOf = (one: Seen): string =>
    isFailed(one) ? 'failed' : isHit(one) ? 'hit' : isPass(one) ? 'pass' : 'forward';
  const types = new Map<string, { requests: number; reads: number; hits: number }>();
  for (const one of seen) {
    const before = types.get(one.type) ?? { requests: 0, reads: 0, hits: 0 };
    types.set(one.type, {
      requests: before.requests + 1,
      reads: before.reads + (isRead(one) ? 1 : 0),
      hits: before.hits + (isHit(one) ? 1 : 0),
    });
  }
  const outcomes: Record<string, number> = {};
  for (const one of seen) outcomes[outcomeOf(one)] = (outcomes[outcomeOf(one)] ?? 0) + 1;
  return {
    hits: reads.filter(isHit).length,
    misses: reads.filter((one) => !isHit(one)).length,
    passes: reads.filter(isPass).length,
    writes: seen.length - reads.length,
    outcomes,
    types,
    all: seen.length,
  };
}

async function startDemo(t: Test) {
  const app = await startSampleApp({ secret, onError: () => undefined });
  const origin = await countOrigin(app.port);
  const env = {
    WEBAPP_SECRET: secret,
    WEBAPP_PORT: String(origin.port),
    SHELFLIFE_LISTEN: '127.0.0.1:0',
    SHELFLIFE_CONTROL: '127.0.0.1:0',
    SHELFLIFE_TOKEN: token,
  };
  const parsed = parseConfig(readFileSync('config/demo.yaml', 'utf8'), { file: 'config/demo.yaml', env });
  if (parsed.kind !== 'ok') throw new Error('config/demo.yaml has problems');
  const proxy = await startServer({ config: parsed.config, log: pino({ level: 'silent' }) });
  t.teardown(async () => {
    await closeProxy(proxy);
    await origin.close();
    await app.close();
  });
  const control = (path: string): Promise<Response> =>
    fetch((proxy.controlUrl ?? '') + path, { headers: { authorization: `Bearer ${token}` } });
  const json = async <T>(path: string): Promise<T> => (await (await control(path)).json()) as T;
  return { proxy, origin, control, json };
}

/** Something no cache and no origin should see. */
async function refused(site: string): Promise<number> {
  const sent = request(`${site}/`, { method: 'PURGE' }).end();
  const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume: () => void }];
  response.resume();
  return response.statusCode;
}

t.test('clients, origin and every output of the proxy give the same counts', async (t) => {
  const { proxy, origin, control, json } = await startDemo(t);
  const seen = await drive(proxy.url, planOf(2400), { atOnce: 8 });
  // The last hundred in a known order: what the window shows is theirs.
  const last = await drive(proxy.url, planOf(100), { atOnce: 1 });
  seen.push(...last);
  t.equal(await refused(proxy.url), 405);
  const counted = countSeen(seen);
  t.ok(counted.hits > 800 && counted.misses > 400 && counted.writes > 80, JSON.stringify(counted.outcomes));
  const metrics = async () => json<MetricsSummary>('/api/cache/metrics');
  await eventually('the last is counted', async () => {
    const { total_hits, total_misses } = await metrics();
    return total_hits + total_misses >= counted.hits + counted.misses;
  });

  await t.test('GET /api/cache/metrics', async (t) => {
    const summary = await metrics();
    t.equal(summary.total_hits, counted.hits);
    t.equal(summary.total_misses, counted.misses);
    t.equal(summary.total_passes, counted.passes);
    t.equal(summary.total_writes, counted.writes);
    t.equal(summary.total_hit_rate, counted.hits / (counted.hits + counted.misses));
    t.equal(summary.origin.requests, origin.requests());
    t.equal(summary.origin.errors, origin.errors());
    const window = seen.filter(isRead).slice(-100);
    t.equal(summary.lookups, 100);
    t.equal(summary.hit_rate, window.filter(isHit).length / 100);
    for (const [type, { requests, reads, hits }] of counted.types)
      t.match(summary.types[type], { requests, hits, misses: reads - hits, writes: requests - reads }, type);
    t.equal(sum(Object.values(summary.types).map(({ writes }) => writes)), counted.writes);
  });

  await t.test('GET /api/cache/misses', async (t) => {
    const misses = await json<MissReport>('/api/cache/misses');
    t.equal(misses.total, counted.misses);
    t.equal(sum(Object.values(misses.causes)), counted.misses);
    t.equal(sum(misses.reasons.map(({ count }) => count)), counted.misses);
    for (const groups of [misses.types, misses.routes])
      t.equal(sum(groups.map(({ total }) => total)), counted.misses);
    for (const { name, total } of misses.types) {
      const { reads = 0, hits = 0 } = counted.types.get(name) ?? {};
      t.equal(total, reads - hits, name);
    }
    for (const cause of ['cold', 'purged', 'pass', 'identity', 'uncacheable'])
      t.ok((misses.causes[cause] ?? 0) > 0, cause);
  });

  await t.test('GET /metrics', async (t) => {
    const text = await (await control('/metrics')).text();
    const samples = (name: string, label = ''): number[] =>
      text
        .split('\n')
        .filter(
          (line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(label),
        )
        .map((line) => Number(line.split(' ').at(-1)));
    t.equal(sum(samples('cache_hits_total')), counted.hits);
    t.equal(sum(samples('cache_misses_total')), counted.misses);
    for (const [outcome, count] of Object.entries({ ...counted.outcomes, refused: 1 }))
      t.equal(sum(samples('shelflife_requests_total', `outcome="${outcome}"`)), count, outcome);
    t.equal(sum(samples('shelflife_requests_total')), counted.all + 1);
    t.equal(sum(samples('shelflife_origin_requests_total')), origin.requests());
    t.equal(sum(samples('shelflife_origin_errors_total')), origin.errors());
    t.equal(sum(samples('shelflife_origin_duration_seconds_count')), origin.requests());
    t.equal(sum(samples('shelflife_hit_duration_seconds_count')), counted.hits);
    t.equal(sum(samples('shelflife_miss_duration_seconds_count')), counted.misses);
  });

  await t.test('the report', async (t) => {
    const report = await json<Report>('/api/cache/report?period=day');
    const valueOf = (wanted: string) => report.lines.find(({ name }) => name === wanted)?.value;
    t.equal(valueOf('requests'), counted.all);
    t.equal(valueOf('hit_rate'), counted.hits / (counted.hits + counted.misses));
    t.equal(valueOf('origin_requests'), origin.requests());
    t.equal(valueOf('origin_errors'), origin.errors());
    t.equal(sum(report.types.map(({ requests }) => requests)), counted.hits + counted.misses);
    for (const { name, requests } of report.types) t.equal(requests, counted.types.get(name)?.reads, name);
    t.equal(sum(report.points.map(({ requests }) => requests)), counted.all);
  });

  await t.test('shelflife top', async (t) => {
    const shown = await run(['top', '--once', '--json', '--control', proxy.controlUrl ?? ''], {
      SHELFLIFE_TOKEN: token,
    });
    t.match(JSON.parse(shown.stdout), {
      metrics: {
        total_hits: counted.hits,
        total_misses: counted.misses,
        total_writes: counted.writes,
        origin: { requests: origin.requests(), errors: origin.errors() },
      },
      misses: { total: counted.misses },
    });
  });

  await t.test('the dashboard', async (t) => {
    const { page, problems } = await openDashboard(t, proxy, { language: 'en' });
    const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
    const numberIn = (text: string): number => Number(text.replaceAll(',', ''));
    t.equal(numberIn(await textOf('#total-hits')), counted.hits);
    t.equal(numberIn(await textOf('#total-misses')), counted.misses);
    t.equal(numberIn(await textOf('#origin')), origin.requests());
    const window = seen.filter(isRead).slice(-100);
    t.equal(await textOf('#hit-rate'), `${window.filter(isHit).length}%`);
    const rows = await page.locator('#types tbody tr').allInnerTexts();
    for (const [type, { requests }] of counted.types) {
      const row = rows.map((text) => text.split(/\s+/)).find(([name]) => name === type);
      t.equal(numberIn(row?.[1] ?? ''), requests, type);
    }
    const causes = await page.locator('#misses tbody tr').allInnerTexts();
    const counts = causes.map((row) => numberIn(/\t([\d,]+)\t/.exec(row)?.[1] ?? '0'));
    t.equal(sum(counts), counted.misses, causes.join('|'));
    t.strictSame(problems, []);
  });
});
