import t from 'tap';
import { readWarm } from '../../src/control/warm-request.ts';
import { startProxy, token } from './running-proxy.ts';

const json = 'application/json';

t.test('the body is read strictly: only paths, no unknown keys', async (t) => {
  const read = (body: unknown): string => {
    const result = readWarm(JSON.stringify(body), json);
    return result.kind === 'ok' ? 'ok' : result.detail;
  };
  t.equal(read({ urls: ['/a', '/b?c'], popular: 3, sitemap: '/sitemap.xml' }), 'ok');
  t.equal(read({ popular: 1 }), 'ok');
  t.match(read({}), /nothing to warm/);
  t.match(read({ urls: [] }), /nothing to warm/);
  t.match(read({ urls: ['https://elsewhere.example/'] }), /list of paths/);
  t.match(read({ urls: ['/a b'] }), /list of paths/);
  t.match(read({ urls: '/a' }), /list of paths/);
  t.match(read({ popular: -1 }), /whole number/);
  t.match(read({ popular: 1.5 }), /whole number/);
  t.match(read({ url: ['/a'] }), /unknown field "url"/);
  t.match(read({ sitemap: 'http://elsewhere.example/s.xml' }), /sitemap must be a path/);
  t.match(read([]), /JSON object/);
  t.match(readWarm('{', json), { kind: 'bad' });
  t.match(readWarm('{}', 'text/plain'), { kind: 'bad', detail: /application\/json/ });
});

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': json, ...headers },
  body: JSON.stringify(body),
});

t.test('POST /warm answers with a summary, and logs it', async (t) => {
  const { control, requests, logged } = await startProxy(t);
  const answer = await control('/warm', post({ urls: ['/a', '/b'] }));
  t.equal(answer.status, 200);
  t.match(await answer.json(), { asked: 2, warmed: 2, fresh: 0, refused: 0, failed: 0, took_ms: Number });
  t.ok(requests.length >= 2);
  t.ok(logged.some(({ msg }) => msg === 'control: warm-up finished'));
  t.match(await (await control('/warm', post({ urls: ['/a'] }))).json(), { asked: 1, fresh: 1 });
});

t.test('a client that accepts events gets progress', async (t) => {
  const { control } = await startProxy(t);
  const answer = await control('/warm', post({ urls: ['/a', '/b', '/c'] }, { accept: 'text/event-stream' }));
  t.equal(answer.headers.get('content-type'), 'text/event-stream');
  t.equal(answer.headers.get('cache-control'), 'no-store');
  const events = (await answer.text()).trim().split('\n\n');
  t.equal(events.length, 4);
  t.match(events[0], /^event: progress\ndata: \{"total":3,"asked":1/);
  t.match(events[3], /^event: summary\ndata: \{"asked":3,"warmed":3/);
});

t.test('it requires the token and a valid body', async (t) => {
  const { server, control, requests } = await startProxy(t);
  t.equal((await control('/warm', post({}))).status, 400);
  const open = await fetch(`${server.controlUrl ?? ''}/warm`, post({ urls: ['/a'] }));
  t.equal(open.status, 401);
  t.equal(requests.length, 0);
});

t.test('a client that disconnects stops the warm-up', async (t) => {
  const held: (() => void)[] = [];
  const { server, requests } = await startProxy(t, {
    listener: (_request, response) => void held.push(() => response.end('late')),
  });
  const leaving = new AbortController();
  const urls = Array.from({ length: 100 }, (_, index) => `/p/${index}`);
  const asking = fetch(`${server.controlUrl ?? ''}/warm`, {
    ...post({ urls }, { authorization: `Bearer ${token}` }),
    signal: leaving.signal,
  }).catch(() => undefined);
  while (requests.length < 4) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort();
  await asking;
  const { governor } = server.refresh;
  while (governor.stats().running + governor.stats().waiting > 0) {
    for (const release of held.splice(0)) release();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.ok(requests.length < 40, `${requests.length} were asked for`);
});
