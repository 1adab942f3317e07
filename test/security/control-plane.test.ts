/** The control plane from outside: no access without the token, no effect of a GET, no fetch outside the site. */

import t from 'tap';
import { answersTo } from '../helpers/raw-client.ts';
import { startProxy, token } from '../control/running-proxy.ts';

const reads = [
  '/explain?method=GET&url=/a',
  '/entries?url=/a',
  '/metrics',
  '/api/cache/metrics',
  '/api/cache/misses',
  '/api/cache/report',
  '/api/cache/alerts',
];
const acts = ['/purge', '/warm', '/reload'];

t.test('without the right token there is no API', async (t) => {
  const { server } = await startProxy(t);
  const url = server.controlUrl ?? '';
  const wrong: readonly Record<string, string>[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Bearer ${token}x` },
    { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` },
    { cookie: `token=${token}` },
    { 'x-token': token },
  ];
  for (const headers of wrong) {
    for (const path of reads) {
      const { status } = await fetch(url + path, { headers });
      t.ok(status === 401 || status === 429, `${path}: ${status}`);
    }
    for (const path of acts) {
      const init = {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"everything":true}',
      };
      const { status } = await fetch(url + path, init);
      t.ok(status === 401 || status === 429, `${path}: ${status}`);
    }
  }
  const inUrl = await fetch(`${url}/metrics?token=${token}&access_token=${token}`);
  t.ok(inUrl.status === 401 || inUrl.status === 429, 'no token in a URL');
  const right = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  t.equal(right.status, 200, 'whatever others have tried, the right one is let in');
});

t.test('no GET has an effect, and nothing that a form of another site can send has one', async (t) => {
  const { server, control, requests } = await startProxy(t);
  await fetch(`${server.url}/a`);
  const entries = server.services.store.size().entries;
  for (const path of acts) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      const { status } = await control(path, { method });
      t.ok(status === 404 || status === 405, `${method} ${path}: ${status}`);
    }
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=a',
    ]) {
      const response = await control(path, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"everything":true}',
      });
      t.ok(response.status >= 400 && response.status < 500, `${type} ${path}: ${response.status}`);
      t.equal(response.headers.get('access-control-allow-origin'), null);
    }
  }
  t.equal(server.services.store.size().entries, entries);
  t.equal(requests.length, 1);
});

t.test('warming up never leaves the site', async (t) => {
  const { control, requests } = await startProxy(t);
  const evil = [
    'http://127.0.0.1:1/x',
    '//evil.example/x',
    'https://evil.example/',
    'file:///etc/passwd',
    '/\\evil.example',
    '/a\r\nHost: evil',
    '@evil.example',
    '/..;/a',
    '',
  ];
  for (const url of evil) {
    const body = JSON.stringify({ urls: [url] });
    await control('/warm', { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      (response) => response.text(),
    );
  }
  // A path that begins with two slashes is a path of this site, as it is for any client.
  t.same(requests, ['GET //evil.example/x']);
});

t.test('selectors are literal, and an empty one is refused', async (t) => {
  const { server, purge } = await startProxy(t);
  await fetch(`${server.url}/a`);
  for (const selector of [
    {},
    { urls: [] },
    { urls: [''] },
    { tags: [''] },
    { prefixes: [''] },
    { users: [' '] },
    { all: true },
    { urls: '/a' },
    { urls: [null] },
    [],
    null,
    'x',
  ]) {
    const { status } = await purge(selector);
    t.equal(status, 400, JSON.stringify(selector));
  }
  for (const selector of [
    { urls: ['/*'] },
    { urls: ['*'] },
    { tags: ['*'] },
    { tags: ['type:*'] },
    { types: ['*'] },
    { users: ['*'] },
  ]) {
    const { status, body } = await purge(selector);
    t.ok(status === 400 || body['matched'] === 0, JSON.stringify(selector));
  }
  t.equal((await purge({ urls: ['/a'] })).body['matched'], 1);
});

t.test('the dashboard runs no script but its own, in no frame but its own', async (t) => {
  const { server } = await startProxy(t);
  const response = await fetch(`${server.controlUrl ?? ''}/`);
  const policy = response.headers.get('content-security-policy') ?? '';
  t.match(policy, /default-src 'none'|default-src 'self'/);
  t.notMatch(policy, /unsafe-inline|unsafe-eval|\*/);
  t.match(policy, /frame-ancestors 'none'/);
  t.match(response.headers.get('x-content-type-options'), 'nosniff');
  t.notMatch(await response.text(), token);
  t.equal(response.headers.get('set-cookie'), null, 'no cookie, nothing to ride on');
});

t.test('the public listener does not have the control API', async (t) => {
  const { server, requests } = await startProxy(t);
  for (const path of [...reads, '/purge', '/healthz']) {
    await answersTo(
      server.url,
      `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );
    t.equal(requests.at(-1), `GET ${path}`, 'it is the origin’s');
  }
});
