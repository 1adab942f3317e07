/**
 * The dashboard as a person uses it, in a real Chromium: values change with traffic, the forms work, and no foreign script
 * runs.
 */
import { hash } from 'node:crypto';
import t from 'tap';
// setup.mjs installs a browser where a test imports this; the pages are opened in dashboard-page.ts.
import type {} from 'playwright-core';
import { eventually } from '../helpers/eventually.ts';
import { barriersOn, lowContrast, openDashboard, savedBy, type Seen, walkByTab } from './dashboard-page.ts';
import { startProxy, token } from './running-proxy.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public }
routes:
  - { match: "GET /page/*", type: page }
writes:
  - { name: beacon, match: POST /beacon, invalidate: ["type:page"] }
`;

const textOf = (page: Seen['page'], selector: string): Promise<string> => page.locator(selector).innerText();
const signInAs = async (page: Seen['page'], given: string): Promise<void> => {
  await page.click('#leave');
  await page.fill('#token', given);
  await page.press('#token', 'Enter');
  await page.waitForSelector('#role p');
};
/** Waits until a text is there; the next update brings it. */
const waitFor = async (page: Seen['page'], selector: string, text: string): Promise<void> => {
  await page.locator(selector, { hasText: text }).first().waitFor({ timeout: 60_000 });
};

t.test('the shell needs no token and shows nothing; a wrong token shows nothing either', async (t) => {
  const { server, get } = await startProxy(t, { rules });
  await get('/page/secret-name');
  const { page, problems } = await openDashboard(t, server, { signIn: false });
  t.equal(await page.title(), 'לוח בקרת Cache');
  t.equal(await page.locator('html').getAttribute('dir'), 'rtl');
  t.notMatch(await page.content(), /secret-name/);
  await page.fill('#token', 'not-the-token-but-long-enough-for-one');
  await page.press('#token', 'Enter');
  await waitFor(page, '#sign-in-problem', 'האסימון שגוי');
  t.notOk(await page.locator('#board').isVisible());
  t.match(problems, [/401/], 'the browser reports the refusal, nothing else');
});

t.test(
  'cards and tables change as traffic flows, without a reload, and equal what was counted',
  async (t) => {
    const { server, get, requests } = await startProxy(t, { rules });
    await get('/page/a');
    const { page, problems, foreign } = await openDashboard(t, server, { language: 'en' });
    t.equal(await textOf(page, '#total-hits'), '0');
    t.equal(await textOf(page, '#total-misses'), '1');
    for (let n = 0; n < 9; n += 1) await get('/page/a');
    await waitFor(page, '#total-hits', '9');
    t.equal(await textOf(page, '#hit-rate'), '90%');
    t.equal(await textOf(page, '#origin'), String(requests.length));
    t.match(await page.locator('#card-hit-rate').getAttribute('class'), /good/);
    t.match(await textOf(page, '#types'), /page\s+10\s+90%\s+60\ssecs/);
    t.match(await textOf(page, '#misses'), /cold: not stored yet\s+1\s+100%/);
    t.match(await textOf(page, '#hot'), /\/page\/a\s+page\s+everybody\s+9/);
    t.equal(await page.locator('#charts canvas').count(), 4);
    t.match(await page.locator('.plot').first().getAttribute('aria-label'), /^Hit rate\. Now: Hit rate \d/);
    await page.click('#hot button');
    await waitFor(page, '#explanation .summary', 'hit');
    await page.focus('#costly button');
    await get('/page/a?x=<b>');
    await waitFor(page, '#total-misses', '2');
    t.equal(
      await page.evaluate(focusedUrl),
      `${new URL(server.url).host}/page/a`,
      'an update leaves the focus',
    );
    await page.fill('#search-value', '/page/a');
    await page.press('#search-value', 'Enter');
    await waitFor(page, '#found-summary', '2 of 2 stored responses.');
    t.match(await textOf(page, '#found'), /\/page\/a\s+page\s+everybody\s+fresh\s+\d+\ssecs\s+/);
    await page.click('[data-span="7d"]');
    const csv = await savedBy(page, 'CSV: Requests per second by outcome');
    t.match(csv.toString(), /^at,hits,misses,passes,writes\r\n(\d{4}-\d\d-\d\dT[\d:.]+Z(,[\d.]+){4}\r\n)+$/);
    t.match((await savedBy(page, 'PNG: Hit rate')).subarray(1, 4).toString(), 'PNG');
    t.strictSame(await barriersOn(page), [], 'English, wide');
    t.strictSame(problems, []);
    t.strictSame(foreign, [], 'nothing is asked of another host');
  },
);

const focusedUrl = 'document.activeElement.dataset.explain';

/** How much of the first chart is green, in the page's own words: its grid and its letters are grey. */
const greenPixels = `(() => {
  const canvas = document.querySelector('#charts canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 200 && data[at + 1] - Math.max(data[at], data[at + 2]) > 40) count += 1;
  return count;
})()`;

t.test('a chart of a single point shows it', async (t) => {
  const { server } = await startProxy(t, { rules });
  const { page } = await openDashboard(t, server, { signIn: false });
  const at = [1, 2, 3, 4, 5].map((n) => 1_750_000_000 + 10 * n);
  await page.route('**/api/cache/overview*', async (route) => {
    const overview = (await (await route.fetch()).json()) as { series: object };
    const zeros = Object.fromEntries(Object.keys(overview.series).map((key) => [key, at.map(() => 0)]));
    const series = { ...zeros, at, hit_rate: [null, null, 0.5, null, null] };
    await route.fulfill({ json: { ...overview, series } });
  });
  await page.fill('#token', token);
  await page.press('#token', 'Enter');
  await page.waitForSelector('#card-hit-rate');
  await eventually('something green', async () => Number(await page.evaluate(greenPixels)) > 10);
});

t.test(
  'the purge form counts, purges, shows the receipt; purging everything needs a confirmation; both need the scope',
  async (t) => {
    const limited = (name: string, scope: string) =>
      `{ name: ${name}, sha256: ${hash('sha256', `token-of-${name}`)}, scopes: [${scope}] }`;
    const control = `{ token: ${token}, tokens: [${limited('eyes', 'read')}, ${limited('cms', 'purge')}], `;
    const { server, get, requests } = await startProxy(t, { rules, control });
    await get('/page/a');
    await fetch(`${server.url}/beacon`, { method: 'POST' });
    await get('/page/a');
    await get('/page/b');
    const asked = (): number => requests.length - 2;
    const { page } = await openDashboard(t, server, { language: 'en' });
    t.match(
      await textOf(page, '#writes'),
      /beacon\s+This write ended one copy.* and got the same bytes\.\s+1\s+1\s+1/,
    );
    await page.fill('#purge-value', '/page/a');
    await page.click('button[value=dry]');
    await waitFor(page, '#receipt', 'Dry run: nothing was purged');
    t.match(await textOf(page, '#receipt'), /Matched\s+1/);
    await get('/page/a');
    t.equal(asked(), 2, 'a dry run ended nothing');
    await page.click('button[value=purge]');
    await waitFor(page, '#receipt', 'Acknowledged');
    t.match(await textOf(page, '#receipt'), /Matched\s+1\s+Acknowledged\s+1 of 1/);
    await get('/page/a');
    t.equal(asked(), 3, 'it was purged');
    await waitFor(page, '#purges', 'api');

    await page.selectOption('#purge-kind', 'everything');
    await page.click('button[value=purge]');
    await waitFor(page, '#receipt', 'Confirm');
    await get('/page/b');
    t.equal(asked(), 3, 'nothing was purged unconfirmed');
    await page.check('#purge-sure');
    await page.click('button[value=purge]');
    await waitFor(page, '#receipt', 'Matched');
    await get('/page/b');
    t.equal(asked(), 4);

    await signInAs(page, 'token-of-eyes');
    t.equal(await textOf(page, '#role'), 'The token eyes has no scope purge: it can look, but not purge.');
    t.strictSame([await page.isVisible('#purge'), await page.isVisible('#total-hits')], [false, true]);
    await page.evaluate(`document.querySelector('[aria-labelledby=purge-title]').hidden = false`);
    await page.check('#purge-sure');
    await page.click('button[value=purge]');
    await waitFor(page, '#receipt', 'the token eyes has no scope purge');
    await signInAs(page, 'token-of-cms');
    t.match(await textOf(page, '#role'), /^The token cms has no scope read: figures/);
    t.strictSame([await page.isVisible('#purge'), await page.isVisible('#total-hits')], [true, false]);
    await page.click('button[value=dry]');
    await waitFor(page, '#receipt', 'Dry run: nothing was purged');
  },
);

t.test('the explain box shows every decision about a URL', async (t) => {
  const { server } = await startProxy(t, { rules });
  const { page } = await openDashboard(t, server);
  await page.fill('#explain-url', '/page/a');
  await page.press('#explain-url', 'Enter');
  await waitFor(page, '#explanation', 'נשלח למקור ונשמר ל');
  t.match(await textOf(page, '#explanation'), /GET \/page\/\*/);
  await page.fill('#explain-url', 'no url');
  await page.press('#explain-url', 'Enter');
  await page.locator('#explanation .problem').waitFor();
});

t.test('text of a hostile URL, tag or explanation stays text: no script of it runs', async (t) => {
  const { server, get, purge } = await startProxy(t, { rules });
  const evil = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>';
  const path = `/page/${encodeURIComponent(evil)}?q='"><svg onload=window.hurt=1>`;
  await get(path);
  await get(path);
  await get('/page/<img src=x onerror=hurt=1>');
  await purge({ tags: [evil] });
  const { page, problems, foreign } = await openDashboard(t, server, { language: 'en' });
  await waitFor(page, '#purges', 'onerror');
  await page.fill('#explain-url', path);
  await page.press('#explain-url', 'Enter');
  await page.locator('#explanation > *').first().waitFor();
  t.equal(await page.evaluate('window.hurt'), undefined);
  t.equal(await page.locator('#board img, #board script, #board svg').count(), 0);
  t.strictSame([problems, foreign], [[], []]);
});

