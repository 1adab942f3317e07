/** The dashboard's page on trust in a real Chromium: what it shows of evidence, who may lift a quarantine, both languages. */
import { hash } from 'node:crypto';
import t from 'tap';
// setup.mjs installs a browser where a test imports this; the pages are opened in dashboard-page.ts.
import type {} from 'playwright-core';
import { barriersOn, englishBeside, lowContrast, openDashboard } from './dashboard-page.ts';
import { token } from './running-proxy.ts';
import { startWithEvidence } from './trust-traffic.ts';

const englishOn = englishBeside(
  'brief mine page other dana quarantine rollback audit admin CSRF csrf_token greeting version id n',
);

t.test('all evidence is shown, in both languages and from 360 px; admin lifts a quarantine', async (t) => {
  const eyes = `{ name: eyes, sha256: ${hash('sha256', 'token-of-eyes')}, scopes: [read] }`;
  const { server, control } = await startWithEvidence(t, `{ token: ${token}, tokens: [${eyes}], `);
  const { page, problems, foreign } = await openDashboard(t, server, { language: 'en' });
  const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
  const waitFor = (selector: string, text: string): Promise<void> =>
    page.locator(selector, { hasText: text }).first().waitFor({ timeout: 60_000 });
  t.notOk(await page.isVisible('#trust-page'));
  await page.click('#pages a[href="#trust"]');
  await waitFor('#quarantine', '/page/:id');
  t.strictSame([await page.isVisible('#cards'), await page.isVisible('#alert-strip')], [false, true]);

  t.match(await textOf('#card-predicted'), /66\.7%\s+of 3 reads in shadow/);
  t.match(await textOf('#card-stale-in-shadow'), /50%\s+95% interval: .[\d.]+–[\d.]+%/);
  t.match(await textOf('#card-cached'), /0%\s+type .mine.: rolled back/);
  t.match(await textOf('#quarantine'), /\/page\/:id\s+page\s+the page differs from one person to another/);
  t.match(await textOf('#quarantine'), /\/page\/1\s+\/greeting/);
  t.match(
    await textOf('#rollout'),
    /type mine\s+0%\s+100%\s+rolled back at .+\s+1 of 1 compared copies were stale/,
  );
  t.match(await textOf('#shadow'), /brief\s+3\s+66\.67%\s+.20\.77–93\.85%.\s+.*\s+2\s+50%/);
  await page.click('#shadow-by [data-by=patterns]');
  t.match(await textOf('#shadow'), /URL pattern.*\s+\/brief\/\{n\}/);
  await page.click('#shadow-by [data-by=routes]');
  t.match(await textOf('#shadow'), /\/brief\/:id/);
  const example = (await textOf('#shadow-examples')).replace(/\s+/g, ' ');
  t.match(example, '/brief/1 brief · ');
  t.match(example, 'a write was seen since POST /other/{n} /version 1 2');
  t.match(await textOf('#shadow-noise'), /\/brief\/\{n\}\s+CSRF token\s+\/csrf_token/);
  t.match(await textOf('#shadow-shared'), /\/mine\/:id\s+mine\s+2\s+\d+\s+\S+\s[^/]*too few people/);
  t.match(await textOf('#audit'), /mine\s+1\s+100%\s+.*\s+0\s+–\s+shorter/);
  await page.click('#audit-by [data-by=ages]');
  t.match(await textOf('#audit'), /0–25 %/);
  t.match(await textOf('#audit-examples'), /\/mine\/1/);
  t.notMatch(await page.content(), /tok\d/, 'no secret is shown');

  await page.click('#language');
  t.match(
    await textOf('#rollout'),
    /בוטלה מעצמה .*\s+1 מתוך 1 עותקים שהושוו היו ישנים: בוודאות יותר מ־0\.1%/,
  );
  t.strictSame(await englishOn(page), []);
  await page.setViewportSize({ width: 360, height: 900 });
  t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
  t.strictSame(await barriersOn(page), [], 'Hebrew, 360 px');
  t.strictSame(await page.evaluate(lowContrast), [], 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  t.strictSame(await page.evaluate(lowContrast), [], 'dark');
  await page.click('#language');
  t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);

  const signInAs = async (given: string): Promise<void> => {
    await page.click('#leave');
    t.equal(await page.isVisible('#pages'), false);
    t.notMatch(
      await page.locator('#trust-page').innerHTML(),
      /page\/:id/,
      'nothing is left for who comes next',
    );
    await page.fill('#token', given);
    await page.press('#token', 'Enter');
    await waitFor('#quarantine', '/page/:id');
  };
  await signInAs('token-of-eyes');
  t.match(await textOf('#lift-needs'), 'To lift a quarantine, a token needs the scope admin.');
  t.equal(await page.locator('#quarantine button').count(), 0);
  await signInAs(token);
  const isIn = async (): Promise<boolean> =>
    /page/.test(await (await control('/api/cache/quarantine')).text());
  await page.click('#quarantine button');
  await waitFor('#quarantine button', 'Yes, cache it again');
  t.ok(await isIn(), 'it is asked first');
  await page.click('#quarantine button');
  await waitFor('#quarantine', 'No route is in quarantine.');
  t.notOk(await isIn());
  await page.click('#pages a[href="#overview"]');
  t.strictSame([await page.isVisible('#charts'), await page.isVisible('#trust-page')], [true, false]);
  t.strictSame([problems, foreign], [[], []]);
});
