/**
 * A browser in front of the proxy and CodeBot's stand-in: it keeps cookies, follows no redirect, and compares every page with
 * what the app would answer at that moment.
 */

import { readFile } from 'node:fs/promises';
import pino from 'pino';
import { parseConfig } from '../../src/config/schema/check.ts';
import type { Config } from '../../src/config/config.ts';
import { renderProblem } from '../../src/config/reader/problem.ts';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server.ts';
import { CodebotOrigin } from './codebot-origin.ts';
import { loginData, secret, sessionLine } from './codebot-session.ts';
import { closeProxy } from './close-proxy.ts';
import { TestClock } from './test-clock.ts';

export type Codebot = {
  readonly origin: CodebotOrigin;
  readonly proxy: RunningServer;
  readonly clock: TestClock;
  readonly outcomes: Outcome[];
  /** A browser nobody is logged in with. */
  readonly browser: () => Browser;
};

/** What ends when the test does. */
type Ended = { readonly teardown: (end: () => Promise<void>) => unknown };

type Setting = Pick<ServerOptions, 'record'> & {
  readonly hasControl?: boolean;
  /** The rules; absent: config/codebot.yaml. */
  readonly rules?: string;
  /** Makes other rules of them. */
  readonly change?: (rules: Config) => Config;
  /** The rest of the environment. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts the stand-in, and the proxy in front of it; both end with the test. */
export async function startCodebot(
  t: Ended,
  { rules, change = (given) => given, env: more = {}, record, hasControl = false }: Setting = {},
): Promise<Codebot> {
  const clock = new TestClock('2026-03-01T18:00:00Z');
  const origin = new CodebotOrigin(clock);
  const upstream = await origin.listen();
  const file = 'config/codebot.yaml';
  const env = { ...more, SECRET_KEY: secret, UPSTREAM_URL: upstream };
  const parsed = parseConfig(rules ?? (await readFile(file, 'utf8')), { file, env, listen: '127.0.0.1:0' });
  if (parsed.kind === 'problems') throw new Error(parsed.problems.map(renderProblem).join('\n'));
  const config = change(parsed.config);
  const outcomes: Outcome[] = [];
  const proxy = await startServer({
    config: {
      ...config,
      store: { ...config.store, redis: undefined },
      warm: undefined,
      refresh: [],
      janitor: undefined,
    },
    clock,
    log: pino({ level: 'silent' }),
    onOutcome: (outcome) => outcomes.push(outcome),
    ...(hasControl ? {} : { control: 'off' }),
    record,
  });
  t.teardown(async () => {
    await closeProxy(proxy);
    await origin.close();
  });
  return { origin, proxy, clock, outcomes, browser: () => new Browser(origin, proxy.url) };
}

export type Shown = {
  readonly status: number;
  readonly body: string;
  readonly location: string | undefined;
  readonly isHit: boolean;
  readonly headers: Headers;
};

export class Browser {
  readonly cookies = new Map<string, string>();
  /** Pages that were not what the app would have said: the target, and how they differ. */
  readonly wrong: string[] = [];
  hits = 0;
  looks = 0;
  readonly #origin: CodebotOrigin;
  readonly #url: string;

  constructor(origin: CodebotOrigin, url: string) {
    this.#origin = origin;
    this.#url = url;
  }

  get cookieLine(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Logs in by the link that the chat bot makes. */
  async logIn(user: number): Promise<void> {
    const token = `once-${user}-${this.looks}`;
    this.#origin.model.loginTokens.set(token, user);
    await this.ask('GET', `/auth/token?token=${token}&user_id=${user}`);
  }

  /** Has a session of a user, signed a while ago. */
  hold(user: number, nowMs: number): void {
    const [pair = ''] = sessionLine(loginData(user), nowMs).split(';');
    this.cookies.set('session', pair.slice('session='.length));
  }

  /** Looks at a page, and compares it with what the app would say at this moment. */
  async look(target: string, headers: Record<string, string> = {}): Promise<Shown & { right: string }> {
    const right = this.#origin.saysNow(target, this.cookieLine, headers['accept']);
    const shown = await this.ask('GET', target, { headers });
    this.looks += 1;
    if (shown.isHit) this.hits += 1;
    if (shown.status !== right.status) this.wrong.push(`${target}: ${shown.status}, not ${right.status}`);
    else if (withoutTime(shown.body) !== withoutTime(right.body))
      this.wrong.push(`${target}: ${brief(shown.body)}, not ${brief(right.body)}`);
    return { ...shown, right: right.body };
  }

  post(target: string, fields: Record<string, string> = {}): Promise<Shown> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.ask('POST', target, { headers, body: new URLSearchParams(fields).toString() });
  }

  send(target: string, value: unknown = {}): Promise<Shown> {
    return this.ask('POST', target, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
  }

  async ask(
    method: string,
    target: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Shown> {
    const cookie = this.cookieLine;
    const response = await fetch(this.#url + target, {
      method,
      redirect: 'manual',
      headers: { accept: 'text/html', ...headers, ...(cookie === '' ? {} : { cookie }) },
      ...(body === undefined ? {} : { body }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return {
      status: response.status,
      body: await response.text(),
      location: response.headers.get('location') ?? undefined,
      isHit: /shelflife; hit/.test(response.headers.get('cache-status') ?? ''),
      headers: response.headers,
    };
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';');
    const [name = '', ...value] = pair.split('=');
    if (/max-age=0/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value.join('='));
  }
}

/** A copy that the logo renewed has the time of that in its assets' addresses. */
const withoutTime = (body: string): string => body.replace(/(\?v=1a2b3c)\.\d+/, '$1').replace(/\.+$/, '');

const brief = (body: string): string =>
  body
    .replace(/\s+/g, ' ')
    .replace(/\.{4,}/g, '…')
    .slice(0, 300);
