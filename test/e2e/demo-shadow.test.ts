/** Shadow mode on the sample app: the predicted hit rate is the one measured afterwards, and planted faults are found. */
import { readFileSync } from 'node:fs';
import pino from 'pino';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import { startServer } from '../../src/server.ts';
import type { ShadowReport } from '../../src/trust/shadow-report.ts';
import { startSampleApp } from '../examples/sample-app.ts';
import { Visitor } from '../examples/visitor.ts';
import { eventually } from '../helpers/eventually.ts';
import { drive, planOf } from './demo-load.ts';

const token = 'a-control-token-of-many-characters';
const secret = 'a secret for this test';

const app = await startSampleApp({ secret, people: 4, onError: () => undefined });
t.teardown(() => app.close());

async function startDemo(t: Test, shadow: boolean, change = (rules: string): string => rules) {
  const env = {
    WEBAPP_SECRET: secret,
    WEBAPP_PORT: String(app.port),
    SHELFLIFE_LISTEN: '127.0.0.1:0',
    SHELFLIFE_CONTROL: '127.0.0.1:0',
    SHELFLIFE_TOKEN: token,
  };
  const rules = change(readFileSync('config/demo.yaml', 'utf8'));
  const parsed = parseConfig(rules, { file: 'config/demo.yaml', env, shadow });
  if (parsed.kind !== 'ok') throw new Error('config/demo.yaml has problems');
  const proxy = await startServer({ config: parsed.config, log: pino({ level: 'silent' }) });
  t.teardown(() => proxy.close());
  const control = async (path: string): Promise<unknown> => {
    const asked = { headers: { authorization: `Bearer ${token}` } };
    return (await fetch(`${proxy.controlUrl ?? ''}/api/cache/${path}`, asked)).json();
  };
  const report = async (): Promise<ShadowReport> => (await control('shadow')) as ShadowReport;
  const quarantined = (): Promise<unknown> => control('quarantine');
  return { url: proxy.url, appUrl: `http://127.0.0.1:${app.port}`, report, quarantined };
}

t.test('the predicted hit rate is within two points of the one measured afterwards', async (t) => {
  const [shadow, full] = [await startDemo(t, true), await startDemo(t, false)];
  const plan = planOf(250);
  const shadowed = await drive(shadow.url, plan, 1);
  t.notOk(
    shadowed.some(({ cacheStatus }) => cacheStatus.includes('hit')),
    'the cache answered nothing',
  );
  t.same(await shadow.quarantined(), { routes: [] }, 'the public pages are the same for everybody');
  const { total, noise, examples } = await shadow.report();
  const seen = (await drive(full.url, plan, 1)).filter(({ method }) => method === 'GET' || method === 'HEAD');
  const hits = seen.filter(({ cacheStatus }) => cacheStatus.startsWith('hit')).length;
  const measured = hits / seen.length;
  const predicted = total?.hit_rate ?? 0;
  t.ok(
    measured > 0.3 && Math.abs(predicted - measured) < 0.02,
    `${predicted} predicted, ${measured} measured`,
  );
  t.ok((total?.compared ?? 0) > hits * 0.8, 'most were compared');
  t.same([total?.stale, examples], [0, []], 'with right rules nothing would be stale');
  t.ok(noise.length > 0 && (total?.noise ?? 0) > 0, 'the clock on each page is known as noise');
});

t.test('a write rule that is missing and a lifetime that is too long are found', async (t) => {
  const site = await startDemo(t, true, (rules) =>
    rules.replace(/(POST \/api\/bookmarks\/toggle\/:id.*\n\s+invalidate: )\[.*\]/, '$1[]'),
  );
  const visitor = new Visitor(site.url);
  await visitor.post('/login', { username: 'demo', password: 'demo' });
  for (const path of ['/settings', '/api/bookmarks', '/api/tags']) await visitor.ask(path);
  await visitor.post('/api/bookmarks/toggle/1', {});
  await visitor.ask('/api/bookmarks');
  const stale = async (count: number): Promise<ShadowReport> => {
    await eventually('it is judged', async () => (await site.report()).total?.stale === count);
    return site.report();
  };
  const [missing] = (await stale(1)).examples;
  t.match(missing, { target: '/api/bookmarks', cause: 'write' });
  t.match(missing?.writes, [{ method: 'POST', pattern: '/api/bookmarks/toggle/{n}' }]);
  const elsewhere = new Visitor(site.appUrl);
  await elsewhere.post('/login', { username: 'demo', password: 'demo' });
  await visitor.ask('/api/bookmarks');
  await visitor.ask('/api/tags');
  await elsewhere.post('/api/files', { name: 'new.py', content: 'x', language: 'python', tags: 'another' });
  await visitor.ask('/api/tags');
  t.match((await stale(3)).examples[0], { target: '/api/tags', cause: 'time', writes: [] });
});
