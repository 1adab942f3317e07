/**
 * Request smuggling: bytes that two servers could split into requests differently. The origin's log decides: at most one
 * request for each well-formed one, nothing of what follows a malformed one, and never a line that the client hid in another.
 */

import t, { type Test } from 'tap';
import { answersTo, ask, isHit, parseAnswers, requestText } from '../helpers/raw-client.ts';
import { rawExchange } from '../helpers/raw-exchange.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  endHeaders,
  endStream,
  frame,
  literal,
  openTwo,
  post as h2Post,
  sendFrames,
  types,
} from '../helpers/h2-frames.ts';
import { okText, startRawSite } from '../helpers/raw-origin.ts';

const rules = `
unmatched: standard
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: GET /page, type: page }
`;

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: site.test\r\n\r\n';
const post = (lines: readonly string[], body: string, version = 'HTTP/1.1'): string =>
  `POST /post ${version}\r\nHost: site.test\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
const chunked = 'Transfer-Encoding: chunked';
const whole = `0\r\n\r\n${hidden}`;

/** Each refused as it is: nothing may reach the origin, neither the probe nor what it hides. */
const refused: readonly (readonly [name: string, bytes: string])[] = [
  ['CL.TE', post(['Content-Length: 6', chunked], whole)],
  ['TE.CL', post([chunked, 'Content-Length: 4'], `5c\r\n${hidden}0\r\n\r\n`)],
  ['CL.0 and TE', post(['Content-Length: 0', chunked], whole)],
  ['two Content-Length, different', post(['Content-Length: 0', 'Content-Length: 48'], hidden)],
  ['two Content-Length, equal', post(['Content-Length: 48', 'Content-Length: 48'], hidden)],
  ['a list of lengths', post(['Content-Length: 0, 48'], hidden)],
  ['a length with a plus sign', post(['Content-Length: +48'], hidden)],
  ['a negative length', post(['Content-Length: -1'], hidden)],
  ['a length in hexadecimal', post(['Content-Length: 0x30'], hidden)],
  ['a length with a space inside', post(['Content-Length: 4 8'], hidden)],
  ['a length that is empty', post(['Content-Length:'], hidden)],
  ['a length with an exponent', post(['Content-Length: 1e1'], hidden)],
  ['a length beyond all numbers', post([`Content-Length: ${'9'.repeat(30)}`], hidden)],
  ['TE twice', post([chunked, chunked], whole)],
  ['TE.TE with identity', post([chunked, 'Transfer-Encoding: identity'], whole)],
  ['TE of an unknown coding', post(['Transfer-Encoding: xchunked'], whole)],
  ['TE in quotes', post(['Transfer-Encoding: "chunked"'], whole)],
  ['TE with chunked not last', post(['Transfer-Encoding: chunked, gzip'], whole)],
  ['TE with a coding before', post(['Transfer-Encoding: gzip, chunked'], whole)],
  ['TE behind a vertical tab', post(['Transfer-Encoding: \x0bchunked'], whole)],
  ['TE with a comma', post(['Transfer-Encoding: ,chunked'], whole)],
  ['TE with a space before the colon', post(['Transfer-Encoding : chunked'], whole)],
  ['TE behind a NUL', post(['Transfer-Encoding: \x00chunked'], whole)],
  ['TE folded', post(['Transfer-Encoding:\r\n chunked'], whole)],
  ['TE in HTTP/1.0', post([chunked], whole, 'HTTP/1.0')],
  ['a length with a space before the colon', post(['Content-Length : 48'], hidden)],
  ['a folded line', post(['X-Fold: a', ' Content-Length: 48', 'Content-Length: 0'], hidden)],
  ['a line that begins with a space', `GET /a HTTP/1.1\r\n Host: site.test\r\n\r\n${hidden}`],
  ['a line without a colon', post(['Content-Length 48'], hidden)],
  ['an empty name', post([': 48'], hidden)],
  ['a bare CR in a value', post(['X: a\rContent-Length: 48'], hidden)],
  ['a bare LF between lines', `POST /post HTTP/1.1\nHost: site.test\nContent-Length: 0\n\n${hidden}`],
  ['a bare LF at the end of the head', `POST /post HTTP/1.1\r\nHost: site.test\r\nX: a\n\n${hidden}`],
  ['a NUL in a value', post(['X: a\x00b'], hidden)],
  ['a NUL in a name', post(['X\x00: b'], hidden)],
  ['a control character in a name', post(['X\x01: b'], hidden)],
  ['HTTP/0.9', `GET /old\r\n\r\n${hidden}`],
  ['HTTP/2.0 on the line', `GET /a HTTP/2.0\r\nHost: site.test\r\n\r\n${hidden}`],
  ['the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`],
  ['HTTP/1.10', `GET /a HTTP/1.10\r\nHost: site.test\r\n\r\n${hidden}`],
  ['a space in the target', `GET /a /b HTTP/1.1\r\nHost: site.test\r\n\r\n${hidden}`],
  ['a tab in the line', `GET\t/a\tHTTP/1.1\r\nHost: site.test\r\n\r\n${hidden}`],
  ['no Host', `GET /a HTTP/1.1\r\n\r\n${hidden}`],
  ['two Hosts, and another request behind', `GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${hidden}`],
  ['a fragment, and another request behind', `GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n${hidden}`],
  ['Connection takes the length', post(['Connection: Content-Length', 'Content-Length: 48'], hidden)],
];

