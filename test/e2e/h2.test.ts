/** HTTP/2 to clients: the same requests and answers as over HTTP/1.1. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { authority } from '../helpers/certificates.ts';
import {
  endHeaders,
  endStream,
  forStreams,
  frame,
  get,
  literal,
  post,
  preface,
  sendFrames,
  types,
} from '../helpers/h2-frames.ts';
import { eventually } from '../helpers/eventually.ts';
import { ask as askOverOne, valuesOf } from '../helpers/raw-client.ts';
import { barrier, startSite } from '../helpers/scripted-site.ts';

const run = promisify(execFile);
const rules = `
identity: { credentials: [session] }
content_types: { page: { ttl: 60s, scope: public }, own: { ttl: 60s, scope: user } }
routes: [{ match: GET /page/*, type: page }, { match: GET /own/*, type: own }]
writes: [{ match: POST /page/:id, invalidate: ["url:/page/{id}"] }]
`;

type Answered = {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders | undefined;
  /** How the stream ended. */
  readonly code: number;
};

/** Asks on a connection; the answer as far as it came. */
function ask(
  client: ClientHttp2Session,
  headers: readonly string[] | OutgoingHttpHeaders,
  body?: string,
): Promise<Answered> {
  return new Promise((resolve) => {
    const stream = client.request(headers, { endStream: body === undefined });
    let got: Answered['headers'] = {};
    let trailers: IncomingHttpHeaders | undefined;
    let text = '';
    stream.on('response', (head) => (got = head));
    stream.on('trailers', (fields: IncomingHttpHeaders) => (trailers = fields));
    stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      resolve({ status: got[':status'], headers: got, body: text, trailers, code: stream.rstCode });
    });
    if (body !== undefined) stream.end(body);
  });
}

async function startPlain(t: Test, isFast: boolean) {
  const site = await startSite(`listen: { h2c: true, fast_lane: ${isFast} }${rules}`);
  const client = connect(site.url);
  client.on('error', () => undefined);
  t.teardown(async () => {
    client.destroy();
    await site.close();
  });
  return {
    site,
    client,
    get: (path: string, headers: OutgoingHttpHeaders = {}) =>
      ask(client, { ':path': path, ':authority': 'site.test', ...headers }),
  };
}

/** With the lane in front of node:http2, and without it. */
function both(name: string, test: (t: Test, isFast: boolean) => Promise<void>): void {
  for (const isFast of [true, false])
    t.test(isFast ? name : `${name}; without the lane`, (t) => test(t, isFast));
}

both('17.3: curl over TLS agrees on h2, and reads, writes and uploads', async (t, isFast) => {
  const { ca, certify } = await authority(t);
  const files = await certify('site.test');
  const site = await startSite(
    `listen: { tls: { cert: ${files.cert}, key: ${files.key} }, fast_lane: ${isFast} }${rules}`,
    {
      answer: (request, response) => {
        let bytes = 0;
        request.on('data', (chunk: Buffer) => (bytes += chunk.length));
        request.on('end', () =>
          response.end(
            `${bytes} ${String(request.headers['x-forwarded-proto'])} ${String(request.headers.via)}`,
          ),
        );
      },
    },
  );
  t.teardown(() => site.close());
  const { port } = new URL(site.url);
  const curl = async (path: string, ...options: string[]) => {
    const known = ['--resolve', `site.test:${port}:127.0.0.1`, '--cacert', ca];
    return (
      await run('curl', ['-sS', '-i', '--http2', ...known, ...options, `https://site.test:${port}${path}`])
    ).stdout;
  };
  t.match(await curl('/page/1'), /^HTTP\/2 200 \r\n[^]*stored[^]*\r\n\r\n0 https 1\.1 shelflife$/);
  t.match(await curl('/page/1'), /shelflife; hit/);
  t.match(await curl('/page/1', '-I'), /^HTTP\/2 200 \r\n[^]*shelflife; hit[^]*\r\n\r\n$/);
  t.match(await curl('/page/1', '--http1.1'), /^HTTP\/1\.1 200[^]*shelflife; hit/);
  t.match(await curl('/page/1', '-d', 'x'.repeat(100_000)), /\r\n\r\n100000 https 2\.0 shelflife$/);
  t.match(await curl('/page/1'), /fwd=uri-miss; stored/, 'the write has ended it');
});

