/** `GET /entries` and `GET /explain` show what is stored and why, without secrets. */
import t from 'tap';
import { startProxy } from './running-proxy.ts';

const rules = `
content_types:
  page: { scope: user, ttl: 60s, cache_control: override, tags: ["page:{id}"] }
ttl: { jitter: 0 }
routes:
  - { match: "GET /p/:id", type: page }
`;

type Entries = { readonly total: number; readonly entries: readonly Record<string, unknown>[] };

t.test('each stored variant is shown, identities as digests, bodies and cookies never', async (t) => {
  const { get, control } = await startProxy(t, { rules });
  for (const cookie of ['session=ann-secret', 'session=bob-secret']) await get('/p/1', { cookie });
  await get('/plain');
  const text = await (await control('/entries?url=/p/1')).text();
  const { total, entries } = JSON.parse(text) as Entries;
  t.equal(total, 2);
  t.match(entries[0], {
    target: '/p/1',
    status: 200,
    content_type: 'page',
    partition: /^[0-9a-f]{16}$/,
    state: 'fresh',
    age: 0,
    ttl: /^(59|60)$/,
    lifetime: 60,
    tags: ['type:page', 'url:/p/1'],
    size: 'answer to /p/1'.length,
    tier: 'memory',
    why_stored: 'rule page',
  });
  t.not(entries[0]?.['partition'], entries[1]?.['partition']);
  t.notMatch(text, /secret|answer to/);
});

t.test('an absolute URL shows its own host only, and purged entries say so', async (t) => {
  const { get, control, purge, server } = await startProxy(t, { rules });
  await get('/plain');
  const shown = async (url: string) =>
    (await (await control(`/entries?url=${encodeURIComponent(url)}`)).json()) as Entries;
  t.equal((await shown('http://example.org/plain')).total, 0);
  t.match(await shown(`${server.url}/plain`), {
    total: 1,
    entries: [{ partition: 'anonymous', content_type: 'standard', why_stored: /max-age/, state: 'fresh' }],
  });
  await purge({ urls: ['/plain'], soft: true });
  t.match(await shown('/plain'), { entries: [{ state: 'validate' }] });
  await purge({ everything: true });
  t.match(await shown('/plain'), { entries: [{ state: 'purged' }] });
});

t.test('entries are found by prefix, tag and type, with secrets in their URLs masked', async (t) => {
  const { get, control, server } = await startProxy(t, { rules });
  for (const path of ['/p/1', '/p/2', '/plain?token=hidden']) await get(path);
  const host = encodeURIComponent(server.url);
  for (const [query, targets] of [
    ['prefix=/p/', ['/p/1', '/p/2']],
    ['prefix=/pl', ['/plain?token=…']],
    [`prefix=${host}/p/2`, ['/p/2']],
    ['prefix=http://example.org/', []],
    ['type=page', ['/p/1', '/p/2']],
    ['type=standard', ['/plain?token=…']],
    ['tag=page:2', ['/p/2']],
    ['tag=url:/p/1', ['/p/1']],
    ['url=/plain?token=hidden', ['/plain?token=hidden']],
  ] as const) {
    const text = await (await control(`/entries?${query}`)).text();
    const { entries } = JSON.parse(text) as Entries;
    t.strictSame(entries.map(({ target }) => target).sort(), targets, query);
    if (!query.startsWith('url')) t.notMatch(text, /hidden/, query);
  }
});

t.test('an invalid query is refused', async (t) => {
  const { control } = await startProxy(t);
  for (const path of [
    '/entries',
    '/entries?url=',
    '/entries?url=a',
    '/entries?url=/&url=/',
    '/entries?uri=/',
    '/entries?url=/&type=page',
    '/entries?prefix=page',
    '/entries?tag=',
  ])
    t.equal((await control(path)).status, 400, path);
  for (const path of [
    '/explain',
    '/explain?url=a',
    '/explain?url=/&status=99',
    '/explain?url=/&header=nonsense',
  ])
    t.equal((await control(path)).status, 400, path);
});

