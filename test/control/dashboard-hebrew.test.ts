/**
 * In Hebrew no English remains: the test reads every visible text, label and option in each state of the page. Latin letters
 * are allowed only in names of the configuration, URLs, words of HTTP and the few terms of the guide.
 */
import type { RequestListener } from 'node:http';
import t from 'tap';
// setup.mjs installs a browser where a test imports this; the pages are opened in dashboard-page.ts.
import type { Page } from 'playwright-core';
import type { AlertList } from '../../src/watch/alerts/alert-board.ts';
import { eventually } from '../helpers/eventually.ts';
import { englishBeside, openDashboard } from './dashboard-page.ts';
import { type Running, startProxy } from './running-proxy.ts';

const rules = `
identity: { credentials: [session] }
ttl:
  hours: [{ name: always, from: "00:00", to: "00:00", factor: 2 }]
  factors:
    - { name: favorite, factor: 1.5, when: { response_header: { x-is-favorite: "true" } } }
    - { name: fresh, factor: 0.5, when: { modified_within: 1h } }
    - { name: popular, factor: 2, when: { access: high } }
    - { name: large, factor: 2, when: { larger_than: 9B } }
content_types:
  page: { ttl: 60s, scope: public, tags: ["page:{id}"] }
  mine: { ttl: 60s, scope: user, vary: { cookies: [theme], headers: [accept-language] } }
  brief: { ttl: 1s, min: 1s, max: 1s, scope: public, cache_control: override }
routes:
  - { match: "GET /page/:id", type: page }
  - { match: "GET /mine/:id", type: mine }
  - { match: "GET /brief/:id", type: brief }
  - { match: "GET /never/*", type: pass }
writes:
  - { match: "POST /page/:id", invalidate: ["page:{id}"] }
alerts:
  - { name: low-hit-rate, when: { hit_rate_below: 0.99 }, for: 1s, min_requests: 1 }
  - { name: failing, when: { origin_error_rate_above: 0.01 }, for: 1s, min_requests: 1 }
  - { name: slow, when: { origin_latency_above: 1ms }, for: 1s, min_requests: 1 }
  - { name: big, when: { memory_above: 1MiB }, for: 0s }
  - { name: leak, when: { leak_suspected: true }, for: 0s }
  - { name: lagging, when: { purge_lag_above: 10s }, for: 0s }
`;

const answer: RequestListener = (request, response) => {
  const path = request.url ?? '';
  const status = path.startsWith('/error') ? 500 : 200;
  const caching = /^\/(?:secret|error)/.test(path) ? 'no-store' : 'max-age=60';
  response.writeHead(status, { 'Cache-Control': caching, ETag: '"1"', 'Content-Type': 'text/plain' });
  setTimeout(() => response.end('a body of some length'), 3);
};

/** Names this configuration gives. */
const names =
  'page mine brief standard pass always favorite fresh popular large low-hit-rate failing slow big leak lagging theme accept-language session id';
const englishOn = englishBeside(names);

async function traffic({ get, control }: Running, url: string): Promise<void> {
  for (const path of [
    '/page/1',
    '/page/1',
    '/page/2',
    '/mine/1',
    '/brief/1',
    '/never/1',
    '/secret',
    '/error',
    '/plain',
  ]) {
    await get(path, path === '/mine/1' ? { cookie: 'session=abc' } : {});
  }
  await get('/mine/1', { cookie: 'session=a; session=b' });
  await get('/page/1', { 'cache-control': 'no-cache' });
  await (await fetch(`${url}/page/2`, { method: 'POST' })).text();
  await (await fetch(`${url}/plain`, { method: 'POST' })).text();
  await get('/page/2');
  await control('/purge', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ urls: ['/page/2'], soft: true }),
  });
  await get('/page/2');
}

async function explain(page: Page, url: string, method = 'GET'): Promise<string> {
  await page.evaluate(`document.getElementById('explanation').replaceChildren()`);
  await page.selectOption('#explain-method', method);
  await page.fill('#explain-url', url);
  await page.press('#explain-url', 'Enter');
  await page.locator('#explanation > p').waitFor();
  return page.locator('#explanation').innerText();
}

t.test('before signing in, and when the token is wrong', async (t) => {
  const { server } = await startProxy(t, { rules, listener: answer });
  const { page } = await openDashboard(t, server, { signIn: false });
  t.strictSame(await englishOn(page), []);
  await page.fill('#token', 'wrong');
  await page.press('#token', 'Enter');
  await page.locator('#sign-in-problem:not(:empty)').waitFor();
  t.strictSame(await englishOn(page), []);
});

