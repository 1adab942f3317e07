/**
 * A stand-in for CodeBot's web app as an origin: its cookies, headers, redirects, flags shown once, limits and failures.
 *
 * Written from what is known of the app, not from its code. `saysNow` tells what it would answer at this moment without
 * anything happening: what every page that comes through the proxy is compared with.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { Clock } from '../../src/kit/time.ts';
import { type Answer, type Asked, finished, json, notFound, redirect } from './codebot-answer.ts';
import { CodebotModel } from './codebot-model.ts';
import { reads, type Row } from './codebot-reads.ts';
import { sessionLine, visitOf } from './codebot-session.ts';
import { writes } from './codebot-writes.ts';

type Arrived = {
  readonly method: string;
  readonly target: string;
  readonly cookie?: string | undefined;
  readonly accept?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly body?: string;
};

export class CodebotOrigin {
  /** Every route has this limit for each user, or for each address. */
  hourlyLimit = 50;
  readonly model = new CodebotModel();
  /** `GET /files` of every request that came over the network. */
  readonly seen: string[] = [];
  readonly requests: IncomingMessage[] = [];
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #used = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Listens; gives its URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What it would answer to a GET at this moment; nothing happens. */
  saysNow(target: string, cookie: string, accept?: string): Pick<Answer, 'status' | 'body'> {
    const { answer } = this.#answer({ method: 'GET', target, cookie, accept });
    return { status: answer.status, body: answer.body };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    this.seen.push(`${method} ${url}`);
    this.requests.push(request);
    const ifNoneMatch = headers['if-none-match'];
    const { cookie, accept } = headers;
    const body = await text(request);
    const { answer, asked, route } = this.#answer({ method, target: url, cookie, accept, ifNoneMatch, body });
    const limited = this.#isOverLimit(`${route} ${asked.user ?? leftmost(headers['x-forwarded-for'])}`);
    const final = limited ? { ...answer, status: 429, body: 'too many', session: asked.session } : answer;
    if (!limited && method === 'GET') answer.effect?.();
    const session = final.session ?? asked.session;
    const isKnown = Object.keys(session).length > 0 || final.session !== undefined;
    const cookies = [
      ...(isKnown ? [sessionLine(session, this.#clock.now())] : []),
      ...(final.setCookies ?? []),
    ];
    if (cookies.length > 0) response.setHeader('Set-Cookie', cookies);
    response.setHeader('X-Request-ID', headers['x-request-id'] ?? 'none');
    this.#send(response, finished(final), method === 'HEAD' ? '' : (headers['accept-encoding'] ?? ''));
  }

  /** HEAD of `/` is a handler of its own: empty, of length 0. Everything compressed, where it may be. */
  #send(response: ServerResponse, { status, fields, body }: Answer, coding: string): void {
    const isPacked = /\bgzip\b/.test(coding) && body.length > 500;
    const bytes = isPacked ? gzipSync(body) : Buffer.from(body);
    for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
    if (isPacked) {
      response.setHeader('Content-Encoding', 'gzip');
      response.setHeader('Vary', 'Cookie, Accept-Encoding');
    }
    if (status !== 304) response.setHeader('Content-Length', bytes.length);
    response.statusCode = status;
    response.end(bytes);
  }

  #answer(arrived: Arrived): { answer: Answer; asked: Asked; route: string } {
    const nowMs = this.#clock.now();
    const { pathname, searchParams: query } = new URL(arrived.target, 'http://origin');
    const { rememberTokens } = this.model;
    const visit = visitOf(arrived.cookie, { nowMs, rememberTokens });
    const method = arrived.method === 'HEAD' ? 'GET' : arrived.method;
    const found = find(method === 'GET' ? reads : writes, pathname);
    const { body = '', accept = '', ifNoneMatch } = arrived;
    const asked: Asked = {
      ...visit,
      method,
      path: pathname,
      query,
      params: found?.params ?? {},
      form: new URLSearchParams(body),
      json: body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {},
      accept,
      ifNoneMatch,
      nowMs,
      model: this.model,
    };
    const answer = found === undefined ? notFound(asked) : answerOf(asked, found.row);
    const route = found?.row[0] ?? pathname;
    // A login by remember_me happens on any GET, and gives a session with its answer.
    if (visit.isLoggedInNow && answer.session === undefined)
      return { answer: { ...answer, session: visit.session }, asked, route };
    return { answer, asked, route };
  }

  #isOverLimit(key: string): boolean {
    const hour = `${key} ${Math.floor(this.#clock.now() / 3_600_000)}`;
    const used = (this.#used.get(hour) ?? 0) + 1;
    this.#used.set(hour, used);
    return used > this.hourlyLimit && !key.startsWith('/static') && !key.startsWith('/healthz');
  }
}

function answerOf(asked: Asked, [, who, handler]: Row): Answer {
  if (who === 'anyone') return handler(asked, asked.user ?? 0);
  if (asked.user !== undefined) return handler(asked, asked.user);
  const wantsData = asked.path.startsWith('/api/') || asked.accept.includes('application/json');
  return wantsData
    ? json({ error: 'unauthorized' }, 401)
    : redirect(`/login?next=${encodeURIComponent(asked.path)}`);
}

function find(rows: readonly Row[], path: string): { row: Row; params: Record<string, string> } | undefined {
  const segments = path.split('/');
  for (const row of rows) {
    const pattern = row[0].split('/');
    if (pattern.length !== segments.length) continue;
    if (!pattern.every((part, index) => part.startsWith(':') || part === segments[index])) continue;
    const named = pattern.flatMap((part, index) =>
      part.startsWith(':') ? [[part.slice(1), decodeURIComponent(segments[index] ?? '')]] : [],
    );
    return { row, params: Object.fromEntries(named) as Record<string, string> };
  }
  return undefined;
}

const leftmost = (value: string | string[] | undefined): string =>
  String(value ?? 'unknown').split(',')[0] ?? '';
