/** Two people read CodeBot for a day, 40 s between pages; each page runs its scripts and posts where its reader is. */

import t from 'tap';
import { type Browser, startCodebot } from '../helpers/codebot-browser.ts';

const scripts = (path: string): readonly string[] => [
  '/api/me',
  `/api/v1/announcements/active?path=${path}`,
  '/api/sticky-notes/reminders/summary',
];

t.test('a day at a human pace, with beacons', async (t) => {
  const { origin, browser, clock } = await startCodebot(t);
  // Ninety beacons an hour are more than the app takes.
  origin.hourlyLimit = Infinity;
  const nowMs = clock.now() - 86_400_000;
  const walks: { one: Browser; pages: readonly string[]; write: () => Promise<unknown> }[] = [];
  for (const user of [1003, 1004]) {
    const ids = ['notes.md', 'tool.py'].map(
      (name) => origin.model.save(user, name, { text: name, nowMs }).id,
    );
    const one = browser();
    await one.logIn(user);
    const files = ids.flatMap((id) => [`/file/${id}`, `/md/${id}`]);
    const pages = ['/files', '/dashboard', '/collections', '/settings', ...files, '/read/notes.md', '/files'];
    walks.push({ one, pages, write: () => one.send(`/api/favorite/toggle/${ids[0] ?? ''}`) });
  }
  const before = origin.seen.length;
  let [reads, beacons] = [0, 0];
  for (let step = 0; step < 120; step += 1) {
    for (const { one, pages, write } of walks) {
      const page = pages[step % pages.length] ?? '/';
      for (const target of [page, ...scripts(page)]) {
        await one.look(target, { accept: 'text/html' });
        reads += 1;
      }
      await one.send('/api/ui_prefs', { work_state: { last_url: page, scroll_y: step, timestamp: step } });
      beacons += 1;
      if (step % 40 === 39) await write();
    }
    clock.advance(40);
  }
  const hits = walks.reduce((sum, { one }) => sum + one.hits, 0);
  t.same(
    walks.flatMap(({ one }) => one.wrong),
    [],
  );
  t.ok(hits / reads >= 0.85, `${hits} of ${reads} are hits, first visits included`);
  const fetched = origin.seen.length - before - beacons;
  t.ok(fetched <= reads * 0.35, `the app answered ${fetched} besides the beacons`);
});