t.test('with an empty store', async (t) => {
  const { server } = await startProxy(t, { listener: answer });
  const { page } = await openDashboard(t, server);
  t.strictSame(await englishOn(page), []);
});

t.test(
  'with traffic and alerts, after explaining, purging and mistakes, and when the connection is lost',
  async (t) => {
    const running = await startProxy(t, { rules, listener: answer });
    const { server, control } = running;
    await traffic(running, server.url);
    // What cannot be stored is asked for all the time: rates stay bad, and their alerts firing.
    const asking = setInterval(() => void running.get('/error').catch(() => undefined), 250);
    t.teardown(() => {
      clearInterval(asking);
    });
    await eventually('alerts fire', async () => {
      const { firing } = (await (await control('/api/cache/alerts')).json()) as AlertList;
      const fire = firing.map(({ name }) => name);
      return ['low-hit-rate', 'failing', 'slow', 'big'].every((name) => fire.includes(name));
    });
    const { page, problems } = await openDashboard(t, server);
    await page.locator('#alert-strip p').nth(3).waitFor();
    t.strictSame(await englishOn(page), [], 'traffic and alerts');
    t.match(await page.locator('#alert-strip').innerText(), /low-hit-rate: Hit Rate מתחת ל־99%/);

    for (const [what, url, method, verdict] of [
      ['a hit', '/page/1', 'GET', /^פגיעה/],
      ['a stale one', '/brief/1', 'GET', /דורשת אימות/],
      ['a miss', '/page/9?x=1', 'GET', /ונשמר/],
      ['of a user', '/mine/7', 'GET', /אנונימי/],
      ['what HTTP forbids', '/other', 'GET', /ולא נשמר/],
      ['a soft purge', '/page/2', 'GET', /טרייה/],
      ['a pass', '/never/1', 'GET', /^מועבר ישירות: כך קובע הנתיב/],
      ['a write', '/page/1', 'POST', /מבטל/],
      ['a HEAD', '/page/9', 'HEAD', /תשובה ל־HEAD/],
      ['what is refused', '/a%zz', 'GET', /נענית 400/],
    ] as const) {
      t.match(await explain(page, url, method), verdict, what);
      t.strictSame(await englishOn(page), [], `explained: ${what}`);
    }
    t.match(await explain(page, 'no url'), /זו אינה כתובת/);
    t.strictSame(await englishOn(page), [], 'what cannot be explained');

    for (const value of ['dry', 'purge']) {
      await page.fill('#purge-value', '/page/1');
      await page.click(`button[value=${value}]`);
      await page.locator('#receipt dl').waitFor();
      t.strictSame(await englishOn(page), [], `after a purge: ${value}`);
    }
    await page.fill('#purge-value', 'no url');
    await page.click('button[value=dry]');
    await page.locator('#receipt .problem').waitFor();
    t.strictSame(await englishOn(page), [], 'a value that is none');
    await page.fill('#purge-value', '');
    await page.click('button[value=dry]');
    await page.selectOption('#purge-kind', 'everything');
    await page.click('button[value=purge]');
    await page.locator('#receipt .problem').waitFor();
    t.strictSame(await englishOn(page), [], 'unconfirmed');
    await page.check('#purge-sure');
    await page.click('button[value=purge]');
    await page.locator('#purges td', { hasText: 'הכול' }).waitFor({ timeout: 60_000 });
    t.strictSame(await englishOn(page), [], 'everything purged');

    await page.click('#language');
    t.match(await page.locator('#connection').innerText(), /^Updates every/);
    t.match(
      await page.locator('#alert-strip').innerText(),
      /low-hit-rate: hit_rate_below 0\.99 for 1s\. The hit rate is .* Most misses: /,
    );
    t.ok((await englishOn(page)).length > 20, 'English is found where it is');
    await page.click('#language');
    t.strictSame(await englishOn(page), [], 'and back');

    await server.close();
    await page.locator('#connection.down').waitFor({ timeout: 60_000 });
    await explain(page, '/page/1');
    await page.click('button[value=dry]');
    await page.locator('#receipt .problem').waitFor();
    t.strictSame(await englishOn(page), [], 'the connection is lost');
    t.ok(
      problems.every((text) => /Failed to load resource|ERR_|400/.test(text)),
      problems.join('\n'),
    );
  },
);