both('17.3: requests are read as strictly as those of HTTP/1.1', async (t, isFast) => {
  const { site, client, get } = await startPlain(t, isFast);
  const cases: readonly (readonly [string, number, readonly string[]])[] = [
    [
      'another Host',
      400,
      [':method', 'GET', ':path', '/', ':scheme', 'http', ':authority', 'a.test', 'host', 'b.test'],
    ],
    ['user information', 0, [':method', 'GET', ':path', '/', ':scheme', 'http', ':authority', 'a@b.test']],
    [
      'an absolute target',
      0,
      [':method', 'GET', ':path', 'http://b.test/', ':scheme', 'http', ':authority', 'a.test'],
    ],
    [
      'a target without a slash',
      0,
      [':method', 'GET', ':path', 'x', ':scheme', 'http', ':authority', 'a.test'],
    ],
    ['another scheme', 400, [':method', 'GET', ':path', '/', ':scheme', 'ftp', ':authority', 'a.test']],
    [
      'a method of caches',
      405,
      [':method', 'PURGE', ':path', '/', ':scheme', 'http', ':authority', 'a.test'],
    ],
    ['a tunnel', 405, [':method', 'CONNECT', ':authority', 'a.test:80']],
    [
      'an expectation',
      417,
      [':method', 'GET', ':path', '/', ':scheme', 'http', ':authority', 'a.test', 'expect', 'x'],
    ],
    [
      'fields beyond count',
      431,
      [
        ':method',
        'GET',
        ':path',
        '/',
        ':scheme',
        'http',
        ':authority',
        'a.test',
        ...Array.from({ length: 130 }, (_, index) => [`x${index}`, '']).flat(),
      ],
    ],
    [
      'a target beyond length',
      414,
      [':method', 'GET', ':path', `/${'a'.repeat(9000)}`, ':scheme', 'http', ':authority', 'a.test'],
    ],
  ];
  for (const [what, status, fields] of cases) {
    const answer = await ask(client, fields);
    // What nghttp2 knows to be malformed ends its stream.
    t.equal(answer.status ?? 0, status, what);
    if (status === 0) t.equal(answer.code, 1, what);
    else t.match(answer.headers['cache-status'], /shelflife; fwd=bypass; detail=/, what);
  }
  t.strictSame(site.seen, [], 'none of them reaches the origin');
  t.match(await ask(client, { ':method': 'OPTIONS', ':path': '*', ':authority': 'a.test' }), {
    status: 204,
    headers: { allow: /GET/ },
  });
  t.equal((await get('/page/ok')).status, 200);
  const crumbs = await ask(client, [
    ':method',
    'GET',
    ':path',
    '/own/x',
    ':scheme',
    'http',
    ':authority',
    'site.test',
    'cookie',
    'theme=1',
    'cookie',
    'session=a',
  ]);
  t.equal(crumbs.status, 200);
  t.equal(
    site.requests.at(-1)?.headers.cookie,
    'session=a',
    'one Cookie field, of which the credential is sent',
  );
});

both('17.3: who asks is told as over HTTP/1.1', async (t, isFast) => {
  const { site, client } = await startPlain(t, isFast);
  site.answerWith((request, response) => response.end(`for ${String(request.headers.cookie)}`));
  const own = (...cookies: string[]) =>
    ask(client, [
      ':method',
      'GET',
      ':path',
      '/own/a',
      ':scheme',
      'http',
      ':authority',
      'site.test',
      ...cookies.flatMap((value) => ['cookie', value]),
    ]);
  const fate = ({ headers }: Answered): string =>
    String(headers['cache-status']).replace(/^.*shelflife; /, '');
  t.equal((await own('session=ann')).body, 'for session=ann');
  t.match(fate(await own('theme=dark', 'session=ann')), /^hit/);
  t.equal((await own('session=bob')).body, 'for session=bob');
  for (const cookies of [
    ['session=ann', 'session=bob'],
    ['session=bob; session=ann'],
    ['$Version=1', 'session=ann'],
    ['Session=ann', 'session=bob'],
  ]) {
    const answer = await own(...cookies);
    t.match(fate(answer), /^fwd=bypass; detail=identity/, cookies.join(' + '));
    t.equal(answer.body, `for ${cookies.join('; ')}`);
  }
  t.notMatch((await own()).body, /ann|bob/);
  const over1 = await askOverOne(site.url, { target: '/own/a', lines: ['Cookie: session=ann'] });
  t.equal(over1.body, 'for session=ann');
  t.match(valuesOf(over1, 'cache-status').join(), /shelflife; hit/, 'one copy for both versions');
});

