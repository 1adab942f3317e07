/**
 * Unkeyed input: fields that the origin may read and the key does not include. The origin here writes every field it gets
 * into its page, so the next reader would see anything sent unkeyed.
 */

import t from 'tap';
import { isOfOneConnection, openTwo } from '../helpers/h2-frames.ts';
import { ask, isHit, type RawRequest } from '../helpers/raw-client.ts';
import { startSite } from '../helpers/scripted-site.ts';

const mark = 'evil-mark.example';

// prettier-ignore
const fields: readonly string[] = [
  'X-Forwarded-Host', 'X-Forwarded-Scheme', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix',
  'X-Forwarded-Server', 'X-Forwarded-Path', 'X-Forwarded-For', 'X-Forwarded-By', 'X-Forwarded-SSL', 'X-Forwarded-Uri',
  'X-Forwarded', 'Forwarded', 'Forwarded-For', 'X-Host', 'X-HTTP-Host-Override', 'X-Original-URL', 'X-Original-URI',
  'X-Original-Host', 'X-Rewrite-URL', 'X-Rewrite-Uri', 'X-Real-IP', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP',
  'X-Cluster-Client-IP', 'X-ProxyUser-Ip', 'X-Request-ID', 'Via', 'Proxy', 'X-Backend-Host', 'X-Scheme', 'X-Url-Scheme',
  'Front-End-Https', 'X-Wap-Profile', 'X-Script-Name', 'Script-Name', 'X-Envoy-Original-Path', 'Destination', 'Max-Forwards',
  'X_Forwarded_Host', 'X_Original_URL', 'X-Forwarded_Host', 'X.Forwarded.Host', 'X!Forwarded~Host', 'X_Forwarded.For',
  "X'Original*URL", 'Accept_Language', 'If.None.Match', 'If_Modified_Since', 'User.Agent', 'Transfer_Encoding', 'Request-Uri', 'Base-Url', 'X-Base-Url',
  'X-Path-Info', 'X-Server-Name', 'X-Remote-Addr', 'X-Custom-IP-Authorization',
];

/** Those a `standard` fetch sends, as the client's own words, for the origin's Vary to rule; by rule they are not sent. */
// prettier-ignore
const plain: readonly string[] = [
  'Origin', 'Referer', 'User-Agent', 'Accept', 'Accept-Language', 'Accept-Charset', 'If-None-Match', 'If-Modified-Since',
  'Save-Data', 'X-Requested-With', 'X-Unknown', 'X-Debug', 'Sec-CH-UA', 'DNT', 'From', 'TE', 'Trailer', 'Upgrade',
  'Cookie', 'Accept-Datetime', 'Purpose', 'Pragma', 'Range', 'If-Range', 'Keep-Alive', 'Proxy-Connection',
  'Sec-Fetch-Site', 'Expect-CT', 'X-Amz-Website-Redirect-Location', 'Content-Type', 'X-Timer', 'X_Unknown',
];

const rules = `
listen: { h2c: true }
unmatched: standard
identity: { credentials: [session] }
content_types:
  front: { ttl: 10m, scope: public, cache_control: override }
  home: { ttl: 10m, scope: user, cache_control: override }
  lang: { ttl: 10m, scope: public, cache_control: override, vary: { headers: [x-unknown], cookies: [ui] } }
routes:
  - { match: GET /front/*, type: front }
  - { match: GET /home/*, type: home }
  - { match: GET /lang/*, type: lang }
`;

const startEcho = () =>
  startSite(rules, {
    answer: (request, response) => {
      response.setHeader('Cache-Control', 'max-age=600');
      response.setHeader('X-Echo', request.rawHeaders.join('|').replaceAll(/[^ -~]/g, ''));
      response.end(`<base href="//${request.rawHeaders.join('|')}">\n`);
    },
  });

t.ok(fields.length + plain.length >= 48);

t.test('a method override field is recognised in any spelling that CGI reads alike', async (t) => {
  const site = await startEcho();
  t.teardown(() => site.close());
  for (const name of ['X-HTTP-Method-Override', 'X.HTTP.Method.Override', 'X_Http~Method_Override']) {
    const { lines } = await ask(site.url, { target: '/front/override', lines: [`${name}: DELETE`] });
    t.match(lines.join(), 'fwd=method', name);
  }
});

