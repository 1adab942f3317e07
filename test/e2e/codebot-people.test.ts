/** Several people and roles in one browser, through the proxy with config/codebot.yaml: no one sees another's page. */
import t from 'tap';
import { type Browser, startCodebot } from '../helpers/codebot-browser.ts';

const pages = ['/files', '/dashboard', '/settings', '/', '/api/stats', '/api/files', '/collections'];

async function lookTwice(browser: Browser, targets: readonly string[] = pages): Promise<void> {
  for (const target of [...targets, ...targets]) await browser.look(target);
}

t.test(
  'an administrator who views as a user sees that page at once, and the other at once again',
  async (t) => {
    const { browser, origin } = await startCodebot(t);
    const ada = browser();
    await ada.logIn(1);
    await lookTwice(ada);
    t.match((await ada.look('/dashboard')).body, 'admin</a>');
    await ada.send('/admin/impersonate/start');
    const asUser = await ada.look('/dashboard');
    t.notMatch(asUser.body, 'admin</a>');
    await lookTwice(ada);
    t.match((await ada.look('/dashboard?force_admin=1')).body, 'admin</a>');
    t.notMatch((await ada.look('/dashboard')).body, 'admin</a>');
    await ada.send('/admin/impersonate/stop');
    t.match((await ada.look('/dashboard')).body, 'admin</a>');
    await lookTwice(ada);
    t.same(ada.wrong, []);
    t.equal(origin.model.noted.get('logout'), undefined);
  },
);

t.test('after logout and login as another user, the same browser shows nothing of the first', async (t) => {
  const { browser, origin, clock } = await startCodebot(t);
  origin.model.save(1003, 'dana.py', { text: 'of Dana', nowMs: clock.now() });
  origin.model.save(1004, 'omer.py', { text: 'of Omer', nowMs: clock.now() });
  const one = browser();
  await one.look('/');
  await one.logIn(1003);
  await lookTwice(one);
  const { status } = await one.ask('GET', '/logout');
  t.equal(status, 302);
  t.equal(one.cookies.has('session'), false);
  for (const target of pages) {
    const shown = await one.look(target);
    t.notMatch(shown.body, /Dana|dana/, target);
  }
  await one.logIn(1004);
  await lookTwice(one);
  t.match((await one.look('/files')).body, 'omer.py');
  t.notMatch((await one.look('/files')).body, 'dana.py');
  await one.ask('GET', '/logout');
  await one.logIn(1003);
  await lookTwice(one);
  t.same(one.wrong, []);
  t.equal(origin.model.noted.get('logout'), 2, 'each logout reached the app');
});

t.test('another theme or font, on the device or in the settings, is seen on the next page', async (t) => {
  const { browser } = await startCodebot(t);
  const [dana, guest] = [browser(), browser()];
  await dana.logIn(1003);
  await lookTwice(dana);
  await lookTwice(guest, ['/', '/login', '/snippets']);
  for (const one of [dana, guest]) {
    one.cookies.set('ui_theme', 'dark');
    one.cookies.set('ui_theme_scope', 'device');
    one.cookies.set('ui_font_scale', '1.3');
    await lookTwice(one, ['/', '/settings', '/snippets']);
    t.match((await one.look('/')).body, 'data-theme="dark" data-font="1.3"');
  }
  await dana.send('/api/ui_prefs', { theme: 'ocean', font_scale: '2' });
  dana.cookies.delete('ui_theme_scope');
  t.match((await dana.look('/')).body, 'data-theme="ocean" data-font="2"');
  t.same([...dana.wrong, ...guest.wrong], []);
});

t.test('a remember-me cookie logs its user in within the request', async (t) => {
  const { browser, origin } = await startCodebot(t);
  origin.model.rememberTokens.set('opaque', 1003);
  const guest = browser();
  await lookTwice(guest, ['/', '/login']);
  const back = browser();
  back.cookies.set('remember_me', 'opaque');
  const first = await back.look('/');
  t.match(first.body, 'Dana');
  t.notOk(first.isHit);
  t.ok(back.cookies.has('session'));
  await lookTwice(back);
  t.match((await guest.look('/')).body, 'guest');
  t.same([...back.wrong, ...guest.wrong], []);
});

