/** The dashboard in a real Chromium, over a running proxy. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import t from 'tap';
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

let browser: Promise<Browser> | undefined;
let shared: Promise<Page> | undefined;

/** The browser of the system. The test files of a process share it: a start costs more than most tests with it. */
export function openBrowser(): Promise<Browser> {
  if (browser === undefined) {
    const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
    const launched = chromium.launch({ executablePath, headless: true, args });
    browser = launched;
    t.teardown(async () => (await launched).close());
  }
  return browser;
}

/** The page that all tests of the dashboard use, one after the other: another one costs a second of both cores. */
const openPage = (): Promise<Page> => (shared ??= openBrowser().then((browser) => browser.newPage()));

export type Seen = { readonly page: Page; readonly problems: string[]; readonly foreign: string[] };

export type View = {
  readonly width?: number;
  readonly language?: 'he' | 'en';
  readonly dark?: boolean;
  readonly signIn?: boolean;
};

type Test = { readonly teardown: (action: () => Promise<void>) => unknown };

/** Opens the dashboard, signed in; what the page complains of and what it asks of other hosts is noted. */
export async function openDashboard(t: Test, server: RunningServer, view: View = {}): Promise<Seen> {
  const { width = 1280, language = 'he', dark = false, signIn = true } = view;
  const page = await openPage();
  if (page.url() !== blank) await leave(page);
  t.teardown(() => leave(page));
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
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

const blank = 'about:blank';

/** Leaves nothing on the page for the next test, and asks nothing more of the server. */
async function leave(page: Page): Promise<void> {
  for (const event of ['console', 'pageerror', 'request'] as const) page.removeAllListeners(event);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.goto(blank);
  await page.context().clearCookies();
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

/** Every visible text whose contrast with what is behind it is under 4.5 (WCAG 2.2 §1.4.3). Runs in the page. */
export const lowContrast = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('body *')].filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  return texts.flatMap((one) => {
    if (one.closest('noscript, .skip')) return [];
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    return ratio < 4.5 ? [one.textContent.trim().slice(0, 30) + ' ' + ratio.toFixed(2)] : [];
  });
})()`;

/** Words of HTTP, of the configuration file and of the product that are the same in both languages. */
const terms =
  'Cache Redis Hit Rate Hits Misses Purge TTL HTTP HTML JSON CSV PNG ms MB kB SHELFLIFE_TOKEN English Vary WebSocket ' +
  'GET HEAD POST PUT PATCH DELETE Age Host Cookie Set-Cookie Authorization Connection Last-Modified Expires Accept ' +
  'Via X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Request-ID Cache-Control If-None-Match Accept-Encoding ' +
  'max-age s-maxage http accept response_header modified_within access larger_than unless localhost';
const allowed: readonly RegExp[] = [
  // The whole of what is a URL, a path, a tag, a clause, a field with its value, or a digest.
  /\b(?:[a-z-]*url|type|partition|page|user):[^\s,)]+/g,
  /https?:\/\/[^\s,)]+/g,
  /(?:127\.0\.0\.1:\d+)?\/[\w.~:/?#@!$&'*+=%-]*/g,
  /RFC \d+(?: §[\d.]+)?/g,
  /Cache-Status: shelflife; [\w; =-]+/g,
  /\b[0-9a-f]{16}\b/g,
];

/** Every text a person meets on the page: on it, or read out. */
const texts = `(() => {
  const found = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    if (at.closest('noscript, script')) continue;
    if (at.checkVisibility() || at.tagName === 'OPTION') found.push(walker.currentNode.textContent);
  }
  for (const one of document.querySelectorAll('[aria-label], [placeholder], [title]')) {
    if (one.checkVisibility()) found.push(one.ariaLabel, one.placeholder, one.title);
  }
  return found.filter((text) => typeof text === 'string' && text.trim() !== '');
})()`;

/** Finds texts with Latin letters that are not of these names. */
export function englishBeside(names: string): (page: Page) => Promise<string[]> {
  const words = `${names} ${terms}`.split(' ').sort((one, other) => other.length - one.length);
  const known = [...allowed, new RegExp(`(?<![\\w-])(?:${words.join('|')})(?![\\w-])`, 'g')];
  return async (page) => {
    const found = await page.evaluate<string[]>(texts);
    return found.filter((text) => /[A-Za-z]/.test(known.reduce((left, one) => left.replace(one, ''), text)));
  };
}