both(
  '17.3: fields of one connection end the stream, and what frames say of a body is believed',
  async (t, isFast) => {
    const { site, client, get } = await startPlain(t, isFast);
    for (const fields of [
      ['content-length', '5'],
      ['content-length', 'x'],
    ]) {
      const other = connect(site.url);
      other.on('error', () => undefined);
      const answer = await ask(
        other,
        [':method', 'POST', ':path', '/w', ':scheme', 'http', ':authority', 'a.test', ...fields],
        'longer body',
      );
      other.destroy();
      t.not(answer.status, 200, fields.join());
    }
    site.answerWith((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += String(chunk)));
      request.on('end', () =>
        response.end(
          `${text} ${String(request.headers['transfer-encoding'])} ${String(request.headers['content-length'])}`,
        ),
      );
    });
    const post = (body: string, headers: OutgoingHttpHeaders = {}) =>
      ask(client, { ':method': 'POST', ':path': '/w', ':authority': 'a.test', ...headers }, body);
    t.equal((await post('abc')).body, 'abc chunked undefined');
    t.equal((await post('abc', { 'content-length': 3 })).body, 'abc undefined 3');
    t.equal((await get('/page/after')).status, 200);
  },
);

both('17.3: answers are those of HTTP/1.1 but for the fields of one connection', async (t, isFast) => {
  const { site, client } = await startPlain(t, isFast);
  site.answerWith((request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/204')) response.writeHead(204, ['X-A', '1']).end();
    else if (path.endsWith('/twice'))
      response
        .writeHead(200, [
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
          'X-C',
          '1',
          'X-C',
          '2',
          'Keep-Alive',
          'timeout=9',
          'X-B',
          'caf\xe9',
          'Content-Length',
          '2',
        ])
        .end('ok');
    else if (path.endsWith('/trailers')) {
      response.writeHead(200, ['Trailer', 'x-sum']);
      response.addTrailers({ 'x-sum': '7' });
      response.end('body');
    } else response.end(`body of ${path}`);
  });
  for (const [method, target] of [
    ['GET', '/page/a'],
    ['GET', '/page/a'],
    ['HEAD', '/page/a'],
    ['GET', '/other/204'],
    ['GET', '/other/twice'],
    ['POST', '/w/x'],
    ['DELETE', '/w/x'],
    ['GET', '/page/a'],
  ] as const) {
    const one = await askOverOne(site.url, { method, target });
    const two = await ask(client, { ':method': method, ':path': target, ':authority': 'site.test' });
    t.equal(two.status, one.status, `${method} ${target}`);
    t.equal(two.body, one.body);
    t.equal(two.code, 0);
    for (const name of ['content-type', 'content-length', 'x-a', 'x-b', 'x-c', 'set-cookie'])
      t.equal(
        String(two.headers[name] ?? ''),
        valuesOf(one, name).join(name === 'set-cookie' ? ',' : ', '),
        `${target} ${name}`,
      );
    t.notOk('connection' in two.headers || 'keep-alive' in two.headers || 'transfer-encoding' in two.headers);
  }
  t.match(await ask(client, { ':path': '/other/trailers', ':authority': 'a.test' }), {
    body: 'body',
    trailers: { 'x-sum': '7' },
    code: 0,
  });
});

both('17.3: an answer cut short is no whole one, and a client that leaves is noticed', async (t, isFast) => {
  const { site, client, get } = await startPlain(t, isFast);
  const gone = barrier();
  site.answerWith((request, response) => {
    if (request.url === '/other/stay') {
      response.write('some');
      response.once('close', gone.arrive);
      return;
    }
    response.writeHead(200, { 'content-length': 100 });
    response.write('part', () => setImmediate(() => response.destroy()));
  });
  for (const path of ['/page/cut', '/other/cut']) {
    const answer = await get(path);
    t.ok(answer.code !== 0 || answer.status === 502, path);
  }
  const stream = client.request({ ':path': '/other/left', ':authority': 'a.test' });
  stream.on('error', () => undefined);
  stream.close(8);
  const left = client.request({ ':method': 'POST', ':path': '/other/stay', ':authority': 'a.test' });
  left.on('error', () => undefined).end();
  await once(left, 'response');
  left.close(8);
  await gone.reached;
});

both('an upload that its client cancels is not whole for the origin', async (t, isFast) => {
  const { site, client } = await startPlain(t, isFast);
  const [begun, over] = [barrier(), barrier()];
  let isWhole = false;
  site.answerWith((request) => {
    request.once('data', begun.arrive).once('end', () => (isWhole = true));
    request.on('error', () => undefined).once('close', over.arrive);
  });
  const leaving = new AbortController();
  const { signal } = leaving;
  const head = { ':method': 'POST', ':path': '/other/up', ':authority': 'a.test' };
  const stream = client.request(head, { signal, endStream: false });
  stream.on('error', () => undefined).write('half');
  await begun.reached;
  leaving.abort();
  await over.reached;
  t.notOk(isWhole);
});

