/** No bytes from a client or the origin end the process: the next clean request is always answered. */

import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { endHeaders, endStream, frame, post, preface, types } from '../helpers/h2-frames.ts';
import { ask, isHit } from '../helpers/raw-client.ts';
import { rawExchange } from '../helpers/raw-exchange.ts';
import { okText, type RespondRaw, startRawSite } from '../helpers/raw-origin.ts';
import { barrier, startSite } from '../helpers/scripted-site.ts';

const rules = `
unmatched: standard
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: GET /page, type: page }
`;

const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
const upgrade = (lines: readonly string[], line = 'GET /ws HTTP/1.1'): string =>
  `${line}\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines.map((one) => `${one}\r\n`).join('')}\r\n`;
const version = 'Sec-WebSocket-Version: 13';
const get = 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n';

const clients: readonly (readonly [name: string, bytes: string])[] = [
  ['an upgrade', upgrade([version, key])],
  ['an upgrade without a key', upgrade([version])],
  ['an upgrade with a bad key', upgrade([version, 'Sec-WebSocket-Key: x'])],
  ['an upgrade of another version', upgrade(['Sec-WebSocket-Version: 99', key])],
  ['an upgrade with bad extensions', upgrade([version, key, 'Sec-WebSocket-Extensions: ;;=,"'])],
  ['an upgrade with bad protocols', upgrade([version, key, 'Sec-WebSocket-Protocol: a,,a, b;'])],
  ['an upgrade with a body', upgrade([version, key, 'Content-Length: 5']) + 'hello'],
  ['an upgrade with frames behind', `${upgrade([version, key])}\xff\xff\xff\xff`],
  ['an upgrade to a bad target', upgrade([version, key], 'GET /a%zz HTTP/1.1')],
  ['an upgrade with two Hosts', upgrade([version, key, 'Host: b'])],
  ['an upgrade in HTTP/1.0', upgrade([version, key], 'GET /ws HTTP/1.0')],
  ['an upgrade behind a GET', get + upgrade([version, key])],
  ['an upgrade behind an upgrade', upgrade([version, key]) + upgrade([version, key])],
  ['a GET behind an upgrade', upgrade([version, key]) + get],
  ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
  ['CONNECT behind a GET', `${get}CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n`],
  ['Expect', 'POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'],
  ['an unknown Expect', 'GET /a HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n'],
  ['half a body', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf'],
  ['half a body of a GET', 'GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf'],
  ['a bad chunk', 'PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nX\r\n'],
  ['many at once', get.repeat(300)],
  ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['zeros', '\0'.repeat(1000)],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['TRACE', 'TRACE /a HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n'],
  ['an empty line', '\r\n\r\n\r\n'],
];

const answers: readonly (readonly [name: string, respond: RespondRaw])[] = [
  ['a status of 000', () => 'HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n'],
  ['a status of 099', () => 'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n'],
  ['a status of 999', () => 'HTTP/1.1 999 High\r\nContent-Length: 2\r\n\r\nok'],
  ['a 304 nobody asked for', () => 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  [
    'a 206 nobody asked for',
    () => 'HTTP/1.1 206 Part\r\nContent-Range: bytes 5-1/2\r\nContent-Length: 2\r\n\r\nok',
  ],
  [
    'a 416 nobody asked for',
    () => 'HTTP/1.1 416 No\r\nContent-Range: bytes */x\r\nContent-Length: 0\r\n\r\n',
  ],
  ['hints without end', () => 'HTTP/1.1 103 Early\r\nLink: <\xe9>\r\n\r\n'.repeat(50) + okText('ok')],
  ['hints with strange links', () => `HTTP/1.1 103 Early\r\nLink: \x7f, ,;;\r\n\r\n${okText('ok')}`],
  ['100 Continue', () => `HTTP/1.1 100 Continue\r\n\r\n${okText('ok')}`],
  ['strange dates', () => okText('ok', ['Date: x', 'Expires: -1', 'Age: -1', 'Last-Modified: 99999999999'])],
  [
    'strange directives',
    () =>
      okText('ok', [
        'Cache-Control: max-age="',
        'Cache-Control: ,=,;',
        'Vary: , ,"',
        'ETag: "',
        'Set-Cookie: =;;=',
      ]),
  ],
  [
    'strange groups and tags',
    () => okText('ok', ['Cache-Groups: (((', 'Surrogate-Key:  \t ', 'Cache-Status: ((', 'Content-Range: x']),
  ],
  [
    'a strange location',
    () => 'HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Location: //%zz\r\nContent-Length: 0\r\n\r\n',
  ],
  ['a strange coding', () => okText('ok', ['Content-Encoding: gzip, \xff', 'Content-Type: ;;;'])],
  [
    'chunks and trailers',
    () =>
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nContent-Length: 9\r\nX: \xe9\r\n\r\n',
  ],
  ['nothing, then the end', ({ socket }) => void socket.destroy()],
  ['half a head, then the end', ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\nContent-')],
  [
    'half a body, then the end',
    ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
  ],
];

t.test('no bytes from a client end the process, whether it stays or leaves', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  await ask(site.url, { target: '/page' });
  await Promise.all(clients.map(([, bytes]) => rawExchange(site.url, bytes, 300)));
  for (const [name, bytes] of clients) {
    await leaveAtOnce(site.url, bytes);
    t.ok(isHit(await ask(site.url, { target: '/page' })), name);
  }
});

t.test('a client that leaves while its upload waits for a connection does not end the process', async (t) => {
  const held = barrier();
  const site = await startSite('listen: { h2c: true }\nunmatched: pass', {
    answer: ({ url }, response) => {
      if (url !== '/held') response.end('ok');
      else void held.reached.then(() => response.end('late'));
    },
    connections: 1,
  });
  t.teardown(() => site.close());
  const [one, other] = [ask(site.url, { target: '/held' }), ask(site.url, { target: '/next' })];
  await eventually('the only connection is taken', () => site.seen.length === 1);
  const expecting = 'Expect: 100-continue\r\nContent-Length: 50\r\n\r\n';
  const h1 = openRaw(t, site.url);
  await h1.says(`POST /a HTTP/1.1\r\nHost: a\r\n${expecting}half`, 'HTTP/1.1 100');
  const upload = [frame(types.headers, endHeaders, 1, post), frame(types.data, 0, 1, 'half')];
  const h2 = openRaw(t, site.url);
  await h2.says(Buffer.concat([preface, ...upload, frame(types.ping, 0, 0, 'question')]), 'question');
  h1.socket.resetAndDestroy();
  // Trailers that no request may have.
  const bad = frame(types.headers, endHeaders | endStream, 1, '\x84');
  await h2.says(Buffer.concat([bad, frame(types.ping, 0, 0, 'farewell')]), 'farewell');
  held.arrive();
  t.strictSame([(await one).body, (await other).body], ['late', 'ok']);
  t.strictSame(site.seen, ['GET /held', 'GET /next'], 'neither upload reaches the origin');
});

t.test('no bytes from the origin end the process', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  await ask(site.url, { target: '/page' });
  for (const [at, [name, respond]] of answers.entries()) {
    site.answerWith(respond);
    const asked = ['GET', 'HEAD', 'POST'].map((method) =>
      rawExchange(site.url, `${method} /any/${at} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 300),
    );
    await Promise.all(asked);
    t.ok(isHit(await ask(site.url, { target: '/page' })), name);
  }
});

/** A connection; what comes back says that what was sent has been read. */
function openRaw(t: Test, url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  let received = '';
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  return {
    socket,
    says: (bytes: Buffer | string, answer: string) => {
      socket.write(bytes);
      return eventually('it has been read', () => received.includes(answer));
    },
  };
}

/** Sends, and resets the connection before an answer can have come. */
function leaveAtOnce(url: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(bytes, 'latin1', () => socket.resetAndDestroy());
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve();
    });
  });
}
