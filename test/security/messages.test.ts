/** Heads and connections: Hosts, `Connection` lists, too many fields, and origin answers with extra bytes. */

import t from 'tap';
import { answersTo, ask, fateOf, isHit, valuesOf } from '../helpers/raw-client.ts';
import { okText, startRawSite } from '../helpers/raw-origin.ts';
import { startSite } from '../helpers/scripted-site.ts';

const rules = `
unmatched: standard
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
  home: { ttl: 60s, scope: user, cache_control: override }
routes:
  - { match: GET /page/*, type: page }
  - { match: GET /home/*, type: home }
`;

const head = (hosts: readonly string[], target = '/page/a'): string =>
  `GET ${target} HTTP/1.1\r\n${hosts.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`;

const badHosts: readonly (readonly [name: string, bytes: string])[] = [
  ['none', head([])],
  ['an empty one', head(['Host:'])],
  ['two', head(['Host: site.test', 'Host: evil.example'])],
  ['two alike', head(['Host: site.test', 'Host: site.test'])],
  ['two in different cases', head(['Host: site.test', 'hOST: evil.example'])],
  ['one with a space before the colon', head(['Host : evil.example', 'Host: site.test'])],
  ['one with user information', head(['Host: site.test@evil.example'])],
  ['one with a path', head(['Host: site.test/evil'])],
  ['one with a query', head(['Host: site.test?evil'])],
  ['one with a fragment', head(['Host: site.test#evil'])],
  ['one with a backslash', head(['Host: site.test\\evil'])],
  ['one with a comma', head(['Host: site.test, evil.example'])],
  ['one with a space', head(['Host: site.test evil.example'])],
  ['one with a tab', head(['Host: site.test\tevil.example'])],
  ['one with escapes', head(['Host: site%2etest'])],
  ['one with quotes', head(['Host: "site.test"'])],
  ['a port that is none', head(['Host: site.test:80evil'])],
  ['a port too large', head(['Host: site.test:99999'])],
  ['two ports', head(['Host: site.test:80:80'])],
  ['dots only', head(['Host: ..'])],
  ['a script', head(['Host: <script>'])],
  ['an absolute target with another host', head(['Host: site.test'], 'http://evil.example/page/a')],
  [
    'an absolute target with user information',
    head(['Host: site.test'], 'http://site.test@evil.example/page/a'),
  ],
  ['an absolute target of another scheme', head(['Host: site.test'], 'gopher://site.test/page/a')],
  ['an absolute target without a host', head(['Host: site.test'], 'http:///page/a')],
];

t.test('an invalid or repeated Host is refused before anything is sent', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  await ask(site.url, { target: '/page/a' });
  for (const [name, bytes] of badHosts) {
    const [answer] = await answersTo(site.url, bytes);
    t.equal(answer?.status, 400, name);
  }
  t.equal(site.arrivals.length, 1);
  t.ok(isHit(await ask(site.url, { target: '/page/a' })));
});

t.test('spellings of one host are one host; other hosts have separate copies', async (t) => {
  const site = await startRawSite(rules, ({ lines }) =>
    okText(lines.find((line) => /^host:/i.test(line)) ?? ''),
  );
  t.teardown(() => site.close());
  await ask(site.url, { target: '/page/a', host: 'site.test' });
  for (const host of ['SITE.test', 'site.test.', 'site.test:80', 'Site.Test.:80']) {
    t.ok(isHit(await ask(site.url, { target: '/page/a', host })), host);
  }
  for (const host of ['evil.example', 'site.test:8080', 'xn--site.test', 'www.site.test']) {
    const answer = await ask(site.url, { target: '/page/a', host });
    t.notOk(isHit(answer), host);
    t.match(answer.body.toLowerCase(), `host: ${host}`);
  }
  t.equal((await ask(site.url, { target: '/page/a' })).body.toLowerCase(), 'host: site.test');
});

t.test('unserved hosts get 421, and nothing is sent', async (t) => {
  const site = await startRawSite(
    `listen: { address: "127.0.0.1:0", hosts: [site.test, "*.site.test"] }\n${rules}`,
  );
  t.teardown(() => site.close());
  for (const host of ['evil.example', 'site.test.evil.example', 'evilsite.test', '127.0.0.1']) {
    t.equal((await ask(site.url, { target: '/page/a', host })).status, 421, host);
  }
  t.equal(site.arrivals.length, 0);
  for (const host of ['site.test', 'a.site.test:80', 'SITE.TEST.']) {
    t.equal((await ask(site.url, { target: '/page/a', host })).status, 200, host);
  }
});

