/**
 * A Flask-style app behind a proxy: one signed session cookie, renewed on every answer of someone logged in; pages that
 * name their reader; a message shown once.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSessionCookies, Session } from '../../examples/webapp/session.ts';
import type { Clock } from '../../src/kit/time.ts';
import { type Site, startSite } from './scripted-site.ts';

export const secret = 'a secret of the app, long enough to be one';
export const cookies = createSessionCookies(secret);

/** A session of a user, without its signature. */
export function sessionOf(id: number): Session {
  const session = new Session();
  session.logIn({ id, firstName: `First${id}`, username: `user${id}`, isAdmin: false, isPremium: false });
  return session;
}

/** `session=…` as the app gives it at that time. */
export function cookieOf(session: Session, nowMs = Date.now()): string {
  const [pair = ''] = (cookies.setCookie(session, nowMs) ?? '').split(';');
  return pair;
}

/** The cookie an answer leaves its reader with. */
export const nextCookie = (setCookies: readonly string[], before: string): string =>
  setCookies.map((line) => line.split(';')[0] ?? '').find((pair) => pair.startsWith('session=')) ?? before;

const nobody = 'nobody';

/** What the app says: `page PATH of WHO`, with what flashed before it. */
export function answerAsApp(request: IncomingMessage, response: ServerResponse, nowMs: number): void {
  const session = cookies.open(request.headers.cookie, nowMs);
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path === '/do' && session.user !== undefined) session.flash('saved');
  const flashes = path === '/do' ? [] : session.popFlashes();
  const line = cookies.setCookie(session, nowMs);
  if (line !== undefined) response.setHeader('Set-Cookie', line);
  response.setHeader('Vary', 'Cookie');
  response.setHeader('Cache-Control', 'no-cache, no-store, must-revalidate');
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.statusCode = path.startsWith('/missing') ? 404 : 200;
  const who = session.user === undefined ? nobody : session.user.username;
  response.end(`${flashes.map((text) => `[${text}] `).join('')}page ${path} of ${who}\n`);
}

const rules = `
content_types:
  home: { ttl: 10m, scope: user, cache_control: override, tags: ["pages:{user}"] }
  front: { ttl: 10m, scope: public, cache_control: override }
  stripped: { ttl: 10m, scope: public, cache_control: override, set_cookie: strip }
routes:
  - { match: GET /me/*, type: home }
  - { match: GET /missing/*, type: home }
  - { match: GET /front/*, type: front }
  - { match: GET /stripped/*, type: stripped }
writes:
  - { match: POST /do, invalidate: ["pages:{user}"] }
`;

export const withSecret = `
identity:
  credentials: [session, remember_me]
  flask_session: { cookie: session, secret: "${secret}", max_age: 31d, user_claim: user_id }
${rules}`;

export const withoutSecret = `
identity:
  credentials: [session, remember_me]
  flask_session: { cookie: session, max_age: 31d, user_claim: user_id }
${rules}`;

/** Starts app and proxy. */
export const startFlaskSite = (identity: string, clock?: Clock): Promise<Site> =>
  startSite(identity, {
    ...(clock === undefined ? {} : { clock }),
    answer: (request, response) => {
      answerAsApp(request, response, clock?.now() ?? Date.now());
    },
  });
