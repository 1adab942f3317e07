/**
 * The traps CodeBot sets for a cache, through the proxy with config/codebot.yaml: responses that look public or successful
 * and are not, and metadata in a 304 or a HEAD.
 */
import t from 'tap';
import type { Config } from '../../src/config/config.ts';
import { startCodebot } from '../helpers/codebot-browser.ts';

t.test('private downloads marked public for a year are neither shared nor stored', async (t) => {
  const { browser, origin, clock, proxy } = await startCodebot(t);
  const file = origin.model.save(1003, 'secret.py', { text: 'of Dana alone', nowMs: clock.now() });
  const [dana, omer, guest] = [browser(), browser(), browser()];
  await dana.logIn(1003);
  await omer.logIn(1004);
  const targets = [`/download/${file.id}`, '/api/disk-backup/download/all.zip'];
  for (const target of [...targets, ...targets]) {
    const own = await dana.look(target);
    t.match(own.headers.get('cache-control'), 'public, max-age=31536000', 'as the app says');
    t.match(own.body, /of (Dana alone|backup|1003)|backup of 1003/);
    for (const other of [omer, guest])
      t.notMatch((await other.look(target)).body, /of Dana alone|backup of 1003/);
  }
  t.same([...dana.wrong, ...omer.wrong, ...guest.wrong], []);
  const stored = [...proxy.services.store.entries()].map(({ target }) => target);
  t.same(
    stored.filter((target) => targets.includes(target)),
    [],
  );
});

t.test('no stored response has a Set-Cookie, and public pages were fetched without a cookie', async (t) => {
  const { browser, origin, clock, proxy } = await startCodebot(t);
  const file = origin.model.save(1003, 'a.md', { text: '# a', nowMs: clock.now() });
  const dana = browser();
  await dana.logIn(1003);
  dana.cookies.set('ui_theme', 'dark');
  const targets = [
    '/files',
    '/',
    '/static/css/main.css?v=1a2b3c',
    '/favicon.ico',
    '/api/public_stats',
    '/api/snippets',
  ];
  for (const target of [...targets, `/md/${file.id}`, '/api/stats', '/api/v1/announcements/active?path=/']) {
    const shown = await dana.ask('GET', target);
    t.ok(shown.status === 200, target);
  }
  const entries = [...proxy.services.store.entries()];
  t.ok(entries.length >= 8);
  for (const { fields, target } of entries) {
    t.notOk(
      fields.some((name, index) => index % 2 === 0 && /^set-cookie/i.test(name)),
      target,
    );
  }
  const open = origin.requests.filter(({ url = '' }) =>
    /^\/(static|favicon|api\/(public_stats|snippets|v1))/.test(url),
  );
  t.equal(open.length, 5);
  for (const { headers, url } of open) t.equal(headers.cookie, undefined, url ?? '');
});

t.test(
  'a bare 304 with no-store removes nothing: the statistics are kept for another lifetime',
  async (t) => {
    const { browser, clock, origin } = await startCodebot(t);
    const dana = browser();
    await dana.logIn(1003);
    await dana.look('/api/stats');
    clock.advance(700);
    const validated = await dana.look('/api/stats');
    t.notOk(validated.isHit);
    t.ok(origin.requests.at(-1)?.headers['if-none-match'], 'it was validated');
    t.equal(validated.status, 200);
    t.ok((await dana.look('/api/stats')).isHit);
    t.equal((await dana.look('/api/stats')).headers.get('cache-control'), null);
    t.same(dana.wrong, []);
  },
);

t.test('a database error is shown and not stored', async (t) => {
  const { browser, origin, clock } = await startCodebot(t);
  origin.model.save(1003, 'a.py', { text: 'a', nowMs: clock.now() });
  const dana = browser();
  await dana.logIn(1003);
  origin.model.isDatabaseDown = true;
  const targets = ['/dashboard', '/api/public_stats', '/api/search/suggestions?q=a'];
  for (const target of targets) await dana.look(target);
  origin.model.isDatabaseDown = false;
  for (const target of targets) await dana.look(target);
  t.match((await dana.look('/dashboard')).body, '1 files');
  t.same(dana.wrong, []);
});

t.test('requests answered from the store do not reach the app’s limit of fifty an hour', async (t) => {
  const { browser, clock } = await startCodebot(t);
  const dana = browser();
  await dana.logIn(1003);
  for (let count = 0; count < 80; count += 1) {
    clock.advance(20);
    t.equal((await dana.look('/api/stats')).status, 200);
  }
  t.same(dana.wrong, []);
});

t.test('when the limit is reached, the stored copy is given, and the refusal is not stored', async (t) => {
  const { browser, clock } = await startCodebot(t);
  const dana = browser();
  await dana.logIn(1003);
  await dana.look('/settings');
  for (let count = 0; count < 60; count += 1) await dana.ask('GET', '/settings?_t=1');
  t.equal((await dana.ask('GET', '/settings?_t=1')).status, 429);
  t.ok((await dana.look('/settings')).isHit);
  clock.advance(70);
  t.equal((await dana.look('/settings')).status, 200, 'a little too old is better than refused');
  t.same(dana.wrong, []);
  clock.advance(3600);
  t.equal((await dana.look('/settings')).status, 200);
});

t.test('HEAD, which the app answers with nothing, does not change the stored entry', async (t) => {
  const { browser } = await startCodebot(t);
  const guest = browser();
  await guest.ask('HEAD', '/');
  await guest.look('/');
  await guest.ask('HEAD', '/');
  t.ok((await guest.look('/')).isHit);
  t.same(guest.wrong, []);
});

t.test('the comparison notices rules that are wrong', async (t) => {
  const noPurge = (rules: Config): Config => ({
    ...rules,
    writes: rules.writes.map((rule) => ({ ...rule, invalidate: [] })),
  });
  const { browser, origin, clock } = await startCodebot(t, { change: noPurge });
  const file = origin.model.save(1003, 'a.py', { text: 'a', nowMs: clock.now() });
  const dana = browser();
  await dana.logIn(1003);
  await dana.look('/files');
  await dana.send(`/api/favorite/toggle/${file.id}`);
  await dana.look('/files');
  t.match(dana.wrong, [/^\/files: .* not .*★/]);
});

t.test('other spellings of a private path are treated as the same private path', async (t) => {
  const { browser, origin, clock, proxy } = await startCodebot(t);
  const file = origin.model.save(1003, 'a.py', { text: 'secret', nowMs: clock.now() });
  const dana = browser();
  await dana.logIn(1003);
  for (const target of [`//download/${file.id}`, `/downl%6Fad/${file.id}`, `/x/../download/${file.id}`]) {
    await dana.ask('GET', target);
  }
  t.same([...proxy.services.store.entries()], []);
});
