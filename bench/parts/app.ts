/**
 * The app and the rules that the benchmarks share: a 1 KB page on a `public`, a `standard` and a `user` route.
 */
import { createHmac } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const secret = 'a-secret-that-is-used-nowhere-else';

/** An origin whose pages are good for an hour, and of a kind that is not compressed: 1 KB, or as a name like `16kb-` says. */
export const pageOrigin: RequestListener = ({ url = '' }, response) => {
  const bytes = 1024 * Number(/\/(\d+)kb-/.exec(url)?.[1] ?? 1);
  response.writeHead(200, {
    'Content-Type': 'image/webp',
    'Cache-Control': 'public, max-age=3600',
    ETag: '"4f2a-18c"',
    'Last-Modified': 'Mon, 02 Nov 2026 08:00:00 GMT',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': bytes,
  });
  response.end('x'.repeat(bytes));
};

/** Starts an origin in this process; gives its URL. */
export async function startOrigin(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** The rules: three routes that count, among others as an app has them. `more` are further lines. */
export const pageConfig = (upstream: string, more = ''): string => `
upstream: ${upstream}
listen: 127.0.0.1:0
identity:
  credentials: [session, remember_me]
  flask_session: { cookie: session, secret: ${secret}, max_age: 31d, user_claim: user_id }
content_types:
  page: { scope: public, ttl: 1h }
  mine: { scope: user, ttl: 1h }
routes:
  - { match: GET /api/files, type: mine }
  - { match: "GET /file/:id", type: mine }
  - { match: "GET /md/:id", type: page }
  - { match: "GET /public/:name", type: page }
  - { match: "GET /user/:name", type: mine }
  - { match: "GET /export/*", type: pass }
writes:
  - { match: ["POST /api/files", "PUT /api/files/:id"], invalidate: ["files:{user}"] }
  - { match: GET /logout, invalidate: ["user:{user}"] }
unmatched: standard
${more}`;

/** The requests of the three routes: `more` are the fields beside a browser's own. */
export const pageRequests = (): readonly { name: string; target: string; more: readonly string[] }[] => [
  { name: 'public', target: '/public/page', more: [] },
  { name: 'standard', target: '/plain/page?lang=he&page=2', more: [] },
  {
    name: 'user, Flask session',
    target: '/user/page',
    more: ['Cookie', `theme=dark; session=${flaskSession()}`],
  },
];

/** A session cookie signed as Flask signs it. */
export function flaskSession(user = 4711): string {
  const session = { _permanent: true, csrf_token: 'f00ba4'.repeat(8), user_id: user };
  const payload = Buffer.from(JSON.stringify(session)).toString('base64url');
  const time = Buffer.alloc(4);
  time.writeUInt32BE(Math.floor(Date.now() / 1000));
  const signed = `${payload}.${time.toString('base64url')}`;
  const key = createHmac('sha1', secret).update('cookie-session').digest();
  return `${signed}.${createHmac('sha1', key).update(signed).digest('base64url')}`;
}
