/**
 * `node scripts/images.ts`: takes the pictures of the dashboard in docs/images: the sample app with the proxy in front of it,
 * some traffic, and a browser, in Hebrew and English, wide and as wide as a phone.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pino from 'pino';
import { type Browser, chromium } from 'playwright-core';
import { startWebapp } from '../examples/webapp/app.ts';
import { parseConfig } from '../src/config/schema/check.ts';
import { startServer } from '../src/server.ts';

const root = join(import.meta.dirname, '..');
const token = 'a-control-token-of-many-characters';
const secret = 'dev-secret-key-change-in-production';
const trafficMs = 10_000;
const paths = ['/', '/files', '/api/stats', '/api/tags', '/api/search?q=python', '/static/app.js', '/new'];
const [wide, narrow] = [1280, 360];

type Picture = {
  readonly name: string;
  readonly language: 'he' | 'en';
  readonly width: number;
  readonly dark?: boolean;
  /** The panel that is shown alone, after its form is sent. */
  readonly explains?: string;
};

const pictures: readonly Picture[] = [
  { name: 'dashboard-he', language: 'he', width: wide },
  { name: 'dashboard-en-dark', language: 'en', width: wide, dark: true },
  { name: 'dashboard-he-explain', language: 'he', width: wide, explains: '/files' },
  { name: 'dashboard-he-narrow', language: 'he', width: narrow },
  { name: 'dashboard-en-narrow', language: 'en', width: narrow },
];

/** People who read, and write now and then. */
async function browse(site: string, user: string, until: AbortSignal): Promise<void> {
  const logIn = { method: 'POST', body: new URLSearchParams({ username: user, password: 'demo' }) };
  let cookie = '';
  for (let turn = 0; !until.aborted; turn += 1) {
    const path = paths[turn % paths.length] ?? '/';
    const read = { headers: { cookie } };
    const sent =
      turn % 60 === 0 ? fetch(`${site}/login`, { ...logIn, redirect: 'manual' }) : fetch(site + path, read);
    const answer = await sent;
    await answer.arrayBuffer();
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    if (turn % 25 === 24) await (await fetch(`${site}/api/files/${turn % 40}`, read)).arrayBuffer();
    await wait(40);
  }
}

async function take(browser: Browser, control: string, picture: Picture): Promise<void> {
  const { name, language, width, dark = false, explains } = picture;
  const page = await browser.newPage({
    viewport: { width, height: width === wide ? 1340 : 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  await page.goto(control);
  if (language === 'en') await page.click('#language');
  await page.fill('#token', token);
  await page.press('#token', 'Enter');
  await page.waitForSelector('#card-hit-rate');
  const path = join(root, 'docs', 'images', `${name}.png`);
  if (explains === undefined) {
    // Another answer, for the charts of what is drawn from one to the next.
    await wait(6000);
    await page.screenshot({ path });
  } else {
    await page.fill('#explain-url', explains);
    await page.press('#explain-url', 'Enter');
    await page.waitForSelector('#explanation > *');
    await page.locator('section:has(> #explain)').screenshot({ path });
  }
  await page.close();
}

const app = await startWebapp({ port: 0, host: '127.0.0.1', secret });
const rules = await readFile(join(root, 'config', 'demo.yaml'), 'utf8');
const env = { SHELFLIFE_TOKEN: token, SHELFLIFE_LISTEN: '127.0.0.1:0', SHELFLIFE_CONTROL: '127.0.0.1:0' };
const parsed = parseConfig(rules, { file: 'demo.yaml', upstream: app.url, env });
if (parsed.kind !== 'ok') throw new Error('config/demo.yaml has problems');
const server = await startServer({ config: parsed.config, log: pino({ level: 'silent' }) });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const stop = new AbortController();
const people = ['demo', 'maya', 'admin'].map((user) => browse(server.url, user, stop.signal));
await wait(trafficMs);
for (const picture of pictures) await take(browser, server.controlUrl ?? '', picture);
stop.abort();
await Promise.all(people);
await browser.close();
await server.close();
await app.close();
