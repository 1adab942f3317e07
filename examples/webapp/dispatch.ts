/**
 * One request, start to finish: read it, open the session, find the route, send the reply.
 *
 * Promises: every answer carries `Vary: Cookie`; every answer to someone logged in renews the session cookie; pages
 * without an ETag or a directive of their own are sent as `no-store`; an error in a handler is a 500 without details.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { loginRequired } from './account.ts';
import type { Database } from './database.ts';
import { html } from './html.ts';
import { notFoundPage, renderPage } from './layout.ts';
import { defaultSettings } from './people.ts';
import { compileRoutes, type Match } from './router.ts';
import type { SessionCookies } from './session.ts';
import { unstorable } from './validators.ts';
import { BadRequest, jsonNotFound, jsonReply, type Reply, type Route, type Visit } from './visit.ts';

const bodyLimitBytes = 1024 * 1024;

/** What a dispatcher works with. */
export type DispatcherParts = {
  readonly routes: readonly Route[];
  readonly database: Database;
  readonly cookies: SessionCookies;
  readonly clock: { now(): number };
  readonly onError: (error: unknown) => void;
};

/** Makes the function that answers requests; its promise never rejects. */
export const createDispatcher = (parts: DispatcherParts) => {
  const match = compileRoutes(parts.routes);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await readBody(request);
      const visit = openVisit(request, body ?? Buffer.alloc(0), parts);
      const found = match(visit.method, visit.path);
      const reply = body === undefined ? tooLarge() : await answer(visit, found, parts.onError);
      if (visit.db.count > 0 || found.kind === 'route') {
        parts.database.settle(found.kind === 'route' ? found.route.match : 'no route', visit.db);
      }
      send(response, visit, withSession(reply, visit, parts.cookies));
    } catch (error) {
      // The client went away while sending, or the reply could not be written: nobody is left to tell.
      parts.onError(error);
      response.destroy();
    }
  };
};

const openVisit = (
  request: IncomingMessage,
  body: Buffer,
  { cookies, database, clock }: DispatcherParts,
): Visit => {
  const nowMs = clock.now();
  const target = request.url ?? '/';
  const [rawPath = '/', ...rawQuery] = target.split('?');
  return {
    method: request.method ?? 'GET',
    path: decodePath(rawPath),
    target,
    query: new URLSearchParams(rawQuery.join('?')),
    params: {},
    headers: request.headers,
    body,
    session: cookies.open(request.headers.cookie, nowMs),
    db: database.begin(),
    counters: () => database.counters(),
    now: new Date(nowMs),
  };
};

const answer = async (visit: Visit, found: Match, onError: (error: unknown) => void): Promise<Reply> => {
  try {
    return await run(visit, found);
  } catch (error) {
    if (error instanceof BadRequest) return errorReply(visit, 400, error.message);
    onError(error);
    return errorReply(visit, 500, 'Something went wrong here.');
  }
};

/** JSON for programs, a page for people; the page asks nothing of the database, which may be what failed. */
const errorReply = (visit: Visit, status: number, message: string): Reply | Promise<Reply> =>
  visit.path.startsWith('/api/')
    ? jsonReply({ ok: false, error: message }, status)
    : renderPage(visit, {
        title: 'Error',
        status,
        settings: defaultSettings,
        main: html`<h1>That did not work</h1>
          <p>${message}</p>`,
      });

const run = (visit: Visit, found: Match): Reply | Promise<Reply> => {
  if (found.kind === 'none') return visit.path.startsWith('/api/') ? jsonNotFound() : notFoundPage(visit);
  if (found.kind === 'other-method') {
    return jsonReply({ ok: false, error: 'method not allowed' }, 405, { allow: found.allowed.join(', ') });
  }
  const { route, params } = found;
  if (route.access === 'anyone') return route.handle({ ...visit, params });
  const { user } = visit.session;
  return user === undefined ? loginRequired(visit) : route.handle({ ...visit, params, user });
};

/** Adds what the framework of the real app adds to every answer. */
const withSession = (reply: Reply, visit: Visit, cookies: SessionCookies): Reply => {
  const { user } = visit.session;
  const cookie = cookies.setCookie(visit.session, visit.now.getTime());
  const isPage = reply.headers['content-type']?.startsWith('text/html') === true;
  const isUnstorable =
    isPage && reply.headers['etag'] === undefined && reply.headers['cache-control'] === undefined;
  return {
    ...reply,
    headers: {
      ...reply.headers,
      ...(isUnstorable ? unstorable : {}),
      ...(user === undefined ? {} : { 'x-user-tier': user.isPremium ? 'premium' : 'regular' }),
      ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
      vary: 'Cookie',
    },
  };
};

const send = (response: ServerResponse, visit: Visit, reply: Reply): void => {
  const body = Buffer.from(reply.body);
  const length = reply.status === 304 ? {} : { 'content-length': body.length };
  response.writeHead(reply.status, { ...reply.headers, ...length, date: visit.now.toUTCString() });
  response.end(visit.method === 'HEAD' || reply.status === 304 ? undefined : body);
};

const tooLarge = (): Reply => jsonReply({ ok: false, error: 'the body is too large' }, 413);

/** The whole body, or undefined when it is over the limit; it is read to its end either way. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size <= bodyLimitBytes) pieces.push(piece);
  }
  return size > bodyLimitBytes ? undefined : Buffer.concat(pieces);
};

const decodePath = (rawPath: string): string => {
  try {
    return decodeURIComponent(rawPath).replace(/\/{2,}/g, '/');
  } catch {
    // A stray percent sign: no route has that path.
    return rawPath;
  }
};
