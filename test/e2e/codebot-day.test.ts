/**
 * A user's day with CodeBot, through the proxy with config/codebot.yaml: every page is compared with what the app would
 * answer at that moment.
 */
import t from 'tap';
import { type Browser, type Codebot, startCodebot } from '../helpers/codebot-browser.ts';

/** Dana has two files, a collection with one of them and a bookmark; Omer has a file of the same name. */
async function startDay(
  t: Parameters<typeof startCodebot>[0],
  env: Readonly<Record<string, string>> = {},
): Promise<Codebot & { dana: Browser; ids: string[] }> {
  const site = await startCodebot(t, { env });
  const { model } = site.origin;
  const nowMs = site.clock.now() - 86_400_000;
  const ids = ['notes.md', 'tool.py'].map((name) => model.save(1003, name, { text: `# ${name}`, nowMs }).id);
  model.save(1004, 'tool.py', { text: 'of Omer', nowMs });
  model.collections.push({ id: 'c1', owner: 1003, name: 'best', names: ['tool.py'], token: undefined });
  const dana = site.browser();
  await dana.logIn(1003);
  return { ...site, dana, ids };
}

const pagesOf = (ids: readonly string[]): readonly string[] => [
  '/files',
  '/dashboard',
  '/trash',
  '/collections',
  '/settings',
  '/',
  '/read/notes.md',
  '/api/stats',
  '/api/files',
  '/api/collections',
  '/api/collections/c1/items',
  '/api/search/suggestions?q=o',
  '/api/bookmarks/all',
  ...ids.flatMap((id) => [`/file/${id}`, `/md/${id}`, `/api/file/${id}/history`, `/api/file/${id}/preview`]),
];

async function lookAtAll(browser: Browser, pages: readonly string[]): Promise<void> {
  for (const target of pages) await browser.look(target);
}

t.test('a browsing user gets correct pages from the store after the first visit', async (t) => {
  const { dana, ids, clock, origin } = await startDay(t);
  const pages = pagesOf(ids);
  await lookAtAll(dana, pages);
  t.same(dana.wrong, []);
  dana.hits = 0;
  dana.looks = 0;
  const seenBefore = origin.seen.length;
  for (let round = 0; round < 12; round += 1) {
    clock.advance(10);
    await lookAtAll(dana, [...pages, '/static/css/main.css?v=1a2b3c', '/api/public_stats']);
  }
  t.same(
    dana.wrong.filter((told) => !told.startsWith('/api/public_stats')),
    [],
  );
  t.ok(dana.hits / dana.looks >= 0.85, `${dana.hits} of ${dana.looks} are hits`);
  t.ok(origin.seen.length - seenBefore <= dana.looks * 0.15, 'and the app hardly heard of it');
});

t.test('after each write its writer sees the current state on every page', async (t) => {
  const { dana, ids, origin, clock } = await startDay(t);
  const { model } = origin;
  const [note = '', tool = ''] = ids;
  let pages = pagesOf(ids);
  const writes: readonly (readonly [
    string,
    () => Promise<{ status: number; location?: string | undefined }>,
  ])[] = [
    ['edit', () => dana.post(`/edit/${tool}`, { code: 'changed' })],
    ['edit Markdown', () => dana.post(`/edit/${note}`, { code: '# changed' })],
    ['favourite', () => dana.send(`/api/favorite/toggle/${tool}`)],
    ['upload', () => dana.post('/upload', { name: 'new.py', code: 'new' })],
    ['bookmark', () => dana.send(`/api/bookmarks/${tool}/toggle`)],
    ['collection', () => dana.send('/api/collections', { name: 'second' })],
    ['item', () => dana.send('/api/collections/c1/items', { name: 'notes.md' })],
    ['trash', () => dana.send(`/api/file/${tool}/trash`)],
    ['theme', () => dana.send('/api/ui_prefs', { theme: 'ocean', font_scale: '1.4' })],
  ];
  await lookAtAll(dana, pages);
  for (const [what, write] of writes) {
    await lookAtAll(dana, pages);
    clock.advance(1);
    const answer = await write();
    t.ok(answer.status < 400, what);
    if (answer.location !== undefined) {
      pages = [...pages, answer.location];
      const shown = await dana.look(answer.location);
      t.notOk(shown.isHit, `${what}: the new page comes from the app`);
    }
    await lookAtAll(dana, pages);
    t.same(dana.wrong, [], what);
  }
  t.equal(model.files.length, 6, 'each save reached the app once');
  await lookAtAll(dana, pages);
  t.ok((await dana.look('/files')).isHit, 'and pages are kept again');
});

t.test('a beacon removes nothing, a preference with one removes every page', async (t) => {
  const { dana } = await startDay(t);
  const place = { last_url: '/files', scroll_y: 7, timestamp: 1 };
  await dana.look('/files');
  t.equal((await dana.send('/api/ui_prefs', { work_state: place })).status, 200);
  t.ok((await dana.look('/files')).isHit);
  await dana.send('/api/ui_prefs', { work_state: place, theme: 'ocean' });
  t.match((await dana.look('/files')).body, 'data-theme="ocean"');
  t.same(dana.wrong, []);
});

