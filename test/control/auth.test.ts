/** Authentication of the control API, and the headers of its answers. */
import { hash } from 'node:crypto';
import t from 'tap';
import { startProxy, token } from './running-proxy.ts';

t.test('without a token only health answers', async (t) => {
  const { control } = await startProxy(t);
  const headers = { authorization: '' };
  for (const path of ['/healthz', '/readyz']) t.equal((await control(path, { headers })).status, 200, path);
  for (const path of ['/entries?url=/', '/explain?url=/', '/nothing'])
    t.equal((await control(path, { headers })).status, 401, path);
  for (const path of ['/purge', '/reload'])
    t.equal((await control(path, { method: 'POST', headers })).status, 401, path);
});

t.test('a wrong token is refused, the right one is not, whatever the case of the scheme', async (t) => {
  const { control } = await startProxy(t);
  const ask = async (authorization: string) =>
    (await control('/entries?url=/', { headers: { authorization } })).status;
  for (const wrong of [
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
    token,
    'Bearer',
    'Bearer é',
  ])
    t.equal(await ask(Buffer.from(wrong).toString('latin1')), 401, wrong);
  for (const right of [`Bearer ${token}`, `bearer  ${token}`]) t.equal(await ask(right), 200, right);
});

t.test('many wrong tokens are answered 429, and the right one still works', async (t) => {
  const { control, logged } = await startProxy(t);
  const statuses: number[] = [];
  for (let count = 0; count < 12; count += 1) {
    statuses.push(
      (await control('/entries?url=/', { headers: { authorization: `Bearer guess-${count}` } })).status,
    );
  }
  t.strictSame(statuses, [...Array<number>(10).fill(401), 429, 429]);
  t.equal((await control('/entries?url=/')).status, 200);
  const warned = logged.filter(({ msg }) => msg === 'control: wrong token');
  t.equal(warned.length, 2, 'not one line for each');
  t.notMatch(JSON.stringify(logged), 'guess');
});

t.test('with no token configured the answer says so, and no token is accepted', async (t) => {
  const { control } = await startProxy(t, { token: '' });
  for (const authorization of ['', 'Bearer ', `Bearer ${token}`]) {
    const response = await control('/entries?url=/', { headers: { authorization } });
    t.equal(response.status, 401);
    t.match(((await response.json()) as { detail: string }).detail, 'no control token is configured');
  }
  t.equal((await control('/healthz')).status, 200);
});

t.test('no answer may be cached or framed; problems are RFC 9457', async (t) => {
  const { control } = await startProxy(t);
  const paths = ['/healthz', '/entries?url=/', '/entries', '/nothing', '/purge', '/%zz'];
  for (const path of paths) {
    const { headers, status } = await control(path);
    t.equal(headers.get('cache-control'), 'no-store', path);
    t.match(headers.get('content-security-policy'), "default-src 'none'", path);
    t.equal(headers.get('x-content-type-options'), 'nosniff', path);
    if (status >= 400) t.match(headers.get('content-type'), /^application\/problem\+json/, path);
  }
});

t.test('a GET changes nothing: 405 where only POST does something', async (t) => {
  const { control } = await startProxy(t);
  for (const path of ['/purge', '/reload']) {
    const response = await control(path);
    t.equal(response.status, 405, path);
    t.equal(response.headers.get('allow'), 'POST', path);
    t.match(await response.json(), { status: 405, title: 'Method Not Allowed' });
  }
});

t.test('the public listener has none of the control API', async (t) => {
  const { get, requests } = await startProxy(t);
  t.equal((await get('/healthz')).status, 200);
  t.strictSame(requests, ['GET /healthz'], 'it is the site that was asked');
});

t.test('a named token may do what its scopes say, at its rate, and what it did is shown', async (t) => {
  const digest = (text: string) => hash('sha256', text);
  const tokens = `{ tokens: [
    { name: ci, sha256: [${digest('old-ci-token')}, ${digest('new-ci-token')}], scopes: [purge] },
    { name: eyes, sha256: ${digest('eyes')}, scopes: [read] },
    { name: slow, sha256: ${digest('slow')}, scopes: [read, purge], per_minute: 2 },
    { name: boss, sha256: ${digest('boss')}, scopes: [admin] },
  ], `;
  const { control, logged } = await startProxy(t, { control: tokens });
  const ask = async (token: string, method: string, path: string) => {
    const body = method === 'POST' ? { body: '{"urls":["/x?secret=1"]}' } : {};
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return control(path, { method, headers, ...body });
  };
  for (const [token, method, path, status] of [
    ['old-ci-token', 'POST', '/purge', 200],
    ['new-ci-token', 'POST', '/purge', 200],
    ['ci-token', 'POST', '/purge', 401],
    [digest('boss'), 'POST', '/purge', 401],
    ['new-ci-token', 'GET', '/entries?url=/', 403],
    ['new-ci-token', 'POST', '/reload', 403],
    ['eyes', 'GET', '/entries?url=/', 200],
    ['eyes', 'HEAD', '/metrics', 200],
    ['eyes', 'POST', '/purge', 403],
    ['eyes', 'GET', '/api/cache/audit', 403],
    ['boss', 'POST', '/reload', 409],
    ['unknown', 'GET', '/api/cache/token', 401],
    ['slow', 'GET', '/metrics', 200],
    ['slow', 'POST', '/purge', 200],
    ['slow', 'POST', '/purge', 429],
  ] as const) {
    t.equal((await ask(token, method, path)).status, status, `${token} ${method} ${path}`);
  }
  const ofCi = await ask('new-ci-token', 'GET', '/api/cache/token');
  t.strictSame(await ofCi.json(), { name: 'ci', scopes: ['purge'] });
  const { entries } = (await (await ask('boss', 'GET', '/api/cache/audit')).json()) as { entries: object[] };
  t.match(entries, [
    { by: 'slow', request: 'POST /purge', status: 200, receipt: { matched: 0 } },
    { by: 'boss', request: 'POST /reload', status: 409 },
    { by: 'eyes', request: 'POST /purge', status: 403 },
    { by: 'ci', request: 'POST /reload', status: 403 },
    { by: 'ci', urls: ['/x?…'], status: 200 },
    { by: 'ci', address: '127.0.0.1', at: /^2/, status: 200 },
  ]);
  t.equal(entries.length, 6);
  t.notMatch(JSON.stringify([entries, logged]), /secret|ci-token/);
  t.match(
    logged.filter(({ msg }) => msg === 'control: purge'),
    [{ by: 'ci' }, { by: 'ci' }, { by: 'slow' }],
  );
});
