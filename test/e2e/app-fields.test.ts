/** An app written for another cache speaks in its own fields: tags, lifetimes, purges; clients do not see them. */
import t from 'tap';
import { cacheStatus, startSite } from '../helpers/scripted-site.ts';

const rules = `
accept:
  lifetimes: [surrogate-control, x-accel-expires]
  purges: [x-litespeed-purge]
  remove: [surrogate-control, surrogate-key, x-litespeed-purge, x-litespeed-tag]
content_types: { page: { scope: public, ttl: 60s, tags: [all] } }
routes: [{ match: GET /rule/*, type: page }, { match: GET /passed, type: pass }]
`;

const fieldsOf: Readonly<Record<string, Record<string, string>>> = {
  '/surrogate': { 'Cache-Control': 'no-store', 'Surrogate-Control': 'max-age=60', 'Surrogate-Key': 'a b' },
  '/private': { 'Cache-Control': 'private', 'Surrogate-Control': 'max-age=60' },
  '/accel': { 'Cache-Control': 'max-age=60', 'X-Accel-Expires': '0' },
  '/rule/x': { 'X-LiteSpeed-Tag': 'news', 'Cache-Control': 'max-age=60' },
  '/passed': { 'Surrogate-Key': 'a' },
  '/write': { 'X-LiteSpeed-Purge': 'tag=news', 'Surrogate-Key': 'x' },
};

t.test('the fields of other caches are obeyed and removed, on every way to the client', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain', ETag: '"1"', ...fieldsOf[request.url ?? ''] });
      response.end('body');
    },
  });
  t.teardown(() => site.close());
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(site.url + path, init);
    await response.text();
    const seen = [...response.headers.keys()].filter((name) => /surrogate|litespeed/.test(name));
    t.strictSame(seen, [], `${path}: nothing for caches reaches the client`);
    return cacheStatus(response);
  };
  for (const [path, again] of [
    ['/surrogate', /^hit/],
    ['/private', /^fwd=uri-miss/],
    ['/accel', /^fwd=uri-miss/],
    ['/rule/x', /^hit/],
    ['/passed', /^fwd=bypass/],
  ] as const) {
    await ask(path);
    t.match(await ask(path), again, path);
  }
  await ask('/surrogate', { headers: { 'if-none-match': '"1"' } });
  await ask('/surrogate', { headers: { range: 'bytes=0-1' } });
  t.match(await ask('/write', { method: 'POST' }), /^fwd=method/);
  t.match(await ask('/rule/x'), /^fwd=uri-miss/, 'purged by the answer to the write');
  t.match(await ask('/surrogate'), /^hit/, 'what has other tags is still there');
});
