/** Shadow mode on the sample app: the predicted hit rate is the one measured afterwards, and planted faults are found. */
import { readFileSync } from 'node:fs';
import pino from 'pino';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import { startServer } from '../../src/server.ts';
import { readLogLine } from '../../src/survey/access-log.ts';
import { rulesText } from '../../src/survey/draft-yaml.ts';
import { survey } from '../../src/survey/survey.ts';
import type { ShadowReport } from '../../src/trust/shadow-report.ts';
import { Visitor } from '../examples/visitor.ts';
import { eventually } from '../helpers/eventually.ts';
import { planOf } from './demo-load.ts';
import { predictCodebot, predictSampleApp, startSampleAppInTime } from '../helpers/shadow-prediction.ts';

const token = 'a-control-token-of-many-characters';
const sample = await startSampleAppInTime(t);
const { app, clock, secret } = sample;

async function startDemo(t: Test, change: (rules: string) => string) {
  const env = {
    WEBAPP_SECRET: secret,
    WEBAPP_PORT: String(app.port),
    SHELFLIFE_LISTEN: '127.0.0.1:0',
    SHELFLIFE_CONTROL: '127.0.0.1:0',
    SHELFLIFE_TOKEN: token,
  };
  const rules = change(readFileSync('config/demo.yaml', 'utf8'));
  const parsed = parseConfig(rules, { file: 'config/demo.yaml', env, shadow: true });
  if (parsed.kind !== 'ok') throw new Error('config/demo.yaml has problems');
  const proxy = await startServer({ config: parsed.config, clock, log: pino({ level: 'silent' }) });
  t.teardown(() => proxy.close());
  const report = async (): Promise<ShadowReport> => {
    const asked = { headers: { authorization: `Bearer ${token}` } };
    return (await (await fetch(`${proxy.controlUrl ?? ''}/api/cache/shadow`, asked)).json()) as ShadowReport;
  };
  return { url: proxy.url, appUrl: `http://127.0.0.1:${app.port}`, report };
}

/** CodeBot's pages have the time of the last reload in the addresses of their assets; the sample app's say how long they took. */
const withoutTimes = (text = ''): string =>
  text.replace(/(\?v=\w+)\.\d+/, '$1').replace(/[\d.]+ ms in the database/, '');

t.test('the predicted hit rate is within two points of the one measured afterwards', async (t) => {
  const played = {
    'the sample app': await predictSampleApp(t, { ...sample, count: 250 }),
    CodeBot: await predictCodebot(t, { users: [1003], hours: [[8, 8.2]] }),
  };
  for (const [name, { shadow, measured, hitsInShadow, quarantined }] of Object.entries(played)) {
    const { total, examples } = shadow;
    t.equal(hitsInShadow, 0, 'the cache answered nothing');
    t.same(quarantined, { routes: [] }, 'the public pages are the same for everybody');
    const predicted = total?.hit_rate ?? 0;
    t.ok(
      measured > 0.25 && Math.abs(predicted - measured) < 0.02,
      `${name}: ${predicted} predicted, ${measured} measured`,
    );
    t.ok((total?.compared ?? 0) > (total?.would_hit ?? 0) * 0.8, 'most were compared');
    const differing = examples.flatMap(({ differs }) => differs).map(({ copy, now }) => [copy, now]);
    const harmless = differing.filter(([copy, now]) => withoutTimes(copy) === withoutTimes(now));
    t.same(differing, harmless, 'with right rules nothing would be stale');
    t.equal(examples.length === 0, total?.stale === 0);
  }
  const { noise, total } = played['the sample app'].shadow;
  t.ok(noise.length > 0 && (total?.noise ?? 0) > 0, 'the clock on each page is known as noise');
});

t.test('a write rule that is missing and a lifetime that is too long are found', async (t) => {
  const site = await startDemo(t, (rules) =>
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
  clock.advance(1);
  const elsewhere = new Visitor(site.appUrl);
  await elsewhere.post('/login', { username: 'demo', password: 'demo' });
  await visitor.ask('/api/bookmarks');
  await visitor.ask('/api/tags');
  await elsewhere.post('/api/files', { name: 'new.py', content: 'x', language: 'python', tags: 'another' });
  await visitor.ask('/api/tags');
  t.match((await stale(3)).examples[0], { target: '/api/tags', cause: 'time', writes: [] });
});

t.test(
  'rules drafted from its traffic, unedited: hits, and nobody gets what the app would not give',
  async (t) => {
    const appUrl = `http://127.0.0.1:${app.port}`;
    const start = async (text: string, record?: (line: string) => void): Promise<string> => {
      const parsed = parseConfig(text, {
        file: 'rules.yaml',
        env: { SECRET_KEY: secret },
        listen: '127.0.0.1:0',
      });
      if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed.problems));
      const log = pino({ level: 'silent' });
      const proxy = await startServer({ config: parsed.config, clock, log, control: 'off', record });
      t.teardown(() => proxy.close());
      return proxy.url;
    };
    const lines: string[] = [];
    const recorded = await start(`upstream: ${appUrl}\nmode: shadow\n`, (line) => lines.push(line));
    await useSampleApp(recorded, { count: 240, appUrl });
    const records = lines.map((line) => readLogLine(line)).filter((read) => read !== undefined);
    const draft = survey(records, []);
    t.equal(draft.roles.framework, 'Flask');
    const rules = rulesText({ draft, upstream: appUrl, from: 'a test' });
    const { hits, reads, wrong } = await useSampleApp(await start(rules), { count: 150, appUrl });
    t.same(wrong, []);
    t.ok(hits > reads * 0.05, `${hits} hits of ${reads}`);
  },
);

/** People use the app by `url`; each hit is compared with what the app gives to the same person. */
async function useSampleApp(url: string, { count, appUrl }: { count: number; appUrl: string }) {
  const used = { reads: 0, hits: 0, wrong: [] as string[] };
  const people = new Map<string, Visitor>([['nobody', new Visitor(url)]]);
  for (const name of ['demo', 'maya', 'admin']) {
    const visitor = new Visitor(url);
    await visitor.logIn(name);
    people.set(name, visitor);
  }
  for (const { method, path, as, body } of planOf(count)) {
    clock.advance(0.5);
    const visitor = people.get(as);
    if (visitor === undefined) continue;
    if (method !== 'GET') {
      await (body === undefined ? visitor.ask(path, { method }) : visitor.send(method, path, body));
      continue;
    }
    const shown = await visitor.ask(path);
    used.reads += 1;
    if (!/shelflife; hit/.test(shown.headers.get('cache-status') ?? '')) continue;
    used.hits += 1;
    const direct = new Visitor(appUrl);
    direct.cookie = visitor.cookie;
    const right = await direct.ask(path);
    if (shown.status !== right.status || withoutTimes(shown.content) !== withoutTimes(right.content))
      used.wrong.push(`${as} ${path}`);
  }
  return used;
}
