import { mkdtemp, rm, stat, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import pino from 'pino';
import t from 'tap';
import { type RunningServer, startServer } from '../../src/server.ts';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { barrier, cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';

const rules = `
ttl: { jitter: 0 }
identity: { credentials: [session] }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override, tags: [pages] }
  worded: { ttl: 600s, scope: public, cache_control: override, vary: { headers: [accept-language], cookies: [theme] } }
  mine: { ttl: 600s, scope: user, cache_control: override }
routes:
  - { match: GET /p/*, type: page }
  - { match: GET /w/*, type: worded }
  - { match: GET /mine, type: mine }
  - { match: GET /pass, type: pass }
writes:
  - { match: PUT /api, invalidate: [pages] }
warm: { on_start: { popular: 100 }, concurrency: 2 }
`;

const start = async (): Promise<Site> => {
  const site = await startSite(rules);
  site.answerWith((request, response) => {
    if (request.url?.startsWith('/p/') === true) response.setHeader('content-type', 'text/html');
    response.end(request.url);
  });
  return site;
};

const ask = async (url: string, headers: Record<string, string> = {}): Promise<string> => {
  const answer = await fetch(url, { headers });
  await answer.arrayBuffer();
  return cacheStatus(answer);
};

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const warm = (site: Site, urls: string[], more = {}) =>
  site.proxy.refresh.warm({ urls, popular: 0, ...more });

t.test(
  'paths are warmed for the names people use; personal, passed and fresh ones are skipped',
  async (t) => {
    const site = await start();
    t.teardown(() => site.close());
    await ask(`${site.url}/p/known`, browser);
    const urls = ['/p/1', '/p/known', '/mine', '/pass', '/p/%zz', '/p/1'];
    t.match(await warm(site, urls), { asked: 5, warmed: 1, fresh: 1, refused: 3, failed: 0 });
    t.strictSame(site.seen, ['GET /p/known', 'GET /p/1']);
    t.match(await ask(`${site.url}/p/1`, browser), /^hit/);
  },
);

t.test('resources other than pages are warmed as scripts request them, too', async (t) => {
  const site = await start();
  t.teardown(() => site.close());
  await ask(`${site.url}/p/known`, browser);
  site.answerWith((_request, response) => response.end('{}'));
  t.match(await warm(site, ['/p/data']), { asked: 1, warmed: 1 });
  t.match(await ask(`${site.url}/p/data`), /^hit/);
});

t.test(
  'redirects are stored and not followed, errors are failures, the app’s own address is not trusted',
  async (t) => {
    const site = await start();
    t.teardown(() => site.close());
    await ask(`${site.url}/p/known`, browser);
    site.answerWith((request, response) => {
      if (request.url === '/p/moved') {
        response.statusCode = 301;
        response.setHeader('location', 'http://elsewhere.example/');
      } else if (request.url === '/p/broken') response.statusCode = 500;
      response.end();
    });
    const summary = await warm(site, ['/p/moved', '/p/broken', '//elsewhere.example/x']);
    t.match(summary, { asked: 3, failed: 1 });
    t.strictSame(
      site.seen.slice(1).filter((line) => !/moved|broken/.test(line)),
      ['GET //elsewhere.example/x'],
      'a path like any other, of the configured origin',
    );
    for (const { headers } of site.requests.slice(1)) t.equal(headers['x-forwarded-for'], '192.0.0.8');
  },
);

t.test('a sitemap index and its sitemaps, gzip or not, give only paths of the own site', async (t) => {
  const site = await start();
  t.teardown(() => site.close());
  await ask(`${site.url}/p/known`, browser);
  const list = (name: string, urls: string[]) =>
    `<${name}>${urls.map((url) => `<x><loc>${url}</loc></x>`).join('')}</${name}>`;
  site.answerWith((request, response) => {
    response.setHeader('content-type', 'text/html');
    if (request.url === '/sitemap.xml')
      response.end(
        list('sitemapindex', [`${site.url}/s1.xml.gz`, `${site.url}/s2.xml`, `${site.url}/gone.xml`]),
      );
    else if (request.url === '/s1.xml.gz')
      response.end(gzipSync(list('urlset', [`${site.url}/p/1`, `${site.url}/p/2`])));
    else if (request.url === '/s2.xml')
      response.end(list('urlset', [`${site.url}/p/3`, 'http://elsewhere.example/p/4']));
    else if (request.url === '/gone.xml') response.writeHead(404).end();
    else response.end('page');
  });
  const summary = await warm(site, [], { sitemap: '/sitemap.xml' });
  t.match(summary, { asked: 5, warmed: 3, refused: 1, failed: 1 });
  for (const page of [1, 2, 3]) t.match(await ask(`${site.url}/p/${page}`, browser), /^hit/);
  t.notOk(site.seen.includes('GET /p/4'));
});

t.test('a warm-up in flight cannot undo a purge, and only one runs at a time', async (t) => {
  const site = await start();
  t.teardown(() => site.close());
  await ask(`${site.url}/p/known`, browser);
  const arrived = barrier();
  const release = barrier();
  site.answerWith((request, response) => {
    if (request.method === 'PUT') return void response.end('written');
    response.setHeader('content-type', 'text/html');
    arrived.arrive();
    void release.reached.then(() => response.end('old'));
  });
  const warming = warm(site, ['/p/1']);
  await arrived.reached;
  t.equal(await warm(site, ['/p/2']), 'busy');
  await fetch(`${site.url}/api`, { method: 'PUT', body: 'x' });
  release.arrive();
  t.match(await warming, { warmed: 0, refused: 1 });
  t.match(await ask(`${site.url}/p/1`, browser), /^fwd=/);
});

t.test('what was popular is warmed at the next start, in the requested variants', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'shelflife-popular-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const popularFile = join(directory, 'popular.json');
  const site = await start();
  t.teardown(() => site.close());
  const { config } = site.proxy.services.site();
  const begin = (skipWarmUp: boolean): Promise<RunningServer> =>
    startServer({ config, log: pino({ level: 'silent' }), popularFile, skipWarmUp, control: 'off' });
  const first = await begin(false);
  // The address is part of the key; the second start has another port, and the same name in Host.
  const asked = (server: RunningServer, path: string, headers: Record<string, string>): Promise<string> =>
    hostFetch(server.url, path, { host: 'www.example.org', ...headers });
  const dark = { ...browser, cookie: 'theme=dark; session=secret-of-ann', 'accept-language': 'he' };
  for (let time = 0; time < 3; time += 1) {
    await asked(first, '/p/hot', browser);
    await asked(first, '/w/hot', dark);
    await asked(first, '/mine', { ...browser, cookie: 'session=secret-of-ann' });
  }
  await closeProxy(first);
  const text = await readFile(popularFile, 'utf8');
  t.notMatch(text, /secret|\/mine/);
  t.equal((await stat(popularFile)).mode & 0o777, 0o600);

  const before = site.seen.length;
  const second = await begin(false);
  await eventually('warmed', () => second.services.store.size().entries === 2);
  t.equal(site.seen.length, before + 2);
  t.match(await asked(second, '/p/hot', browser), /^hit/);
  t.match(await asked(second, '/w/hot', dark), /^hit/);
  await closeProxy(second);

  const third = await begin(true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(third.services.store.size().entries, 0, 'the warm-up is skipped when told so');
  await third.close();
});

/** fetch() does not let a Host be set. */
async function hostFetch(url: string, path: string, headers: Record<string, string>): Promise<string> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { headers }, (response) => {
      response.resume();
      const status = response.headers['cache-status'] ?? '';
      response.on('end', () => resolve(String(status).replace(/^.*shelflife; /, '')));
    });
    sent.on('error', reject);
    sent.end();
  });
}
