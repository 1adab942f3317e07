import t from 'tap';
import { answersTo, fateOf, requestText } from '../helpers/raw-client.ts';
import { okText, startRawSite } from '../helpers/raw-origin.ts';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override, tags: [pages], stale_while_revalidate: 60s }
routes:
  - { match: GET /p/:id, type: page, tags: ["page:{id}"] }
writes:
  - { match: PUT /api/p/:id, invalidate: ["page:{id}"] }
`;

t.test('a fetch that is in flight during a write is not stored', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const arrived = barrier();
  const release = barrier();
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    arrived.arrive();
    void release.reached.then(() => response.end('old'));
  });
  const reading = fetch(`${site.url}/p/1`);
  await arrived.reached;
  t.equal((await fetch(`${site.url}/api/p/1`, { method: 'PUT', body: 'x' })).status, 200);
  release.arrive();
  t.equal(await (await reading).text(), 'old', 'it was asked before the write');
  site.answerWith((_request, response) => response.end('new'));
  const next = await fetch(`${site.url}/p/1`);
  t.equal(await next.text(), 'new');
  t.match(cacheStatus(next), /^fwd=/);
});

t.test('a request after a write does not join a fetch from before it', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const arrived = barrier();
  const release = barrier();
  let reads = 0;
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    reads += 1;
    if (reads > 1) return void response.end('new');
    arrived.arrive();
    void release.reached.then(() => response.end('old'));
  });
  const before = fetch(`${site.url}/p/1`);
  await arrived.reached;
  await fetch(`${site.url}/api/p/1`, { method: 'PUT', body: 'x' });
  t.equal(await (await fetch(`${site.url}/p/1`)).text(), 'new');
  release.arrive();
  t.equal(await (await before).text(), 'old');
  t.equal(
    await (await fetch(`${site.url}/p/1`)).text(),
    'new',
    'the older answer did not take the place of the newer',
  );
});

t.test(
  'requests in one packet are carried out one after the other, as a read behind a write must be',
  async (t) => {
    const request = (method: string, target: string, ...lines: readonly string[]): string =>
      `${[`${method} ${target} HTTP/1.1`, 'Host: site.test', ...lines].join('\r\n')}\r\n\r\n`;
    const ways: readonly (readonly [isOn: boolean, line: string])[] = [
      [true, 'X: plain'],
      [true, 'X: two  blanks'],
      [true, 'Expect: 100-continue'],
      [false, 'X: plain'],
    ];
    for (const [isOn, line] of ways) {
      let version = 0;
      const site = await startRawSite(`listen: { fast_lane: ${isOn} }\n${rules}`, ({ requestLine }) =>
        okText(requestLine.startsWith('PUT') ? `wrote ${(version += 1)}` : `v${version}`),
      );
      t.teardown(() => site.close());
      const write = `${request('PUT', '/api/p/1', 'Content-Length: 3', line)}abc`;
      const read = request('GET', '/p/1');
      const last = request('GET', '/p/1', 'Connection: close');
      const answers = await answersTo(site.url, read + write + read + write + write + read + last);
      t.strictSame(
        answers.map(({ body }) => body),
        ['v0', 'wrote 1', 'v1', 'wrote 2', 'wrote 3', 'v3', 'v3'],
        `${isOn} ${line}`,
      );
    }
  },
);

t.test('five hundred clients of one page that is not stored make one fetch, and all get it', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const release = barrier();
  const body = 'one for all '.repeat(1000);
  site.answerWith((_request, response) => {
    void release.reached.then(() => response.end(body));
  });
  const request = requestText({ target: '/p/crowd' });
  const asking = Array.from({ length: 500 }, () => answersTo(site.url, request));
  const { flights } = site.proxy.services;
  await until(() => [...flights.all()].some(({ waiters }) => waiters === 499));
  release.arrive();
  const answers = (await Promise.all(asking)).flat();
  t.equal(answers.length, 500);
  t.ok(answers.every((answer) => answer.status === 200 && answer.body === body));
  t.equal(answers.filter((answer) => fateOf(answer).includes('collapsed')).length, 499);
  t.strictSame(site.seen, ['GET /p/crowd']);
});

t.test('fifty concurrent requests make one fetch; Set-Cookie goes only to its own client', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const release = barrier();
  site.answerWith((_request, response) => {
    void release.reached.then(() => response.end('one for all'));
  });
  const asking = Array.from({ length: 50 }, () => fetch(`${site.url}/p/2`));
  await until(() => site.seen.length > 0);
  release.arrive();
  const answers = await Promise.all(asking);
  t.same(new Set(await Promise.all(answers.map((answer) => answer.text()))), new Set(['one for all']));
  t.equal(site.seen.length, 1);

  site.answerWith((request, response) => {
    response.setHeader('set-cookie', `session=${site.seen.length}`);
    response.end(request.url);
  });
  const personal = await Promise.all(Array.from({ length: 20 }, () => fetch(`${site.url}/p/3`)));
  const cookies = personal.map((answer) => answer.headers.get('set-cookie'));
  t.equal(new Set(cookies).size, 20, 'each has a cookie of its own');
});

t.test('a leader whose client leaves still fills for the others', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const arrived = barrier();
  const release = barrier();
  site.answerWith((_request, response) => {
    arrived.arrive();
    void release.reached.then(() => response.end('shared'));
  });
  const leaving = new AbortController();
  const leader = fetch(`${site.url}/p/4`, { signal: leaving.signal }).catch(() => undefined);
  await arrived.reached;
  const waiting = fetch(`${site.url}/p/4`);
  leaving.abort();
  await leader;
  release.arrive();
  t.equal(await (await waiting).text(), 'shared');
  t.equal(site.seen.length, 1);
});

/** Waits, turn by turn of the event loop, until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

t.test('a write purges its URL however the rule spells the query', async (t) => {
  const site = await startSite(rules, { answer: (_request, response) => response.end('x') });
  t.teardown(() => site.close());
  await fetch(`${site.url}/p/9?a=2&b=1`);
  t.match(cacheStatus(await fetch(`${site.url}/p/9?b=1&a=2`)), /^hit/);
  await fetch(`${site.url}/p/9?b=1&a=2`, { method: 'POST', body: 'x' });
  t.match(cacheStatus(await fetch(`${site.url}/p/9?a=2&b=1`)), /^fwd=/);
});

t.test('a response with more tags than are kept is not stored: purges by them could be missed', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const list = (count: number): string[] => Array.from({ length: count }, (_, at) => `"tag-${at}"`);
  for (const [at, [name, value, expected]] of [
    ['surrogate-key', list(128).join(' '), /^hit/],
    ['surrogate-key', list(129).join(' '), /detail=too-many-tags/],
    ['cache-groups', list(128).join(', '), /^hit/],
    ['cache-groups', list(129).join(', '), /detail=too-many-tags/],
    ['cache-groups', `"a", "${'b'.repeat(257)}"`, /detail=too-many-tags/],
  ].entries() as ArrayIterator<[number, [string, string, RegExp]]>) {
    site.answerWith((_request, response) => {
      response.setHeader(name, value);
      response.end('x');
    });
    await fetch(`${site.url}/p/${at}`);
    t.match(cacheStatus(await fetch(`${site.url}/p/${at}`)), expected, value.slice(0, 20));
  }
});
