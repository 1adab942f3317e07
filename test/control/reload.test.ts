/** `POST /reload` applies a good configuration as a whole, and nothing of a bad one. */
import t from 'tap';
import type { ReadConfigResult } from '../../src/control/reload.ts';
import { startProxy } from './running-proxy.ts';

const pageFor = (ttl: string, tags = '') => `
content_types:
  page: { scope: public, ttl: ${ttl}, tags: [${tags}], cache_control: override }
ttl: { jitter: 0 }
routes:
  - { match: "GET /p", type: page }
`;

t.test('a reload changes the rules, and removes what the old ones stored', async (t) => {
  const running = await startProxy(t, {
    rules: pageFor('60s'),
    readConfig: (textOf) => () =>
      Promise.resolve({ kind: 'ok', config: textOf(pageFor('90s', 'docs')), warnings: [] }),
  });
  const statusOf = async () => (await running.get('/p')).headers.get('cache-status');
  t.match(await statusOf(), 'uri-miss');
  t.match(await statusOf(), /hit; ttl=(60|59)/);
  const response = await running.control('/reload', { method: 'POST' });
  t.equal(response.status, 200);
  t.match(await response.json(), { applied: true, restart: [] });
  t.match(await statusOf(), 'uri-miss');
  t.match(await statusOf(), /hit; ttl=(90|89)/);
});

t.test('sections that need a restart keep their values, and are named', async (t) => {
  const running = await startProxy(t, {
    readConfig: (textOf) => () => {
      const config = textOf('store: { memory: 1MiB }');
      const upstream = { ...config.upstream, url: 'http://127.0.0.1:1', host: 'upstream' } as const;
      return Promise.resolve({ kind: 'ok', config: { ...config, upstream }, warnings: [] });
    },
  });
  const before = running.server.services.site().config;
  const response = await running.control('/reload', { method: 'POST' });
  t.match(await response.json(), { applied: true, restart: ['upstream', 'store'] });
  const { upstream, store } = running.server.services.site().config;
  t.strictSame({ upstream, store }, { upstream: before.upstream, store: before.store });
  t.equal((await running.get('/p')).status, 200, 'the origin of before is asked');
});

t.test('a bad file is refused with its problems, and the rules stay', async (t) => {
  const problem = {
    file: 'f',
    line: 3,
    column: 1,
    code: 'unknown-key',
    message: 'm',
    length: 1,
    source: 's',
  } as const;
  const answers: ReadConfigResult[] = [
    { kind: 'problems', problems: [problem] },
    { kind: 'unreadable', message: 'f cannot be read' },
  ];
  const running = await startProxy(t, {
    rules: pageFor('60s'),
    readConfig: () => () => Promise.resolve(answers.shift() ?? { kind: 'unreadable', message: 'none' }),
  });
  const before = running.server.services.site();
  const refused = await running.control('/reload', { method: 'POST' });
  t.equal(refused.status, 422);
  t.match(await refused.json(), { problems: [{ line: 3, code: 'unknown-key' }] });
  t.equal((await running.control('/reload', { method: 'POST' })).status, 422);
  t.equal(running.server.services.site(), before);
});

t.test('without a file a reload is refused', async (t) => {
  const { control } = await startProxy(t);
  t.equal((await control('/reload', { method: 'POST' })).status, 409);
});

t.test('reloads run one after the other, and a failed one does not stop the next', async (t) => {
  let running = 0;
  let most = 0;
  let count = 0;
  const proxy = await startProxy(t, {
    readConfig: (textOf) => async () => {
      running += 1;
      count += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      if (count === 1) throw new Error('broken');
      return { kind: 'ok', config: textOf(''), warnings: [] };
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map(() => proxy.server.reload()));
  t.strictSame(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  t.equal(most, 1);
});