for (const [name, prefix, names, isTwo] of [
  ['public', '/front/', [...fields, ...plain]],
  ['user', '/home/', [...fields, ...plain]],
  ['standard', '/other/', fields],
  ['public, over HTTP/2', '/front/', [...fields, ...plain], true],
  ['standard, over HTTP/2', '/other/', fields, true],
] as const) {
  t.test(
    `${name}: no field is sent that the key does not know, and the clean request is clean`,
    async (t) => {
      const site = await startEcho();
      t.teardown(() => site.close());
      const poison = isTwo === true ? openTwo(t, site.url) : (request: RawRequest) => ask(site.url, request);
      for (const [at, field] of names.entries()) {
        if (isTwo === true && isOfOneConnection(`${field}:`)) continue;
        const target = `${prefix}${at}`;
        const value = field === 'Range' ? 'bytes=0-5' : field === 'Cookie' ? `other=${mark}` : mark;
        const lines = [`${field}: ${value}`];
        const poisoned = await poison({ target, lines });
        const clean = await ask(site.url, { target });
        t.notMatch(clean.body + clean.lines.join(), mark, `${field}: ${poisoned.status}`);
        t.equal(clean.status, 200);
        t.ok(isHit(await ask(site.url, { target })), `${field}: a hit afterwards`);
      }
    },
  );
}

t.test('standard: a field that the origin varies by selects only if the origin gets it', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      response.setHeader('Cache-Control', 'max-age=600');
      response.setHeader('Vary', 'X-Lang, X-Forwarded-Host');
      response.end(`${String(request.headers['x-lang'])}\n`);
    },
  });
  t.teardown(() => site.close());
  // Taken out by the client itself, the field did not decide what the origin answered.
  const taken = await ask(site.url, { target: '/a', lines: ['X-Lang: fr', 'Connection: X-Lang'] });
  t.equal(taken.body, 'undefined\n');
  t.equal((await ask(site.url, { target: '/a', lines: ['X-Lang: fr'] })).body, 'fr\n');
  t.ok(isHit(await ask(site.url, { target: '/a', lines: ['X-Lang: fr'] })));
  t.ok(isHit(await ask(site.url, { target: '/a', lines: [`X-Forwarded-Host: ${mark}`] })));
});

t.test('standard: a field in another spelling selects where the origin’s Vary may mean it', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      // As behind CGI: the application sees one name for all of them.
      const names = ['x-lang', 'x_lang', 'x.lang'];
      response.setHeader('Cache-Control', 'max-age=600');
      response.setHeader('Vary', 'X-Lang');
      response.end(`${names.map((name) => String(request.headers[name] ?? '')).join('')}\n`);
    },
  });
  t.teardown(() => site.close());
  for (const [line, body] of [
    ['X_Lang: fr', 'fr\n'],
    ['X.Lang: he', 'he\n'],
    ['X-Lang: x_lang', 'x_lang\n'],
    ['X-Other: a', '\n'],
  ] as const) {
    t.equal((await ask(site.url, { target: '/vary', lines: [line] })).body, body, line);
    t.ok(isHit(await ask(site.url, { target: '/vary', lines: [line] })), `${line}: a hit afterwards`);
  }
});

t.test('a pass: fields that CGI would take for framing or for the proxy’s own are not sent', async (t) => {
  const site = await startSite('unmatched: pass', {
    answer: (request, response) => response.end(request.rawHeaders.join('|')),
  });
  t.teardown(() => site.close());
  for (const name of [
    'Transfer_Encoding',
    'Content.Length',
    'X.Forwarded.Host',
    'X~Forwarded~For',
    'Proxy_Authorization',
  ]) {
    for (const method of ['GET', 'DELETE']) {
      const { body } = await ask(site.url, { method, lines: [`${name}: ${mark}`] });
      t.notMatch(body, mark, `${method} ${name}`);
    }
  }
});

t.test('a response that varies by the client’s address reaches only its own client', async (t) => {
  const site = await startEcho();
  t.teardown(() => site.close());
  site.answerWith((_request, response) => {
    response.setHeader('Cache-Control', 'max-age=600');
    response.setHeader('Vary', 'X-Forwarded-For');
    response.end('for one address');
  });
  for (const target of ['/front/a', '/home/a', '/other/a']) {
    await ask(site.url, { target });
    t.notOk(isHit(await ask(site.url, { target })), target);
  }
});