t.test('/explain shows the stored entry without asking the origin', async (t) => {
  const { get, control, requests, server } = await startProxy(t, { rules });
  await get('/p/7', { cookie: 'session=ann-secret' });
  const before = [...server.services.store.entries()];
  const query = new URLSearchParams({ method: 'GET', url: '/p/7', header: 'Cookie: session=ann-secret' });
  const text = await (await control(`/explain?${query.toString()}`)).text();
  const { summary, steps } = JSON.parse(text) as {
    summary: string;
    steps: { step: string; facts: object }[];
  };
  t.match(summary, 'a hit');
  t.match(steps.find(({ step }) => step === 'stored entry')?.facts, {
    found: true,
    reuse: 'fresh',
    lifetime: 60,
  });
  t.notMatch(text, 'secret');
  t.equal(requests.length, 1);
  t.strictSame([...server.services.store.entries()], before);
});

t.test('/explain names the clause by which a stored entry is not reused', async (t) => {
  const { get, control } = await startProxy(t, { rules });
  await get('/p/7', { cookie: 'session=ann-secret' });
  const query = new URLSearchParams({ method: 'GET', url: '/p/7', header: 'Cookie: session=ann-secret' });
  query.append('header', 'Cache-Control: no-cache');
  const { steps } = JSON.parse(await (await control(`/explain?${query.toString()}`)).text()) as {
    steps: { step: string; facts: object }[];
  };
  t.match(steps.find(({ step }) => step === 'stored entry')?.facts, {
    reuse: 'validate',
    clause: /^RFC 9111 §5\.2\.1\.4/,
  });
});

t.test('/explain takes into account that the origin is failing and that a copy is given', async (t) => {
  let isWell = true;
  const { get, control, purge, requests } = await startProxy(t, {
    rules: `
content_types: { page: { scope: public, ttl: 60s, stale_if_error: 10m } }
routes: [{ match: GET /page, type: page }]
`,
    listener: (_request, response) => void response.writeHead(isWell ? 200 : 503).end(),
  });
  const verdict = async (): Promise<unknown> =>
    ((await (await control('/explain?url=/page')).json()) as { verdict: unknown }).verdict;
  await get('/page');
  await purge({ urls: ['/page'], soft: true });
  t.match(await verdict(), { kind: 'forwarded' });
  isWell = false;
  for (let n = 0; n < 5; n += 1) await get(`/other/${n}`);
  const { length } = requests;
  t.match(await verdict(), { kind: 'hit' });
  t.equal(requests.length, length, 'to explain asks nothing');
  t.match((await get('/page')).headers.get('cache-status'), /hit; ttl=.*breaker-open/);
});

t.test('every spelling that a client may send is accepted, and each is a separate resource', async (t) => {
  const running = await startProxy(t, { rules });
  const targets = ['/p/a%2Fb', '/p/a%252Fb', '/p/%F9%EC', '/x//y', '//evil.example/a', '/a%3Bb', '/a/..%2Fb'];
  const isStored = (target: string) => target !== '/a/..%2Fb';
  for (const target of targets) {
    await running.get(target);
    const spelt = target.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
    for (const written of [target, spelt]) {
      const url = `url=${encodeURIComponent(written)}`;
      const { entries } = (await (await running.control(`/entries?${url}`)).json()) as Entries;
      t.same(
        entries.map((entry) => entry['target']),
        isStored(target) ? [target] : [],
        written,
      );
      const explained = JSON.stringify(await (await running.control(`/explain?method=GET&${url}`)).json());
      t.match(explained, isStored(target) ? '"kind":"hit"' : '"reason":"ambiguous-path"', written);
    }
  }
  for (const target of targets) {
    t.match(
      await running.purge({ urls: [target] }),
      { status: 200, body: { matched: isStored(target) ? 1 : 0 } },
      target,
    );
  }
  await running.get('/x//y');
  t.match((await running.purge({ prefixes: ['/x//'] })).body, { matched: 1 }, 'as a prefix');
});
