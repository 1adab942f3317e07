/**
 * Cache poisoning by errors and odd requests: the result of a strange request is never given to a clean one. The origin here
 * fails easily, and marks its errors as storable.
 */

import t from 'tap';
import { isOfOneConnection, openTwo } from '../helpers/h2-frames.ts';
import { ask, fateOf, isHit, type RawRequest, valuesOf } from '../helpers/raw-client.ts';
import { startSite } from '../helpers/scripted-site.ts';

const rules = `
listen: { h2c: true }
unmatched: standard
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
  home: { ttl: 60s, scope: user, cache_control: override }
  daring: { ttl: 60s, scope: public, cache_control: override, statuses: { 200: 60s, 400: 60s, 403: 60s, 417: 60s } }
routes:
  - { match: GET /page/*, type: page }
  - { match: GET /home/*, type: home }
  - { match: GET /daring/*, type: daring }
`;

/** 400 to what is too long or malformed, 403 to a scanner, 404 to another method, 416 and 500 to ranges. */
const startTouchy = () =>
  startSite(rules, {
    answer: (request, response) => {
      const { headers, method } = request;
      const text = request.rawHeaders.join('');
      response.setHeader('Cache-Control', 'public, max-age=600');
      if (text.length > 6000 || text.includes('evil')) response.statusCode = 400;
      else if (headers['user-agent'] === 'scanner') response.statusCode = 403;
      else if (headers['x-http-method-override'] !== undefined || method !== 'GET') response.statusCode = 404;
      else if (headers.range !== undefined)
        response.statusCode = headers.range.startsWith('bytes=9') ? 416 : 500;
      else if (headers['content-length'] !== undefined) response.statusCode = 400;
      else if ((headers['accept-encoding'] ?? '').includes('rot13')) response.statusCode = 406;
      else if (headers.expect !== undefined) response.statusCode = 417;
      response.end(response.statusCode === 200 ? 'good' : 'poison');
    },
  });

const upsetting: readonly (readonly [
  name: string,
  lines: readonly string[],
  method?: string,
  body?: string,
])[] = [
  ['a long field', [`X-Oversized: ${'a'.repeat(7000)}`]],
  ['many fields', Array.from({ length: 100 }, (_, at) => `X-Many-${at}: ${'a'.repeat(60)}`)],
  ['a field the origin dislikes', ['X-Metachar: evil\u00e9']],
  ['a scanner', ['User-Agent: scanner']],
  ['a bad Accept-Encoding', ['Accept-Encoding: rot13']],
  ['a bad Accept', ['Accept: evil/evil']],
  ['a range beyond the end', ['Range: bytes=9999-']],
  ['a range of nothing', ['Range: bytes=0-0,0-0,0-0']],
  ['a range in another unit', ['Range: evil=0-1']],
  ['X-HTTP-Method-Override', ['X-HTTP-Method-Override: POST']],
  ['X-HTTP-Method', ['X-HTTP-Method: DELETE']],
  ['X-Method-Override', ['X-Method-Override: PUT']],
  ['X_HTTP_Method_Override', ['X_HTTP_Method_Override: POST']],
  ['a GET with a body', ['Content-Length: 4'], 'GET', 'evil'],
  ['a GET with a chunked body', ['Transfer-Encoding: chunked'], 'GET', '4\r\nevil\r\n0\r\n\r\n'],
  ['a HEAD', [], 'HEAD'],
  ['an OPTIONS', [], 'OPTIONS'],
  ['a method of its own', [], 'PROPFIND'],
  ['Expect', ['Expect: 100-evil']],
  ['a condition', ['If-None-Match: evil']],
  ['a condition on a change', ['If-Match: "evil"']],
  ['an encoding that asks for an error', ['TE: evil', 'Connection: TE']],
  ['no-store', ['Cache-Control: no-store', 'X-Metachar: evil']],
  ['an unknown upgrade', ['Upgrade: evil', 'Connection: Upgrade']],
];