t.test('a field or cookie named in `vary` is keyed, line for line as it is sent', async (t) => {
  const site = await startEcho();
  t.teardown(() => site.close());
  const target = '/lang/a';
  const variants = [
    [],
    ['X-Unknown: a'],
    ['X-Unknown: a', 'X-Unknown: b'],
    ['X-Unknown: a; b'],
    ['Cookie: ui=a'],
    ['Cookie: ui=a b'],
    ['Cookie: ui="a"'],
  ];
  for (const lines of variants) {
    t.notOk(isHit(await ask(site.url, { target, lines })), `${lines.join()}: its own`);
    t.ok(isHit(await ask(site.url, { target, lines })), 'a hit afterwards');
  }
  const twice = await ask(site.url, { target, lines: ['Cookie: ui=a; ui=c'] });
  t.notMatch(twice.body, 'ui=c', 'of two the one that is keyed is sent');
});

t.test('standard: a request identified by another field has a separate partition too', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      response.setHeader('Cache-Control', 'max-age=600');
      response.end(`${String(request.headers['x-api-key'])}\n`);
    },
  });
  t.teardown(() => site.close());
  const target = '/other/me';
  for (const key of ['one', 'two']) {
    const lines = [`X-Api-Key: ${key}`];
    t.equal((await ask(site.url, { target, lines })).body, `${key}\n`);
    t.ok(isHit(await ask(site.url, { target, lines })));
  }
  t.equal((await ask(site.url, { target })).body, 'undefined\n');
  t.match(
    (await ask(site.url, { target: '/home/me', lines: ['X_API_KEY: one'] })).lines.join(),
    'detail=identity',
  );
  t.match(
    (await ask(site.url, { target: '/home/me', lines: ['X.Api.Key: one'] })).lines.join(),
    'detail=identity',
  );
});

t.test('if the key has the origin’s own name, the client’s Host is not sent either', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      response.setHeader('Cache-Control', 'max-age=600');
      response.end(`${request.rawHeaders.join('|')}\n`);
    },
  });
  t.teardown(() => site.close());
  const { config } = site.proxy.services.site();
  await site.proxy.replaceConfig({ ...config, upstream: { ...config.upstream, host: 'upstream' } });
  for (const target of ['/front/host', '/other/host']) {
    await ask(site.url, { target, host: mark });
    const clean = await ask(site.url, { target });
    t.ok(isHit(clean));
    t.notMatch(clean.body, mark);
  }
});

t.test('Accept is sent and keyed as its class: one client’s does not decide for others', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      // Like a framework that logs out by redirect for a browser, and by JSON for a script.
      response.end(`for ${String(request.headers.accept)}\n`);
    },
  });
  t.teardown(() => site.close());
  const classes: readonly (readonly string[])[] = [
    ['text/html', 'text/html,*/*;q=0.8', 'Text/HTML;level=1', 'application/xhtml+xml'],
    ['application/json', 'application/problem+json', 'application/json, text/plain, */*'],
    ['*/*', 'image/avif,image/webp', '', 'evil'],
  ];
  for (const kind of ['front', 'home']) {
    const bodies = new Set<string>();
    for (const accepts of classes) {
      const [first = '', ...others] = accepts;
      const { body } = await ask(site.url, { target: `/${kind}/a`, lines: [`Accept: ${first}`] });
      bodies.add(body);
      for (const other of others) {
        const answer = await ask(site.url, { target: `/${kind}/a`, lines: [`Accept: ${other}`] });
        t.ok(isHit(answer), other);
        t.equal(answer.body, body);
      }
    }
    t.equal(bodies.size, 3);
  }
});

t.test('behind a trusted proxy, addresses are all that X-Forwarded-For says', async (t) => {
  const trusting = rules.replace('h2c: true', 'trusted_proxies: [127.0.0.0/8]');
  const chains: readonly (readonly [given: string, sent: string])[] = [
    ['203.0.113.7', '203.0.113.7, 127.0.0.1'],
    ['203.0.113.7, 2001:db8::1', '203.0.113.7, 2001:db8::1, 127.0.0.1'],
    [`${mark}, 203.0.113.7`, '203.0.113.7, 127.0.0.1'],
    [`203.0.113.7, ${mark}`, '127.0.0.1'],
    ['<script>', '127.0.0.1'],
  ];
  const site = await startSite(trusting, {
    answer: (request, response) => response.end(String(request.headers['x-forwarded-for'])),
  });
  t.teardown(() => site.close());
  for (const [at, [given, sent]] of chains.entries()) {
    const answer = await ask(site.url, { target: `/front/${at}`, lines: [`X-Forwarded-For: ${given}`] });
    t.equal(answer.body, sent, given);
  }
  const others = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: evil', 'X-Forwarded-Port: 1'];
  for (const line of others) t.ok(isHit(await ask(site.url, { target: '/front/0', lines: [line] })), line);
});
