/** An app whose public pages are the same for everybody, with what makes two answers differ all the same. */

import type { TestClock } from '../helpers/test-clock.ts';

type Answer = { readonly type: string; readonly body: string };

export type CleanApp = ((target: string, cookie: string) => Answer) & { readonly asked: () => number };

const html = 'text/html; charset=utf-8';

/** The first segment of each public page. */
export const publicPages: readonly string[] = [
  'plain',
  'clock',
  'nonce',
  'form',
  'count',
  'banner',
  'two',
  'news',
  'json',
];

/** The app; `random` decides what is by chance. */
export function cleanApp(random: () => number, clock: TestClock): CleanApp {
  let asked = 0;
  const hex = (): string =>
    Math.floor(random() * 2 ** 48)
      .toString(16)
      .padStart(12, '0');
  const oneOf = (...all: readonly string[]): string => all[Math.floor(random() * all.length)] ?? '';
  const time = (): string => new Date(clock.now()).toISOString();
  const news = (): number => Math.floor(clock.now() / 90_000);
  const inner: Readonly<Record<string, () => string>> = {
    plain: () => '<p>always the same</p>',
    clock: () => `<footer>made at ${time()}</footer>`,
    nonce: () => `<script nonce="${hex()}">start()</script>\n<p>text</p>`,
    form: () => `<form><input name="csrf_token" value="${hex()}${hex()}"></form>`,
    count: () => `<p>seen ${asked} times</p>`,
    banner: () => `<aside>${oneOf('tea', 'coffee', 'juice')}</aside>\n<p>text</p>`,
    two: () => `<aside>${oneOf('old', 'new')}</aside>\n<b>${oneOf('left', 'right')}</b>`,
    news: () => `<li>item ${news()}</li>\n<li>item ${news() - 1}</li>`,
  };
  const answer = (target: string, cookie: string): Answer => {
    asked += 1;
    const [, page = '', number = ''] = target.split('/');
    if (page === 'json')
      return {
        type: 'application/json',
        body: JSON.stringify({ request_id: hex(), at: time(), total: news(), ad: oneOf('a', 'b') }),
      };
    if (page === 'me') return { type: html, body: `<p>hello ${cookie}</p>` };
    return { type: html, body: `<h1>${page} ${number}</h1>\n${inner[page]?.() ?? ''}\n<p>end</p>\n` };
  };
  return Object.assign(answer, { asked: () => asked });
}