both('17.4: 100 streams of hits and misses on one connection', async (t, isFast) => {
  const { site, get } = await startPlain(t, isFast);
  const big = 'x'.repeat(200_000);
  site.answerWith((request, response) => response.end(`${request.url ?? ''} ${big}`));
  await get('/page/0');
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => get(`/page/${index % 20}`)));
  for (const [index, { status, body }] of answers.entries()) {
    if (status !== 200 || body !== `/page/${index % 20} ${big}`) t.fail(`answer ${index}: ${String(status)}`);
  }
  t.equal(new Set(site.seen).size, site.seen.length, 'nothing is fetched twice');
});

const { data, headers, priority, reset, settings, push, ping, window, continuation } = types;
const whole = endStream | endHeaders;
const times = (count: number, bytes: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bytes));
const hostile: readonly (readonly [string, Buffer])[] = [
  [
    'a head that never ends',
    Buffer.concat([frame(headers, 0, 1, get), times(200, frame(continuation, 0, 1, literal('x', 'y')))]),
  ],
  ['a head that is too large', frame(headers, whole, 1, get + literal('x', 'y'.repeat(126)).repeat(128))],
  ['data for a stream that is not open', frame(data, 0, 1, 'x')],
  ['an even stream', frame(headers, whole, 2, get)],
  ['a frame beyond size', frame(data, 0, 1, 'x'.repeat(20_000))],
  ['settings of a wrong length', frame(settings, 0, 0, 'xxx')],
  ['settings of a stream', frame(settings, 0, 1)],
  ['settings with a window beyond size', frame(settings, 0, 0, '\0\x04\xff\xff\xff\xff')],
  ['settings with a frame size of zero', frame(settings, 0, 0, '\0\x05\0\0\0\0')],
  ['settings without end', times(3000, frame(settings, 0, 0, '\0\x03\0\0\0\x64'))],
  ['acknowledgements of nothing', times(3000, frame(settings, 1, 0))],
  ['a window of zero', frame(window, 0, 0, '\0\0\0\0')],
  ['a window beyond size', frame(window, 0, 0, '\x7f\xff\xff\xff')],
  ['a ping of a wrong length', frame(ping, 0, 0, 'x')],
  ['pings without end', times(3000, frame(ping, 0, 0, '12345678'))],
  ['HPACK that is none', frame(headers, whole, 1, '\xff\xff\xff\xff\xff\xff')],
  ['pushing to a server', frame(push, endHeaders, 1, `\0\0\0\x02${get}`)],
  ['priorities without end', times(20_000, frame(priority, 0, 3, '\0\0\0\x01\x10'))],
  ['frames of an unknown type without end', times(20_000, frame(200, 0, 0, 'x'))],
  [
    'empty data without end',
    Buffer.concat([frame(headers, endHeaders, 1, post), times(3000, frame(data, 0, 1))]),
  ],
  [
    'padding without end',
    Buffer.concat([frame(headers, endHeaders, 1, post), times(20_000, frame(data, 8, 1, '\0'))]),
  ],
  ['more streams than allowed', forStreams(1200, (stream) => [frame(headers, whole, stream, get)])],
  [
    'rapid reset',
    forStreams(1200, (stream) => [frame(headers, whole, stream, get), frame(reset, 0, stream, '\0\0\0\x08')]),
  ],
  // CVE-2025-8671: the server is made to reset, and so counts no resets of the client's.
  [
    'reset by a window of zero',
    forStreams(1200, (stream) => [
      frame(headers, endHeaders, stream, post),
      frame(window, 0, stream, '\0\0\0\0'),
    ]),
  ],
  [
    'reset by a window beyond size',
    forStreams(1200, (stream) => [
      frame(headers, endHeaders, stream, post),
      frame(window, 0, stream, '\x7f\xff\xff\xff'),
    ]),
  ],
  [
    'reset by data behind the end',
    forStreams(1200, (stream) => [frame(headers, whole, stream, get), frame(data, 0, stream, 'x')]),
  ],
];
both('17.4: hostile frames end their connection, and only that', async (t, isFast) => {
  const { site, get: ask } = await startPlain(t, isFast);
  // Nobody is answered while the frames come: only limits end them.
  const held = new Set<ServerResponse>();
  site.answerWith((request, response) => {
    if (request.url === '/page/after') response.end('ok');
    else held.add(response);
  });
  for (const [what, bytes] of hostile) {
    const before = site.seen.length;
    const socket = (await sendFrames(t, site.url, bytes)).resume();
    await eventually(what, () => socket.readableEnded || socket.destroyed);
    t.ok(site.seen.length - before <= 300, `${what}: ${site.seen.length - before} requests`);
    t.equal((await ask('/page/after')).status, 200, what);
  }
  for (const response of held) response.end();
});