t.test(
  'the policy forbids every script but the served ones, and the token is nowhere but in memory',
  async (t) => {
    const { server } = await startProxy(t, { rules });
    const { page } = await openDashboard(t, server);
    const response = await fetch(server.controlUrl ?? '');
    const policy = response.headers.get('content-security-policy') ?? '';
    t.match(policy, /default-src 'none'; script-src 'self';/);
    t.notMatch(policy, /unsafe/);
    t.notMatch(await response.text(), /<script>|onclick|style=/);
    const kept = await page.evaluate<string>(
      'JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML, document.getElementById("token").value])',
    );
    t.notOk(kept.includes(token));
    await page.reload();
    t.ok(await page.locator('#sign-in').isVisible(), 'a reload asks again');
  },
);

t.test('every page fits 360 px, works in both languages, and can be used by keyboard alone', async (t) => {
  const { server, get } = await startProxy(t, { rules });
  await get(`/page/${'a-long-name-without-end-'.repeat(8)}`);
  const { page, problems } = await openDashboard(t, server, { width: 360 });
  const overflow = 'document.documentElement.scrollWidth - innerWidth';
  t.equal(await page.evaluate(overflow), 0);
  t.match(await textOf(page, '#cards'), /סה״כ פגיעות/);
  t.strictSame(await barriersOn(page), [], 'Hebrew, 360 px');
  await page.focus('#language');
  await page.keyboard.press('Enter');
  t.equal(await page.locator('html').getAttribute('dir'), 'ltr');
  t.match(await textOf(page, '#cards'), /Total hits/);
  t.equal(await page.evaluate(overflow), 0);
  await page.focus('#purge-value');
  await page.keyboard.type('/page/a');
  await page.keyboard.press('Enter');
  await waitFor(page, '#receipt', 'Dry run');
  const unnamed = await page.evaluate<number>(
    `[...document.querySelectorAll('button, input, select')].filter((one) => one.checkVisibility() && !(one.labels?.length || one.textContent.trim())).length`,
  );
  t.equal(unnamed, 0, 'every control has a name');
  t.strictSame(await barriersOn(page), [], 'English, 360 px');
  t.strictSame(
    await walkByTab(page),
    { unreached: [], unseen: [] },
    'Tab reaches every control, and it is seen',
  );
  t.strictSame(problems, []);
});

t.test('text has the contrast of WCAG AA in both themes', async (t) => {
  const { server, get } = await startProxy(t, { rules });
  await get('/page/a');
  for (const dark of [false, true]) {
    const { page } = await openDashboard(t, server, { dark });
    const low = await page.evaluate(lowContrast);
    t.strictSame(low, [], dark ? 'dark' : 'light');
    if (!dark) t.strictSame(await barriersOn(page), [], 'Hebrew, wide');
  }
});
