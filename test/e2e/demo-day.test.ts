import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { hostUrlTag, partitionTag, typeTag, urlTag, userTag } from '../../src/policy/rules/entry-tags.ts';
import { parseFlaskCookie, readPayload } from '../../src/policy/identity/flask-session.ts';
import { toTag } from '../../src/policy/rules/tags.ts';
import type { Purge } from '../../src/store/purge-log.ts';
import { startSampleApp } from '../examples/sample-app.ts';
import { Visitor } from '../examples/visitor.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { cacheStatus, startProxy } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

const secret = 'a secret for this test';

/** The sample app with its rules, at 10:00 in Jerusalem on a working day: peak, so lifetimes count 0.7 times. */
async function startDemo(t: Test) {
  const clock = new TestClock('2026-03-10T08:00:00Z');
  const app = await startSampleApp({ secret, clock });
  const { port } = new URL(app.url);
  const env = { WEBAPP_SECRET: secret, WEBAPP_PORT: port };
  const proxy = await startProxy(readFileSync('config/demo.yaml', 'utf8'), { clock, env });
  t.teardown(async () => {
    await closeProxy(proxy);
    await app.close();
  });
  return { clock, app, proxy, url: proxy.url };
}

t.test('the sample app through the proxy', async (t) => {
  const { clock, app, proxy, url } = await startDemo(t);
  const demo = new Visitor(url);
  const maya = new Visitor(url);
  await demo.logIn('demo');
  await maya.logIn('maya');

  t.test('the second request is a hit, with the guide’s lifetime for that type and hour', async (t) => {
    const lifetimes: [string, number][] = [
      ['/api/stats', 300 * 0.7],
      ['/api/files', 60 * 0.7],
      ['/md/1', 1800 * 0.7],
      ['/api/search?q=python', 180 * 0.7],
      ['/api/public_stats', 600 * 0.7],
      ['/api/bookmarks', 120 * 0.7],
      ['/api/tags', 300 * 0.7],
      ['/api/settings', 60 * 0.7],
    ];
    for (const [path, expected] of lifetimes) {
      const first = await demo.ask(path);
      t.equal(first.status, 200, path);
      t.match(cacheStatus(first), /^fwd=uri-miss; stored/, path);
      const queries = app.database().queries;
      const second = await demo.ask(path);
      t.equal(second.content, first.content);
      t.equal(app.database().queries, queries, 'the database was not asked');
      const ttl = Number(/^hit; ttl=(\d+)/.exec(cacheStatus(second))?.[1]);
      t.ok(ttl >= Math.floor(expected * 0.95) - 1 && ttl <= Math.ceil(expected * 1.05), `${path}: ${ttl}`);
    }
  });

  t.test('another user gets a separate copy; the origin gets the user’s credentials', async (t) => {
    const mine = await demo.json('/api/stats');
    const hers = await maya.ask('/api/stats');
    t.match(cacheStatus(hers), /^fwd=uri-miss/);
    t.notSame(JSON.parse(hers.content), mine);
    const again = await maya.ask('/api/stats');
    t.match(cacheStatus(again), /^hit/);
    t.equal(again.headers.get('set-cookie'), null, 'no session comes out of the store');
  });

  t.test('public content is one copy for all, fetched without credentials', async (t) => {
    t.match(cacheStatus(await maya.ask('/api/public_stats')), /^hit/);
    t.match(cacheStatus(await new Visitor(url).ask('/api/public_stats')), /^hit/);
  });

  t.test('a forged cookie gets no stored page', async (t) => {
    const payload = demo.cookie?.split('=')[1]?.split('.')[0] ?? '';
    for (const cookie of [
      `${payload}.abcdef.AAAAAAAAAAAAAAAAAAAAAAAAAAA`,
      `${demo.cookie?.slice(8) ?? ''}x`,
    ]) {
      const response = await fetch(`${url}/api/stats`, { headers: { cookie: `session=${cookie}` } });
      t.equal(response.status, 401);
      t.match(cacheStatus(response), /^fwd=bypass; detail=identity/);
    }
  });

  t.test('after a write, exactly what its rule lists is a miss', async (t) => {
    for (const path of ['/api/files', '/api/stats', '/api/settings', '/md/1']) await demo.ask(path);
    await maya.ask('/api/stats');
    const edited = await demo.send('PUT', '/api/files/2', {
      name: 'renamed.py',
      content: 'print(1)',
      language: 'python',
      tags: [],
      description: '',
    });
    t.equal(edited.status, 200, edited.content.slice(0, 100));
    const after = async (visitor: Visitor, path: string) =>
      cacheStatus(await visitor.ask(path)).split(';')[0];
    t.equal(await after(demo, '/api/files'), 'fwd=uri-miss');
    t.equal(await after(demo, '/api/stats'), 'fwd=uri-miss');
    t.equal(await after(demo, '/api/settings'), 'hit');
    t.equal(await after(demo, '/md/1'), 'hit');
    t.equal(await after(maya, '/api/stats'), 'hit');
  });

  t.test('a purge by tag, URL, user, type, prefix or everything removes what it names', async (t) => {
    const host = new URL(url).host;
    const purge = (part: Partial<Purge>) =>
      proxy.services.purgeLog.append({
        tags: [],
        prefixes: [],
        everything: false,
        soft: false,
        cause: 'api',
        ...part,
      });
    const demoId = userIdOf(demo);
    const cases: [string, Partial<Purge>][] = [
      ['tag', { tags: [toTag('file:1')] }],
      ['url', { tags: [urlTag('/md/1')] }],
      ['url of a host', { tags: [hostUrlTag(host, '/md/1')] }],
      ['user', { tags: [userTag(demoId), partitionTag(demoId)] }],
      ['type', { tags: [typeTag('markdown_render')] }],
      ['prefix', { prefixes: [{ host: undefined, start: '/md/' }] }],
      ['everything', { everything: true }],
    ];
    for (const [name, part] of cases) {
      await demo.ask('/md/1');
      t.match(cacheStatus(await demo.ask('/md/1')), /^hit/, name);
      await purge(part);
      t.match(cacheStatus(await demo.ask('/md/1')), /^fwd=uri-miss/, name);
    }
    await demo.ask('/md/1');
    await purge({ tags: [hostUrlTag('other.example', '/md/1')] });
    t.match(cacheStatus(await demo.ask('/md/1')), /^hit/, "another host's URL is another URL");
  });

  t.test('a private download marked public is never shared', async (t) => {
    const mine = await demo.ask('/download/1');
    t.equal(mine.status, 200);
    t.match(cacheStatus(mine), /^fwd=bypass; detail=rule/);
    t.not((await maya.ask('/download/1')).status, 200);
  });

  t.test('logging out removes the user’s entries, and they are not found again', async (t) => {
    await demo.ask('/api/stats');
    const cookie = demo.cookie ?? '';
    await demo.ask('/logout');
    const late = await fetch(`${url}/api/stats`, { headers: { cookie } });
    t.match(cacheStatus(late), /^fwd=/);
  });

  t.test('entries expire with their lifetime', async (t) => {
    await maya.ask('/api/files');
    t.match(cacheStatus(await maya.ask('/api/files')), /^hit/);
    clock.advance(50);
    t.match(cacheStatus(await maya.ask('/api/files')), /^fwd=(stale|uri-miss)/);
  });

  t.test('no stored entry contains a session', (t) => {
    for (const entry of proxy.services.store.entries()) {
      t.notOk(entry.fields.some((text, at) => at % 2 === 0 && text.toLowerCase() === 'set-cookie'));
    }
    t.end();
  });
});

function userIdOf(visitor: Visitor): string {
  const cookie = parseFlaskCookie(visitor.cookie?.slice('session='.length) ?? '');
  return String(readPayload(cookie?.payload ?? '')?.claims['user_id']);
}