/** Framing that is malformed after the head has been sent on: the origin may see the one request, cut short. */
const cutShort: readonly (readonly [name: string, bytes: string])[] = [
  ['a chunk size with a plus sign', post([chunked], `+1\r\na\r\n${whole}`)],
  ['a chunk size in 0x', post([chunked], `0x1\r\na\r\n${whole}`)],
  ['a chunk size with a space before', post([chunked], ` 1\r\na\r\n${whole}`)],
  ['a chunk size of 17 digits', post([chunked], `10000000000000001\r\na\r\n${whole}`)],
  ['a chunk longer than it says', post([chunked], `1\r\nab\r\n${whole}`)],
  ['a chunk ended by a bare LF', post([chunked], `1\na\n0\n\n${hidden}`)],
  ['a chunk extension with a bare LF', post([chunked], `1;a\nb\r\na\r\n${whole}`)],
  ['a trailer that is no field', post([chunked], `0\r\nno field\r\n\r\n${hidden}`)],
];

for (const [isOn, name] of [
  [true, 'with the lane'],
  [false, 'without the lane'],
] as const)
  t.test(
    `an ambiguously framed message never reaches the origin, nor does what follows it (${name})`,
    async (t) => {
      const site = await startRawSite(`listen: { fast_lane: ${isOn} }\n${rules}`);
      t.teardown(() => site.close());
      await ask(site.url, { target: '/page' });
      const seenBefore = site.arrivals.length;
      await Promise.all(
        refused.map(async ([name, bytes]) => {
          const answers = await answersTo(site.url, bytes);
          t.equal(answers.length, 1, `${name}: one answer, then the end`);
          t.ok([400, 421, 431].includes(answers[0]?.status ?? 0), `${name}: ${answers[0]?.status ?? 0}`);
        }),
      );
      t.same(
        site.arrivals.slice(seenBefore).map(({ requestLine, lines }) => [requestLine, ...lines]),
        [],
        'the origin saw none',
      );
      t.notMatch(site.bytes(), '/smuggled');
      t.ok(isHit(await ask(site.url, { target: '/page' })), 'the clean request is a hit');
    },
  );

/** What would hide a request or a line if it were written into HTTP/1.1 as it stands. */
const inPseudo: readonly (readonly [name: string, block: string])[] = [
  ...[':method', ':path', ':scheme', ':authority'].flatMap((name) =>
    [
      ' HTTP/1.1\r\nX-Hidden: 1\r\n\r\n',
      '\r\nX-Hidden: 1',
      '\nX-Hidden: 1',
      '\0',
      ' /smuggled',
      '\t/smuggled',
    ].map((hiding) => [`${name} with ${JSON.stringify(hiding)}`, withPseudo(name, hiding)] as const),
  ),
  ...[
    ['x\r\nx-hidden', '1'],
    ['x: y\r\nx-hidden', '1'],
    ['x-hidden: 1\r\ny', '1'],
    ['x y', 'x-hidden'],
    ['x:', 'x-hidden'],
    ['', 'x-hidden'],
    ['transfer-encoding', 'chunked'],
    ['transfer-encoding', 'chunked\r\nx-hidden: 1'],
    ['content-length', '0'],
    ['content-length', '1, 1'],
    ['content-length', '+4'],
    ['connection', 'x-hidden'],
    ['upgrade', 'h2c'],
    ['te', 'chunked'],
    ['host', 'other.test'],
  ].map(([name = '', value = '']) => [`${name}: ${value}`, h2Post + literal(name, value)] as const),
];

function withPseudo(name: string, hiding: string): string {
  const fields = { ':method': 'POST', ':scheme': 'http', ':path': '/post', ':authority': 'site.test' };
  return Object.entries(fields)
    .map(([each, value]) => literal(each, each === name ? value + hiding : value))
    .join('');
}

const nothingHidden = async (t: Test, isFast: boolean): Promise<void> => {
  const site = await startRawSite(`listen: { h2c: true, fast_lane: ${isFast} }\n${rules}`);
  t.teardown(() => site.close());
  const { data, headers, ping } = types;
  for (const [name, block] of inPseudo) {
    const message = [frame(headers, endHeaders, 1, block), frame(data, endStream, 1, 'abcd')];
    const socket = await sendFrames(t, site.url, Buffer.concat([...message, frame(ping, 0, 0, 'question')]));
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    await eventually(name, () => received.includes('question') || socket.readableEnded || socket.destroyed);
    socket.destroy();
  }
  t.equal((await openTwo(t, site.url)({ method: 'POST', target: '/last', body: 'abcd' })).status, 200);
  t.notMatch(site.bytes(), /hidden|smuggled|other\.test|chunked\r\nx-/i);
  for (const { requestLine, body } of site.arrivals) {
    t.match(requestLine, /^POST \/(?:post|last|) HTTP\/1\.1$/);
    t.match(body, /^(?:4\r\nabcd\r\n0\r\n\r\n)?$/, 'whole, or not at all');
  }
};
t.test('17.3: over HTTP/2, nothing is hidden in a pseudo-field, a name or a length', (t) =>
  nothingHidden(t, true),
);
t.test('17.3: nor without the lane', (t) => nothingHidden(t, false));

