/** One stored response for queries that it declares to be the same; never for another user, path or declaration. */
import t, { type Test } from 'tap';
import { cacheStatus, startSite } from '../helpers/scripted-site.ts';

const on = 'accept: { no_vary_search: true }\n';

async function startShop(t: Test, rules: string) {
  const said = { declares: 'params=("utm"), key-order' };
  const site = await startSite(`${rules}control: { token: ${'a'.repeat(32)} }\n`, {
    answer: (request, response) => {
      response.writeHead(200, { 'Cache-Control': 'max-age=60', 'No-Vary-Search': said.declares });
      response.end(`${request.headers.cookie ?? ''} ${request.url ?? ''}`);
    },
  });
  t.teardown(() => site.close());
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(site.url + path, { headers, method });
    return `${/^hit|fwd=[a-z-]+/.exec(cacheStatus(response))?.[0] ?? ''}: ${await response.text()}`;
  };
  return { site, ask, said };
}
t.test(
  'the first answer of a path teaches, the next is for all who differ in what does not matter',
  async (t) => {
    const { ask, site } = await startShop(t, on);
    t.equal(await ask('/p?utm=a'), 'fwd=uri-miss:  /p?utm=a');
    t.equal(await ask('/p?utm=b'), 'fwd=uri-miss:  /p?utm=b', 'sent as it was asked');
    for (const same of ['/p?utm=c', '/p', '/p?', '/p?&utm=d&%75tm=e', '/p?utm=a'])
      t.equal(await ask(same), 'hit:  /p?utm=b', same);
    t.match(await ask('/p?id=1&utm=a&x=1'), /^fwd/);
    t.equal(await ask('/p?x=1&id=1'), 'hit:  /p?id=1&utm=a&x=1', 'key-order');
    for (const other of ['/p?id=2', '/p?utm2=a', '/q?utm=c', '/p?utm=c&id='])
      t.match(await ask(other), /^fwd/, other);
    t.match(await ask('/p?utm=c', { cookie: 'session=bob' }), /^fwd=uri-miss: session=bob/, 'another user');
    t.match(await ask('/p?utm=z', { cookie: 'session=eve' }), /^fwd=uri-miss: session=eve/);
    t.match(await ask('/p?utm=z', { cookie: 'session=bob' }), /^hit: session=bob/);
    t.equal(site.requests.length, 9);
    const explained = await fetch(
      `${site.proxy.controlUrl ?? ''}/explain?method=GET&url=${encodeURIComponent('/p?utm=q')}`,
      {
        headers: { authorization: `Bearer ${'a'.repeat(32)}` },
      },
    );
    t.match(await explained.json(), {
      verdict: { kind: 'hit' },
      steps: new Set([{ step: 'key', facts: { target: '/p?utm=q', as: '/p' } }]),
    });
  },
);

t.test('a purge of any of its URLs ends it: an operator’s and a write’s', async (t) => {
  const { ask, site } = await startShop(t, on);
  for (const end of [
    () => ask('/p?utm=other', {}, 'POST'),
    () => ask('/p', {}, 'DELETE'),
    async () => {
      const purged = await fetch(`${site.proxy.controlUrl ?? ''}/purge`, {
        method: 'POST',
        headers: { authorization: `Bearer ${'a'.repeat(32)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ urls: ['/p?utm=never-seen'] }),
      });
      return ((await purged.json()) as { matched: number }).matched;
    },
  ]) {
    await ask('/p?utm=1');
    await ask('/p?utm=2');
    t.match(await ask('/p?utm=3'), /^hit/);
    await end();
    t.match(await ask('/p?utm=3'), /^fwd=uri-miss/);
  }
});

t.test('what no longer declares it is for its own URL alone', async (t) => {
  const { ask, said } = await startShop(t, on);
  await ask('/p?utm=a');
  said.declares = '';
  t.match(await ask('/p?utm=b'), /^fwd=uri-miss/, 'stored under the key that is shared');
  for (const other of ['/p', '/p?utm=c']) t.match(await ask(other), /^fwd/, other);
  said.declares = 'params=(utm)';
  for (const path of ['/r?utm=a', '/r?utm=b', '/r?utm=c']) t.match(await ask(path), /^fwd/, 'not valid');
});

t.test('off by default', async (t) => {
  const { ask } = await startShop(t, '');
  for (const path of ['/p?utm=a', '/p?utm=b', '/p?utm=c']) t.match(await ask(path), /^fwd/, path);
});
