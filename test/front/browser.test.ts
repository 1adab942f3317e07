/** 17.4: a real Chromium at the public listener: over TLS it agrees on HTTP/2, and is given hits. */

import t from 'tap';
// setup.mjs installs a browser where a test imports this.
import type { Page } from 'playwright-core';
import { openBrowser } from '../control/dashboard-page.ts';
import { authority } from '../helpers/certificates.ts';
import { startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /page, type: page }, { match: GET /part/*, type: page }]
`;
const icon = '<link rel="icon" href="data:,">';
const parts = Array.from({ length: 100 }, (_, index) => `/part/${index}.svg`);

const protocolsOf = (page: Page): Promise<readonly string[]> =>
  page.evaluate(
    `['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type)).map((entry) => entry.nextHopProtocol)`,
  );

t.test('Chromium loads a page and its 100 parts over one connection of HTTP/2', async (t) => {
  const { certify } = await authority(t);
  const { cert, key } = await certify('127.0.0.1');
  const site = await startSite(`listen: { tls: { cert: ${cert}, key: ${key} } }${rules}`, {
    answer: ({ url = '' }, response) => {
      const isPage = url === '/page';
      response.setHeader('Content-Type', isPage ? 'text/html' : 'image/svg+xml');
      response.end(
        isPage
          ? icon + parts.map((part) => `<img src="${part}">`).join('')
          : '<svg xmlns="http://www.w3.org/2000/svg"/>',
      );
    },
  });
  t.teardown(() => site.close());
  const browser = await openBrowser();
  const fates: string[] = [];
  /** Loads the page with an empty cache; gives the protocol of each answer. */
  const load = async (): Promise<readonly string[]> => {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    page.on('response', (response) => fates.push(response.headers()['cache-status'] ?? ''));
    await page.goto(`${site.url}/page`, { waitUntil: 'load' });
    return protocolsOf(page);
  };
  t.strictSame(await load(), Array(101).fill('h2'));
  const asked = site.seen.length;
  fates.length = 0;
  await load();
  t.equal(site.seen.length, asked);
  t.equal(fates.filter((fate) => /^shelflife; hit/.test(fate)).length, 101);
});