t.test('an unsigned session has no identity and gets nothing of the person it names', async (t) => {
  const { browser, clock } = await startCodebot(t);
  const dana = browser();
  dana.hold(1003, clock.now());
  await lookTwice(dana);
  const forger = browser();
  const payload = dana.cookies.get('session')?.split('.').slice(0, -2).join('.') ?? '';
  forger.cookies.set('session', `${payload}.aaaaaa.c2lnbmF0dXJl`);
  for (const target of pages) {
    const shown = await forger.look(target);
    t.notMatch(shown.body, 'Dana', target);
    t.notOk(shown.isHit, target);
  }
  t.same(forger.wrong, []);
});

t.test('a session signed again is the same person', async (t) => {
  const { browser, clock } = await startCodebot(t);
  const dana = browser();
  dana.hold(1003, clock.now() - 5_000_000);
  const before = dana.cookies.get('session');
  await dana.look('/files');
  t.not(dana.cookies.get('session'), before, 'every answer from the app renews it');
  t.ok((await dana.look('/files')).isHit);
  const other = browser();
  other.hold(1003, clock.now() - 1_000_000);
  t.ok((await other.look('/files')).isHit, 'from another browser, too');
});

t.test('a shared collection shows its owner’s last change, and nothing once it is revoked', async (t) => {
  const { browser, origin, clock } = await startCodebot(t);
  const { model } = origin;
  const file = model.save(1003, 'tool.py', { text: 'one', nowMs: clock.now() });
  model.collections.push({ id: 'c1', owner: 1003, name: 'best', names: ['tool.py'], token: undefined });
  const [dana, omer, guest] = [browser(), browser(), browser()];
  await dana.logIn(1003);
  await omer.logIn(1004);
  const told = JSON.parse((await dana.send('/api/collections/c1/share', { enabled: true })).body) as {
    token: string;
  };
  const shared = [`/api/collections/shared/${told.token}`, `/collections/shared/${told.token}`];
  for (const one of [guest, omer, dana]) await lookTwice(one, shared);
  t.ok((await guest.look(shared[0] ?? '')).isHit);
  await dana.post(`/edit/${file.id}`, { code: 'two' });
  for (const one of [guest, omer, dana]) await lookTwice(one, shared);
  await dana.send('/api/collections/c1/items', { name: 'other.py' });
  for (const one of [guest, omer, dana]) await lookTwice(one, shared);
  await dana.send('/api/collections/c1/share', { enabled: false });
  for (const one of [guest, omer, dana]) {
    for (const target of shared) t.equal((await one.look(target)).status, 404, target);
    t.same(one.wrong, []);
  }
});

t.test('a link to one file counts its views, shows a copy, and expires on its day', async (t) => {
  const { browser, origin, clock } = await startCodebot(t);
  const { model } = origin;
  const file = model.save(1003, 'tool.py', { text: 'as it was', nowMs: clock.now() });
  const [dana, guest] = [browser(), browser()];
  await dana.logIn(1003);
  const { token } = JSON.parse((await dana.send(`/api/share/${file.id}`)).body) as { token: string };
  await dana.post(`/edit/${file.id}`, { code: 'as it is' });
  for (const one of [guest, dana, guest]) {
    t.match((await one.look(`/share/${token}`)).body, 'as it was');
    await one.look(`/shared/styled/${token}`);
  }
  t.equal(model.shares[0]?.views, 6, 'each view reached the app');
  clock.advance(7 * 86_400 + 1);
  t.equal((await guest.look(`/share/${token}`)).status, 404);
  t.same([...dana.wrong, ...guest.wrong], []);
});

t.test('an approval by GET is visible to all users at once, and happens once', async (t) => {
  const { browser, origin } = await startCodebot(t);
  const { model } = origin;
  model.snippets.push({ id: '7', title: 'a new snippet', approved: false });
  const [ada, guest] = [browser(), browser()];
  await ada.logIn(1);
  await lookTwice(guest, ['/api/snippets', '/snippets']);
  t.notMatch((await guest.look('/snippets')).body, 'a new snippet');
  t.equal((await ada.ask('GET', '/admin/snippets/approve?id=7')).status, 302);
  t.match((await guest.look('/snippets')).body, 'a new snippet');
  t.match((await guest.look('/api/snippets')).body, 'a new snippet');
  t.equal(model.noted.get('approve'), 1);
  t.same(guest.wrong, []);
});