both(
  '17.4: malformed messages end their stream: fields of one connection, upper case, pseudo-fields',
  async (t, isFast) => {
    const { site } = await startPlain(t, isFast);
    for (const block of [
      get + literal('connection', 'close'),
      get + literal('transfer-encoding', 'chunked'),
      get + literal('Upper', 'x'),
      get + literal('host', 'b'),
      get + literal('host', 'a') + literal('host', 'a'),
      '\x82\x86\x84',
      `${get}\x84`,
      literal('x', 'y') + get,
      '\x82\x86\x41\x01a',
      get + literal(':protocol', 'websocket'),
      // 1 MB of fields, in 9 KB.
      `${get}\x40\x01x\x7e${'y'.repeat(126)}${'\xbe'.repeat(9000)}`,
    ]) {
      const socket = await sendFrames(t, site.url, frame(headers, whole, 1, block));
      let received = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
      // RST_STREAM of stream 1; or, what only we refuse, the head of an answer to it.
      const isOver = () =>
        [reset, headers].some((type) =>
          received.includes(Buffer.from([type, type === reset ? 0 : 4, 0, 0, 0, 1])),
        );
      await eventually('it is refused', isOver);
    }
    t.strictSame(site.seen, [], 'none reaches the origin');
  },
);

both('17.4: an upload that turns out malformed is not whole for the origin', async (t, isFast) => {
  const { site, get: ask } = await startPlain(t, isFast);
  site.answerWith((request, response) => {
    request.on('error', () => undefined);
    if (request.url === '/page/after') response.end('ok');
  });
  for (const rest of [
    frame(headers, whole, 1, '\x84'),
    frame(headers, whole, 1, literal('connection', 'close')),
    frame(headers, whole, 1, literal('Upper', 'x')),
    frame(data, endStream, 1, 'x'.repeat(9)),
    frame(data, endStream, 1),
    frame(reset, 0, 1, '\0\0\0\x01'),
  ]) {
    const head = frame(headers, endHeaders, 1, post + literal('content-length', '9'));
    const socket = await sendFrames(t, site.url, Buffer.concat([head, frame(data, 0, 1, 'part')]));
    const before = site.seen.length;
    await eventually('the origin has its head', () => site.seen.length > before);
    socket.resume().write(rest);
    const gone = site.requests.at(-1);
    await eventually('it ends', () => gone?.destroyed === true);
    t.equal((await ask('/page/after')).status, 200);
  }
  t.notOk(
    site.requests.some(({ method, complete }) => method === 'POST' && complete),
    'none is whole',
  );
});

both('17.4: a field with a line break in its value is not there at all', async (t, isFast) => {
  const { site } = await startPlain(t, isFast);
  const fields = literal('x', 'a\r\nb: c') + literal('y', 'z');
  (await sendFrames(t, site.url, frame(headers, whole, 1, get + fields))).resume();
  await eventually('it has come', () => site.requests.length > 0);
  const { x, y, b } = site.requests[0]?.headers ?? {};
  t.strictSame({ x, y, b }, { x: undefined, y: 'z', b: undefined });
});

both('h2c is known by its first bytes, however they are cut', async (t, isFast) => {
  const { site } = await startPlain(t, isFast);
  for (const pieces of [preface.length, 1, 3, 20]) {
    const socket = connectTcp(Number(new URL(site.url).port), '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.setNoDelay(true);
    for (let at = 0; at < preface.length; at += pieces) {
      socket.write(preface.subarray(at, at + pieces));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [first] = (await once(socket, 'data')) as [Buffer];
    t.equal(first[3], 4, 'SETTINGS');
  }
  t.equal((await askOverOne(site.url, { method: 'PUT', target: '/x' })).status, 200);
});

both('a stop tells clients to leave, and answers what they have asked', async (t, isFast) => {
  const { site, client, get } = await startPlain(t, isFast);
  const [asked, answered] = [barrier(), barrier()];
  site.answerWith((_request, response) => {
    asked.arrive();
    void answered.reached.then(() => response.end('late'));
  });
  const slow = get('/other/slow');
  await asked.reached;
  const goaway = once(client, 'goaway');
  const closed = site.proxy.close();
  await goaway;
  answered.arrive();
  t.match(await slow, { status: 200, body: 'late' });
  await closed;
});