// prettier-ignore
const essential = [
  'Cookie', 'Authorization', 'Host', 'Content-Length', 'Transfer-Encoding', 'Cache-Control', 'Accept', 'Range', 'X-Forwarded-For',
  'If-None-Match', 'Via', 'close, Cookie', 'keep-alive,cookie', 'COOKIE', 'X-Forwarded-Host', 'X-Forwarded-Proto',
];

t.test('a Connection that removes essential fields is refused', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  const cookie = 'Cookie: session=a';
  await ask(site.url, { target: '/home/a', lines: [cookie] });
  for (const listed of essential) {
    const answer = await ask(site.url, { target: '/home/a', lines: [cookie, `Connection: ${listed}`] });
    t.equal(answer.status, 400, listed);
  }
  t.equal(site.arrivals.length, 1);
  t.ok(isHit(await ask(site.url, { target: '/home/a', lines: [cookie] })));
});

t.test('hop-by-hop fields are not forwarded, in either direction', async (t) => {
  const site = await startRawSite(rules, () =>
    okText('ok', [
      'Connection: X-Hop, Set-Cookie, Cache-Control',
      'X-Hop: a',
      'Keep-Alive: timeout=5',
      'Proxy-Authenticate: Basic',
      'Cache-Control: no-store',
      'Set-Cookie: a=b',
    ]),
  );
  t.teardown(() => site.close());
  const lines = [
    'X-Mine: a',
    'Connection: X-Mine',
    'Keep-Alive: 5',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Proxy-Authorization: Basic YQ==',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  ];
  for (const [method, target] of [
    ['GET', '/any'],
    ['POST', '/any'],
  ] as const) {
    const answer = await ask(site.url, { method, target, lines });
    const sent = site.arrivals.at(-1)?.lines.join('\n') ?? '';
    t.notMatch(sent, /^(?:x-mine|keep-alive|proxy-connection|te|proxy-authorization|upgrade):/im, method);
    t.notMatch(answer.lines.join('\n'), /^(?:x-hop|proxy-authenticate|keep-alive: timeout=5$)/im);
    t.same(valuesOf(answer, 'set-cookie'), ['a=b'], 'to its cause, whatever Connection says');
    t.notOk(isHit(await ask(site.url, { target: '/any' })), 'and no-store binds, whatever Connection says');
  }
});

t.test('a message that is too large is refused as such, never cut and sent', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `X-${at}: a`);
  const last = 'Cookie: session=a';
  const tooMany = await ask(site.url, { target: '/home/a', lines: [...many(200), last] });
  t.equal(tooMany.status, 431);
  const tooLong = await ask(site.url, {
    target: '/home/a',
    lines: [`X-Long: ${'a'.repeat(17 * 1024)}`, last],
  });
  t.equal(tooLong.status, 431);
  t.equal((await ask(site.url, { target: `/${'a'.repeat(8200)}`, lines: [last] })).status, 414);
  t.equal(site.arrivals.length, 0);
  const fits = { target: '/home/a', lines: [...many(120), last] };
  t.equal((await ask(site.url, fits)).status, 200);
  t.match(site.arrivals[0]?.lines.join('\n'), /^cookie: session=a$/im, 'the last field arrives');
  t.ok(isHit(await ask(site.url, { target: '/home/a', lines: [last] })));
});

const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nSet-Cookie: evil=1\r\n\r\nevil';

