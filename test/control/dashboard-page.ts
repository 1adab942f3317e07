/** The dashboard in a real Chromium, over a running proxy. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { RunningServer } from '../../src/server.ts';
import { token } from './running-proxy.ts';

/** No sandbox (tests may run as root), no service of the browser's own. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser of the system. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    headless: true,
    args,
  });

export type Seen = { readonly page: Page; readonly problems: string[]; readonly foreign: string[] };

export type View = {
  readonly width?: number;
  readonly language?: 'he' | 'en';
  readonly dark?: boolean;
  readonly signIn?: boolean;
};

/** Opens the dashboard, signed in; what the page complains of and what it asks of other hosts is noted. */
export async function openDashboard(browser: Browser, server: RunningServer, view: View = {}): Promise<Seen> {
  const { width = 1280, language = 'he', dark = false, signIn = true } = view;
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const problems: string[] = [];
  const foreign: string[] = [];
  const base = server.controlUrl ?? '';
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(base)) foreign.push(request.url());
  });
  await page.goto(base);
  if (language === 'en') await page.click('#language');
  if (signIn) {
    await page.fill('#token', token);
    await page.press('#token', 'Enter');
    await page.waitForSelector('#card-hit-rate');
  }
  return { page, problems, foreign };
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with the page as it is now: the rule and the place. Contrast has its own test, in both themes. */
export async function barriersOn(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate<
    string[]
  >(`axe.run({ resultTypes: ['violations'], preload: false, rules: { 'color-contrast': { enabled: false } } }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary)))`);
}

/** How the page is walked through with Tab: the controls that are never reached, and those whose focus cannot be seen. */
export async function walkByTab(page: Page): Promise<{ unreached: string[]; unseen: string[] }> {
  const all = await page.evaluate<number>(`(() => {
    document.activeElement.blur();
    window.walked = new Set();
    window.unseen = [];
    window.controls = [...document.querySelectorAll('a[href], button, input, select, [tabindex="0"]')].filter((one) => one.checkVisibility());
    return window.controls.length;
  })()`);
  // A date has a stop for each of its parts.
  for (let step = 0; step < all + 6; step += 1) {
    await page.keyboard.press('Tab');
    await page.evaluate(`(() => {
      const one = document.activeElement;
      window.walked.add(one);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      if (one !== document.body && (outlineStyle === 'none' || parseFloat(outlineWidth) < 2)) window.unseen.push(one.outerHTML.slice(0, 80));
    })()`);
  }
  return page.evaluate(`({
    unreached: window.controls.filter((one) => !window.walked.has(one)).map((one) => one.outerHTML.slice(0, 80)),
    unseen: window.unseen,
  })`);
}

/** The file that the button of this name saves. */
export async function savedBy(page: Page, button: string): Promise<Buffer> {
  const saving = page.waitForEvent('download');
  await page.click(`[aria-label="${button}"]`);
  return readFile(await (await saving).path());
}