t.test('a list that the app itself still had from before a write is asked for again soon', async (t) => {
  const { dana, ids, clock } = await startDay(t);
  await dana.look('/api/files');
  clock.advance(5);
  await dana.send(`/api/favorite/toggle/${ids[0] ?? ''}`);
  t.notOk((await dana.look('/api/files')).isHit, 'fetched, and given the old list');
  clock.advance(21);
  t.match((await dana.look('/api/files')).body, '"favorite":true');
  clock.advance(60);
  t.ok((await dana.look('/api/files')).isHit, 'and kept as long as any');
  t.same(dana.wrong, []);
});

t.test('a stranger who logs out ends nobody’s pages', async (t) => {
  const { browser } = await startDay(t);
  const [guest, stranger] = [browser(), browser()];
  await guest.look('/');
  await stranger.ask('GET', '/logout');
  t.ok((await guest.look('/')).isHit);
});

t.test('writes that only read remove nothing', async (t) => {
  const { dana } = await startDay(t);
  await dana.look('/files');
  t.equal((await dana.send('/api/search/global', { q: 'a' })).status, 200);
  t.equal((await dana.send('/api/preview/live', { code: 'a' })).status, 200);
  t.ok((await dana.look('/files')).isHit);
});

t.test('a page with a one-time message is shown once and not stored', async (t) => {
  const { dana, ids, origin } = await startDay(t);
  const { location = '' } = await dana.post(`/edit/${ids[1] ?? ''}`, { code: 'changed' });
  t.match((await dana.look(location)).body, 'clearDraft');
  t.notMatch((await dana.look(location)).body, 'clearDraft');
  t.ok((await dana.look(location)).isHit);
  await dana.post('/upload', { name: 'b.py', code: 'b' });
  t.match((await dana.look('/upload')).body, 'clearDraft');
  t.notMatch((await dana.look('/upload')).body, 'clearDraft');
  t.same(dana.wrong, []);
  t.equal(
    origin.model.noted.get('view'),
    1,
    'the view behind a save is not counted, the next one that reached the app is',
  );
});

t.test('the list of recently opened files is always current', async (t) => {
  const { dana, ids } = await startDay(t);
  for (const id of ids) {
    await dana.look(`/file/${id}`);
    await dana.look('/api/files/recent');
    await dana.look('/files?category=recent');
  }
  t.same(dana.wrong, []);
  t.equal(dana.hits, 0);
});

t.test(
  'the logo gets the newest dashboard from the app, and renews the copy of its user alone',
  async (t) => {
    const { dana, clock, origin, browser } = await startDay(t);
    const { model } = origin;
    const omer = browser();
    await omer.logIn(1004);
    for (const one of [dana, omer]) await one.look('/dashboard');
    // The bot saves a file; the proxy cannot know.
    model.save(1003, 'bot.py', { text: 'by the bot', nowMs: clock.now() });
    const fresh = await dana.look('/dashboard?no_cache=1');
    t.match(fresh.body, '3 files');
    t.match(fresh.body, 'v=1a2b3c.');
    t.notOk(fresh.isHit);
    // With the assets' addresses of the answer that it was renewed from.
    const clean = await dana.ask('GET', '/dashboard');
    t.ok(clean.isHit);
    t.equal(clean.body, fresh.body);
    t.ok((await omer.look('/dashboard')).isHit, "another's copy stays");
    t.same(omer.wrong, []);
    t.same(dana.wrong, []);
    const version = /main\.css\?v=[\w.]+/.exec(fresh.body)?.[0] ?? '';
    t.notOk((await dana.look(`/static/css/${version}`)).isHit);
    t.ok((await dana.look('/static/css/main.css?v=1a2b3c')).isHit, 'the same file under the time of day');
  },
);

t.test('a change that the proxy cannot see is stale for at most its lifetime', async (t) => {
  const { dana, clock, origin } = await startDay(t, { SHELFLIFE_UNTOLD: '15m' });
  await dana.look('/files');
  origin.model.save(1003, 'bot.py', { text: 'by the bot', nowMs: clock.now() });
  t.notMatch((await dana.ask('GET', '/files')).body, 'bot.py');
  // Its lifetime, and the time in which a stale copy is renewed behind the answer.
  clock.advance(1900);
  t.match((await dana.look('/files')).body, 'bot.py');
  t.same(dana.wrong, []);
});

t.test('an upload leaves its writer’s other pages warm, until the next form and after it', async (t) => {
  const { dana, ids } = await startDay(t);
  const [note = '', tool = ''] = ids;
  const pages = ['/settings', '/collections', `/md/${note}`, `/file/${tool}`, '/api/me'];
  await lookAtAll(dana, pages);
  await dana.post('/upload', { name: 'new.py', code: 'new' });
  for (const page of pages) t.ok((await dana.look(page)).isHit, `${page}, with the flag`);
  t.match((await dana.look('/upload')).body, 'clearDraft');
  for (const page of pages) t.ok((await dana.look(page)).isHit, `${page}, without it`);
  // After a save the flag changes the next page of a file, whichever it is, and no other.
  await dana.post(`/edit/${note}`, { code: '# changed' });
  t.ok((await dana.look('/settings')).isHit);
  t.notOk((await dana.look(`/file/${tool}`)).isHit);
  t.ok((await dana.look(`/file/${tool}`)).isHit);
  t.same(dana.wrong, []);
});