for (const [kind, isTwo] of [
  ['page', false],
  ['home', false],
  ['daring', false],
  ['any', false],
  ['page', true],
  ['any', true],
] as const) {
  t.test(
    `/${kind}${isTwo ? ' over HTTP/2' : ''}: what upsets the origin is not what the clean request gets, and that is a hit`,
    async (t) => {
      const site = await startTouchy();
      t.teardown(() => site.close());
      const upset = isTwo ? openTwo(t, site.url) : (request: RawRequest) => ask(site.url, request);
      const cases = isTwo ? upsetting.filter(([, lines]) => !lines.some(isOfOneConnection)) : upsetting;
      for (const [at, [name, lines, method = 'GET', body]] of cases.entries()) {
        const target = `/${kind}/${at}`;
        await upset({ target, lines, method, ...(body === undefined ? {} : { body }) });
        const clean = await ask(site.url, { target });
        t.equal(clean.body, 'good', name);
        t.equal(clean.status, 200);
        t.ok(isHit(await ask(site.url, { target })), `${name}: a hit afterwards`);
      }
    },
  );
}

t.test('a GET with a body, or one that claims another method, is passed and not looked up', async (t) => {
  const site = await startTouchy();
  t.teardown(() => site.close());
  const target = '/page/a';
  for (const lines of [
    ['Content-Length: 4'],
    ['X-HTTP-Method-Override: PURGE'],
    ['x-method-override: GET'],
  ]) {
    await ask(site.url, { target });
    const body = lines[0]?.startsWith('Content') === true ? 'evil' : '';
    t.match(fateOf(await ask(site.url, { target, lines, body })), /^fwd=(?:bypass|method)/, lines.join());
  }
});

t.test('PURGE, BAN and the like have no effect on the public listener', async (t) => {
  const site = await startTouchy();
  t.teardown(() => site.close());
  await ask(site.url, { target: '/page/a' });
  const seen = site.seen.length;
  for (const method of ['PURGE', 'BAN', 'REFRESH', 'INVALIDATE', 'CONNECT']) {
    const answer = await ask(site.url, { target: '/page/a', method });
    t.equal(answer.status, 405, method);
    t.equal(valuesOf(answer, 'allow').length, 1, 'RFC 9110 §15.5.6: 405 says what is allowed');
    t.match(fateOf(answer), /detail=method-not-allowed/);
  }
  t.equal(site.seen.length, seen);
  t.ok(isHit(await ask(site.url, { target: '/page/a' })));
});

t.test('a missing page of a user is stored for that user alone', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      response.statusCode = 404;
      response.end(`no page for ${request.headers.cookie ?? 'nobody'}`);
    },
  });
  t.teardown(() => site.close());
  for (const lines of [['Cookie: session=a'], ['Cookie: session=b'], []]) {
    const who = lines[0]?.slice('Cookie: '.length) ?? 'nobody';
    t.equal((await ask(site.url, { target: '/home/x', lines })).body, `no page for ${who}`);
    t.ok(isHit(await ask(site.url, { target: '/home/x', lines })));
  }
});

t.test('what a query hides is in the key: repeated, reordered and escaped parameters', async (t) => {
  const site = await startSite(rules, { answer: (request, response) => response.end(request.url) });
  t.teardown(() => site.close());
  const queries = [
    'a=1&a=2',
    'a=2&a=1',
    'a=1',
    'a=1;b=2',
    'a=1%26b=2',
    'a[]=1',
    'a=%31',
    'A=1',
    'a=1&',
    '?a=1',
    'a=1%00',
    '',
  ];
  for (const query of queries) {
    const target = `/page/q?${query}`;
    const sent = (await ask(site.url, { target })).body;
    const own = sent.includes('?') ? sent.slice(sent.indexOf('?') + 1) : '';
    t.equal(own.split('&').filter(Boolean).length, query.split('&').filter(Boolean).length, query);
    t.equal((await ask(site.url, { target })).body, sent, `${query}: its own answer`);
  }
  await ask(site.url, { target: '/page/r?b=2&a=1' });
  t.ok(isHit(await ask(site.url, { target: '/page/r?a=1&b=2' })));
});
