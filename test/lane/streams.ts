/** What clients send over one connection: requests for what is stored, and for what is not, some of them odd. */

import type { Answer } from '../helpers/scripted-site.ts';
import type { Dice } from './heads.ts';

export const rules = `
content_types:
  page: { scope: public, ttl: 1h }
  mine: { scope: user, ttl: 1h }
  tongue: { scope: public, ttl: 1h, vary: { headers: [accept-language] } }
routes:
  - { match: "GET /public/:name", type: page }
  - { match: "GET /mine/:name", type: mine }
  - { match: "GET /tongue", type: tongue }
  - { match: "GET /pass/*", type: pass }
writes:
  - { match: "POST /public/:name", invalidate: ["type:page"] }
unmatched: standard
`;

/** An origin with something of each kind. */
export const answer: Answer = (request, response) => {
  const { url = '', method } = request;
  if (method === 'POST') {
    request.resume();
    response.writeHead(200, { Date: fixed, 'Content-Length': '2' }).end('ok');
    return;
  }
  const unusually = unusual[url];
  if (unusually !== undefined) {
    unusually(response);
    return;
  }
  const fields: Record<string, string> = { 'Content-Type': 'image/webp', ETag: '"4f2a"', Date: fixed };
  if (!url.startsWith('/no-store')) fields['Cache-Control'] = 'public, max-age=3600';
  if (url.startsWith('/vary')) fields['Vary'] = 'Accept-Language';
  if (url.startsWith('/login')) fields['Set-Cookie'] = 'session=new';
  const large = url.startsWith('/huge') ? 4_000_000 : 200_000;
  const body = /^\/(large|huge)/.test(url) ? 'y'.repeat(large) : `the body of ${url}`;
  fields['Content-Length'] = String(body.length);
  response.writeHead(url.startsWith('/gone') ? 404 : 200, fields).end(method === 'HEAD' ? undefined : body);
};

const fixed = 'Mon, 02 Nov 2026 08:00:00 GMT';

const date = ['Date', fixed];
/** Answers that are framed, worded or broken off in other ways. */
const unusual: Readonly<Record<string, (response: Parameters<Answer>[1]) => void>> = {
  '/chunked': (response) => void response.writeHead(200, date).write('piece', () => response.end()),
  '/chunked-empty': (response) => {
    response.writeHead(404, date).flushHeaders();
    response.end();
  },
  '/trailers': (response) => {
    response.writeHead(200, date).write('piece');
    response.addTrailers({ 'X-End': 'here' });
    response.end();
  },
  '/hints': (response) => {
    response.writeInformation(103, { Link: '</a.css>; rel=preload' });
    response.writeHead(200, [...date, 'Content-Length', '2', 'X-Two', 'a', 'X-Two', 'b']).end('ok');
  },
  '/empty': (response) => void response.writeHead(204, date).end(),
  '/nothing': (response) => void response.writeHead(200, [...date, 'Content-Length', '0']).end(),
  '/same': (response) => void response.writeHead(304, [...date, 'ETag', '"4f2a"']).end(),
  '/phrase': (response) => void response.writeHead(299, 'As it were', [...date, 'Content-Length', '0']).end(),
  '/no-phrase': (response) => void response.writeHead(599, [...date, 'X-Latin', 'caf\u00e9']).end('x'),
  '/cut': (response) =>
    void response
      .writeHead(200, [...date, 'Content-Length', '9'])
      .write('piece', () => setImmediate(() => response.destroy())),
  '/away': (response) => void response.destroy(),
};

const targets = [
  ...[
    '/public/a',
    '/public/b',
    '/public/b',
    '/mine/a',
    '/tongue',
    '/plain?b=2&a=1',
    '/vary',
    '/gone',
    '/large',
  ],
  ...[
    '/no-store',
    '/login',
    '/pass/x',
    '/pub%6Cic/a',
    '/public%2Fa',
    '//public/a',
    '/a/../public/a',
    '/public/a?x',
  ],
];
const lines = [
  ...['Cookie: session=one', 'Cookie: session=two; theme=dark', 'Cookie: session=one; session=two'],
  ...['Authorization: Basic eDp5', 'Accept-Language: he', 'Accept-Language: en', 'Accept-Encoding: gzip'],
  ...['If-None-Match: "4f2a"', 'If-None-Match: "other"', 'If-Modified-Since: Mon, 02 Nov 2026 08:00:00 GMT'],
  ...[
    'Range: bytes=0-3',
    'Cache-Control: no-cache',
    'Cache-Control: max-age=0',
    'Cache-Control: only-if-cached',
  ],
  ...[
    'Pragma: no-cache',
    'X-HTTP-Method-Override: DELETE',
    'X-Forwarded-Proto: https',
    'Forwarded: host=evil.test',
  ],
  ...[
    'X-Api-Key: k',
    'X-Request-ID: abc',
    'TE: trailers',
    'Content-Length: 0',
    'X-Two:  blanks',
    'If-Match: "x"',
  ],
];
const odd = [
  ...[
    'GET /public/a HTTP/1.0\r\n\r\n',
    'GET /public/a HTTP/1.1\r\n\r\n',
    'BAN /public/a HTTP/1.1\r\nHost: s\r\n\r\n',
  ],
  ...[
    'GET /public/a HTTP/1.1\r\nHost: s\r\nHost: s\r\n\r\n',
    'GET /public/a HTTP/1.1\r\nHost: s\r\nX : a\r\n\r\n',
  ],
  ...[
    'GET http://site.test/public/a HTTP/1.1\r\nHost: site.test\r\n\r\n',
    'GET /public/a HTTP/1.1\nHost: s\n\n',
  ],
  ...['POST /b HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
];

const last = 'GET /public/a HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n';
const pickOf =
  (dice: Dice) =>
  (list: readonly string[]): string =>
    list[dice(list.length)] ?? '';

/** Requests of one connection, each to be sent when the one before is answered; the last ends the connection. */
export function randomRequests(dice: Dice): readonly string[] {
  const pick = pickOf(dice);
  const requests = Array.from({ length: 1 + dice(5) }, () => {
    const kind = dice(12);
    if (kind === 0) return pick(odd);
    if (kind === 1)
      return `POST ${pick(targets)} HTTP/1.1\r\nHost: site.test\r\nContent-Length: 5\r\n\r\nabcde`;
    const target = pick(kind < 6 ? Object.keys(unusual) : targets);
    return requestOf(kind % 4 === 2 ? 'HEAD' : 'GET', target, dice(3), () => pick(lines));
  });
  return [...requests, last];
}

/** Requests that are sent at once. None changes what the next one gets, so that it does not matter which is answered first. */
export function randomBatch(dice: Dice): string {
  const pick = pickOf(dice);
  const requests = Array.from({ length: 1 + dice(6) }, () =>
    requestOf('GET', pick(stored), dice(3), () => pick(harmless)),
  );
  return requests.join('') + last;
}

/** They lead to no fetch of what is stored, and end nothing. */
const harmless = lines.filter((line) =>
  /^(?:Accept|If-None|If-Mod|Range|X-Two|X-Req|TE|.*only-if)/.test(line),
);

/** What is to be stored before batches are sent. */
export const stored = targets.filter((target) => !/no-store|login|tongue|vary|mine/.test(target));

function requestOf(method: string, target: string, more: number, pickLine: () => string): string {
  const chosen = new Set(Array.from({ length: more }, pickLine));
  return `${[`${method} ${target} HTTP/1.1`, 'Host: site.test', ...chosen].join('\r\n')}\r\n\r\n`;
}