t.test('a body that breaks off within its framing ends the connection', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  await Promise.all(
    cutShort.map(async ([name, bytes]) => {
      const text = await rawExchange(site.url, bytes);
      t.ok(parseAnswers(text).length <= 1, `${name}: at most one answer`);
    }),
  );
  t.notOk(
    site.arrivals.some(({ requestLine }) => requestLine.includes('/smuggled')),
    'no hidden request',
  );
  t.ok(site.arrivals.length <= cutShort.length, 'at most one for each');
});

const framings: readonly (readonly [name: string, bytes: string, body: string])[] = [
  ['a length', post(['Content-Length: 3'], 'abc'), 'abc'],
  ['chunks', post([chunked], '3\r\nabc\r\n0\r\n\r\n'), 'abc'],
  ['chunks with an extension', post([chunked], '3;a=b\r\nabc\r\n0\r\n\r\n'), 'abc'],
  ['chunks with a trailer', post([chunked], '3\r\nabc\r\n0\r\nX-Trailer: a\r\n\r\n'), 'abc'],
  ['TE in capitals', post(['Transfer-Encoding: CHUNKED'], '3\r\nabc\r\n0\r\n\r\n'), 'abc'],
  ['a body that looks like a request', post([`Content-Length: ${hidden.length}`], hidden), hidden],
];

t.test('a well-framed message reaches the origin once, with the proxy’s own framing', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  for (const [name, bytes, body] of framings) {
    const before = site.arrivals.length;
    const closing = bytes.replace('Host: site.test', 'Host: site.test\r\nConnection: close');
    t.equal((await answersTo(site.url, closing)).length, 1, name);
    t.equal(site.arrivals.length, before + 1, `${name}: once`);
    const arrival = site.arrivals.at(-1);
    const framing = (arrival?.lines ?? []).filter((line) =>
      /^(?:content-length|transfer-encoding)/i.test(line),
    );
    t.equal(framing.length, 1, `${name}: ${framing.join()}`);
    t.match(arrival?.body, body, `${name}: its body`);
    t.notMatch(arrival?.body, 'X-Trailer');
  }
});

t.test('pipelined requests are answered in order; one with `close` is the last', async (t) => {
  const site = await startRawSite(rules, ({ requestLine }) => okText(requestLine.split(' ')[1] ?? ''));
  t.teardown(() => site.close());
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: site.test\r\n\r\n`;
  const text = get('/1') + get('/2') + requestText({ target: '/3' }) + get('/4');
  const answers = await answersTo(site.url, text);
  t.same(
    answers.map(({ body }) => body),
    ['/1', '/2', '/3'],
  );
  t.equal(site.arrivals.length, 3);
});

t.test('a body that cannot be read, behind another request, does not cost that its answer', async (t) => {
  for (const isOn of [true, false]) {
    const site = await startRawSite(`listen: { fast_lane: ${isOn} }\n${rules}`);
    t.teardown(() => site.close());
    const broken = 'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
    const answers = await answersTo(site.url, `GET /a HTTP/1.1\r\nHost: a\r\n\r\n${broken}`, 500);
    t.same(
      answers.map(({ status }) => status),
      [200, 400],
    );
    t.equal(site.arrivals.length, 1);
  }
});

t.test('an upgrade behind another request does not take over its connection', async (t) => {
  const site = await startRawSite(rules, ({ requestLine }) => okText(requestLine.split(' ')[1] ?? ''));
  t.teardown(() => site.close());
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
  const upgrade = `GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`;
  const refusedFirst = await answersTo(
    site.url,
    `GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${upgrade}`,
    500,
  );
  t.same(
    refusedFirst.map(({ status }) => status),
    [400],
  );
  t.equal(site.arrivals.length, 0);
  const [first] = await answersTo(site.url, `GET /first HTTP/1.1\r\nHost: a\r\n\r\n${upgrade}`, 500);
  t.equal(first?.body, '/first', 'an answer under way is not cut into');
});

t.test('a POST that requests an upgrade is an ordinary POST', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  await ask(site.url, { target: '/page' });
  const upgrade = [
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  ];
  const bytes = post([...upgrade, 'Connection: Upgrade', 'Content-Length: 3'], 'abc').replace(
    '/post',
    '/page',
  );
  await answersTo(site.url, bytes, 300);
  t.equal(site.arrivals.at(-1)?.body, 'abc');
  t.notMatch(site.arrivals.at(-1)?.lines.join('\n'), /^upgrade/im);
  t.notOk(isHit(await ask(site.url, { target: '/page' })), 'and it ends what it makes stale');
});