/** Answers of an origin that is made to say more than one: nothing of the rest may reach anybody. */
const splitting: readonly (readonly [name: string, bytes: string, status: number])[] = [
  ['a second answer behind the first', okText('good') + evil, 200],
  ['more bytes than the length says', okText('good') + 'evil'.repeat(10), 200],
  ['a second answer behind a 204', `HTTP/1.1 204 No Content\r\n\r\n${evil}`, 204],
  [
    'a second answer behind chunks',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n${evil}`,
    200,
  ],
  ['two lengths', `HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 90\r\n\r\ngood${evil}`, 502],
  [
    'a length and chunks',
    `HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n${evil}`,
    502,
  ],
  [
    'a bare CR in a value',
    `HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: evil=1\r\nContent-Length: 4\r\n\r\ngood`,
    502,
  ],
  ['a NUL in a value', `HTTP/1.1 200 OK\r\nX: a\x00evil\r\nContent-Length: 4\r\n\r\ngood`, 502],
  ['a name with a space', `HTTP/1.1 200 OK\r\nX evil: a\r\nContent-Length: 4\r\n\r\ngood`, 502],
  ['a folded line', `HTTP/1.1 200 OK\r\nX: a\r\n evil\r\nContent-Length: 4\r\n\r\ngood`, 502],
  ['no answer of HTTP', 'evil\r\n\r\n', 502],
  ['a status beyond numbers', 'HTTP/1.1 9999 evil\r\nContent-Length: 4\r\n\r\ngood', 502],
  [
    'a switch nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\nConnection: Upgrade\r\n\r\nevil',
    502,
  ],
  ['a head without end', `HTTP/1.1 200 OK\r\n${'X-Evil: evilevilevil\r\n'.repeat(5000)}`, 502],
];

t.test('bytes of an origin beyond its answer reach no client', async (t) => {
  for (const kind of ['page', 'home', 'any']) {
    const site = await startRawSite(rules);
    for (const [at, [name, bytes, status]] of splitting.entries()) {
      site.answerWith(() => bytes);
      const target = `/${kind}/${at}`;
      const first = await ask(site.url, { target });
      t.equal(first.status, status, `${kind}: ${name}`);
      t.notMatch(first.lines.join() + first.body, 'evil', name);
      site.answerWith(({ requestLine }) => okText(requestLine));
      const others = await Promise.all(
        [1, 2, 3, 4].map((other) => ask(site.url, { target: `/${kind}/${at}-${other}` })),
      );
      for (const [other, answer] of others.entries()) {
        t.equal(
          answer.body,
          `GET /${kind}/${at}-${other + 1} HTTP/1.1`,
          `${name}: the next answers are whole`,
        );
      }
    }
    await ask(site.url, { target: '/page/clean' });
    t.ok(isHit(await ask(site.url, { target: '/page/clean' })));
    await site.close();
  }
});

t.test('an answer that comes before its request reaches no client', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  site.answerWith(({ socket }) => {
    setImmediate(() => socket.write(evil));
    return okText('good');
  });
  t.equal((await ask(site.url, { target: '/page/1' })).body, 'good');
  site.answerWith(({ requestLine }) => okText(requestLine));
  // The extra bytes have arrived by now, on a connection that is idle.
  await ask(site.url, { method: 'POST', target: '/other' });
  for (const at of [2, 3, 4]) {
    t.equal((await ask(site.url, { target: `/page/${at}` })).body, `GET /page/${at} HTTP/1.1`);
  }
});

t.test('strange bytes of the origin in values and reason are relayed, and split nothing', async (t) => {
  const site = await startRawSite(
    rules,
    () => `HTTP/1.1 200 \xe9t\xe9\r\nX: caf\xe9\r\nContent-Length: 2\r\n\r\nok`,
  );
  t.teardown(() => site.close());
  for (const method of ['GET', 'POST']) {
    const answer = await ask(site.url, { method, target: '/any' });
    t.equal(answer.status, 200, method);
    t.same(valuesOf(answer, 'x'), ['caf\xe9']);
  }
});

t.test('nothing a client sends is reflected in a head', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  for (const target of [
    '/page/%0d%0aSet-Cookie:%20evil=1',
    '/page/a?x=%0d%0aSet-Cookie:%20evil=1',
    '/page/\u00e9',
  ]) {
    const answer = await ask(site.url, { target });
    t.notMatch(answer.lines.join('\n'), /^set-cookie/im, target);
  }
});

t.test('a login on one connection does not log in other clients on it', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  for (const scheme of ['NTLM', 'Negotiate']) {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      await ask(site.url, { method, target: '/any', lines: [`Authorization: ${scheme} TlRMTVNTUAAB`] });
      const own = site.arrivals.at(-1);
      const isSent = own?.lines.some((line) => line.toLowerCase().startsWith('authorization')) === true;
      // What goes through @fastify/http-proxy goes without: its connections last.
      t.equal(isSent, method !== 'OPTIONS', `${scheme}, ${method}`);
      await ask(site.url, { target: '/any?next' });
      if (isSent) t.not(site.arrivals.at(-1)?.socket, own.socket);
    }
  }
});

t.test('an ambiguous field is forwarded unchanged or not at all', async (t) => {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  const answer = await ask(site.url, {
    target: '/home/a',
    lines: ['Cookie: session=a', 'Cookie: session=b', 'Authorization: a', 'Authorization: b'],
  });
  t.match(fateOf(answer), 'detail=identity');
  const sent = site.arrivals.at(-1)?.lines.filter((line) => /^(?:cookie|authorization)/i.test(line)) ?? [];
  t.equal(sent.length, 4, 'the origin is left to decide about the same lines');
});
