/** The GETs of CodeBot's stand-in. They answer from the model; side effects are in `effect`. */

import {
  type Answer,
  type Asked,
  etagOf,
  json,
  notFound,
  page,
  redirect,
  themeOf,
  withValidator,
} from './codebot-answer.ts';
import type { CodeFile } from './codebot-model.ts';
import {
  download,
  fileData,
  library,
  privateFile,
  publicStats,
  shared,
  sharedData,
  shareLink,
} from './codebot-public.ts';
import { loginData } from './codebot-session.ts';

export type Handler = (asked: Asked, user: number) => Answer;
/** `who`: whether one must be logged in. */
export type Row = readonly [match: string, who: 'anyone' | 'user', handler: Handler];

const day = 86_400_000;
const httpDate = (ms: number): string => new Date(ms).toUTCString();
const listText = (files: readonly CodeFile[]): string =>
  files.map(({ name, version, favorite }) => `${name} v${version}${favorite ? ' ★' : ''}`).join('<br>');

/** The bin shows no stars. */
const trashText = (files: readonly CodeFile[]): string =>
  files.map(({ name, version }) => `${name} v${version}`).join('<br>');

/** A session without some of its flags. */
const without = (session: Asked['session'], ...names: readonly string[]): Asked['session'] =>
  Object.fromEntries(Object.entries(session).filter(([name]) => !names.includes(name)));

const filePage: Handler = (asked, user) => {
  const { model, params, session } = asked;
  const file = model.fileOf(user, params['id'] ?? '');
  if (file === undefined) return notFound(asked);
  const clearsDraft = session['edit_should_clear_draft_for_file_id'] === file.id;
  const shown = page(
    asked,
    file.name,
    `${file.text}${file.favorite ? ' ★' : ''}${clearsDraft ? '<script>clearDraft()</script>' : ''}`,
  );
  // The tag knows nothing of what is shown once.
  const etag = etagOf(file, themeOf(asked), user);
  const answer = withValidator(asked, shown, { etag, lastModified: httpDate(file.updatedMs) });
  return {
    ...answer,
    session: without(session, '_skip_view_activity_once', 'edit_should_clear_draft_for_file_id'),
    effect: () => {
      model.open(user, file);
      if (session['_skip_view_activity_once'] !== true) model.note('view');
    },
  };
};

const rendered: Handler = (asked, user) => {
  const { model, params } = asked;
  const file =
    model.fileOf(user, params['id'] ?? '') ?? model.listOf(user).find(({ name }) => name === params['name']);
  if (file === undefined) return notFound(asked);
  const shown = page(asked, file.name, `<h1>${file.text}</h1>`);
  return withValidator(asked, shown, {
    etag: etagOf('md', file, themeOf(asked), user),
    lastModified: httpDate(file.updatedMs),
  });
};

const dashboard: Handler = (asked, user) => {
  const { model } = asked;
  if (model.isDatabaseDown)
    return page(asked, 'dashboard', '<p>אירעה שגיאה בטעינת הנתונים. אנא נסה שוב.</p>', 295_000);
  const files = model.listOf(user);
  return page(
    asked,
    'dashboard',
    `${files.length} files, ${files.filter(({ favorite }) => favorite).length} favourites`,
    348_000,
  );
};

const stats: Handler = ({ model, ifNoneMatch }, user) => {
  const answer = json({
    total_files: model.listOf(user).length,
    versions: model.files.filter(({ owner }) => owner === user).length,
  });
  const etag = etagOf(answer.body);
  // A bare 304 counts as HTML for what is added to every answer, and is told no-store.
  if (ifNoneMatch === etag) return { status: 304, body: '', fields: {} };
  return { ...answer, fields: { ...answer.fields, ETag: etag } };
};

const logout: Handler = ({ model, cookies }) => ({
  ...redirect('/login', { session: {} }),
  setCookies: ['remember_me=; Max-Age=0; Path=/'],
  effect: () => {
    model.rememberTokens.delete(cookies.get('remember_me') ?? '');
    model.note('logout');
  },
});

const tokenLogin: Handler = (asked) => {
  const { model, query } = asked;
  const token = query.get('token') ?? '';
  const user = model.loginTokens.get(token);
  // A bad token shows the login page, with 200.
  if (user === undefined || String(user) !== query.get('user_id')) return page(asked, 'login', 'bad token');
  return redirect('/dashboard', {
    session: loginData(user),
    effect: () => void model.loginTokens.delete(token),
  });
};

const approve: Handler = ({ model, query, isAdmin }) => {
  const snippet = model.snippets.find(({ id }) => id === query.get('id'));
  if (!isAdmin || snippet === undefined) return json({ ok: false }, 403);
  const effect = (): void => {
    snippet.approved = true;
    model.note('approve');
  };
  return redirect('/admin/snippets', { effect });
};

const collectionPage: Handler = (asked, user) => {
  const mine = asked.model.collections.filter(
    ({ owner, id }) => owner === user && (asked.params['id'] ?? id) === id,
  );
  return page(
    asked,
    'collections',
    mine.map(({ name, names }) => `${name}: ${names.join(', ')}`).join('<br>'),
  );
};

const asset = (body: string, type: string): Answer => ({
  status: 200,
  body,
  fields: { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000', ETag: '"1-2-3"' },
});

export const reads: readonly Row[] = [
  ['/', 'anyone', (asked) => page(asked, 'start', 'welcome')],
  ['/login', 'anyone', (asked) => page(asked, 'login', 'log in')],
  [
    '/files',
    'user',
    (asked, user) => {
      const { model, query } = asked;
      const isRecent = query.get('category') === 'recent';
      const content = isRecent ? (model.recent.get(user) ?? []).join('<br>') : listText(model.listOf(user));
      return page(asked, `files ${query.get('page') ?? '1'}`, content);
    },
  ],
  ['/trash', 'user', (asked, user) => page(asked, 'trash', trashText(asked.model.trashOf(user)))],
  ['/dashboard', 'user', dashboard],
  ['/file/:id', 'user', filePage],
  ['/md/:id', 'user', rendered],
  ['/read/:name', 'user', rendered],
  [
    '/settings',
    'user',
    (asked) =>
      page(asked, 'settings', asked.session['preferred_editor'] === 'codemirror' ? 'codemirror' : 'simple'),
  ],
  ['/collections', 'user', collectionPage],
  ['/collections/:id', 'user', collectionPage],
  [
    '/upload',
    'user',
    (asked) => ({
      ...page(
        asked,
        'upload',
        asked.session['upload_should_clear_draft'] === true ? '<script>clearDraft()</script>' : '',
      ),
      session: without(asked.session, 'upload_should_clear_draft'),
    }),
  ],
  [
    '/edit/:id',
    'user',
    (asked, user) => page(asked, 'edit', asked.model.fileOf(user, asked.params['id'] ?? '')?.text ?? ''),
  ],
  ['/api/stats', 'user', stats],
  [
    '/api/files',
    'user',
    ({ model, nowMs }, user) => {
      const { files, keep } = model.cachedListOf(user, nowMs);
      return { ...json({ ok: true, files: files.map(fileData) }), effect: keep };
    },
  ],
  [
    '/api/me',
    'user',
    ({ model, session }, user) => json({ ok: true, user: session['user_data'], prefs: model.prefOf(user) }),
  ],
  ['/api/sticky-notes/reminders/summary', 'user', () => json({ ok: true, due: 0 })],
  ['/api/files/recent', 'user', ({ model }, user) => json({ files: model.recent.get(user) ?? [] })],
  [
    '/api/file/:id/history',
    'user',
    ({ model, params }, user) => {
      const file = model.fileOf(user, params['id'] ?? '');
      return file === undefined
        ? json({ ok: false }, 404)
        : json({ ok: true, versions: model.versionsOf(file).map(fileData) });
    },
  ],
  [
    '/api/file/:id/preview',
    'user',
    (asked, user) =>
      json({
        ok: true,
        html: `<pre class="${themeOf(asked)}">${asked.model.fileOf(user, asked.params['id'] ?? '')?.text ?? ''}</pre>`,
      }),
  ],
  [
    '/api/search/suggestions',
    'user',
    ({ model, query }, user) => {
      const names = model.listOf(user).map(({ name }) => name);
      return json({
        suggestions: model.isDatabaseDown ? [] : names.filter((name) => name.includes(query.get('q') ?? '')),
      });
    },
  ],
  [
    '/api/collections',
    'user',
    ({ model }, user) => ({
      ...json({
        ok: true,
        collections: model.collections
          .filter(({ owner }) => owner === user)
          .map(({ id, name, token }) => ({ id, name, shared: token !== undefined })),
      }),
      effect: () => {
        model.note('activity');
      },
    }),
  ],
  ['/api/collections/shared/:token', 'anyone', sharedData],
  [
    '/api/collections/:id/items',
    'user',
    ({ model, params }, user) => {
      const found = model.collections.find(({ id, owner }) => id === params['id'] && owner === user);
      const files = model.listOf(user).filter(({ name }) => found?.names.includes(name));
      return json({ ok: true, items: files.map(fileData) });
    },
  ],
  [
    '/collections/shared/:token',
    'anyone',
    (asked) => {
      const found = shared(asked);
      return found === undefined ? notFound(asked) : page(asked, found.name, 'a shared collection');
    },
  ],
  [
    '/api/bookmarks/all',
    'user',
    ({ model }, user) =>
      json({
        ok: true,
        bookmarks: model.bookmarks.filter(({ owner }) => owner === user).map(({ id }) => id),
      }),
  ],
  ['/share/:token', 'anyone', shareLink],
  ['/shared/styled/:token', 'anyone', shareLink],
  ['/download/:id', 'user', download],
  [
    '/api/disk-backup/download/:name',
    'user',
    (_, user) => ({
      status: 200,
      body: `backup of ${user}`,
      fields: { 'Content-Type': 'application/zip', ...privateFile },
    }),
  ],
  ['/api/public_stats', 'anyone', publicStats],
  ['/api/snippets', 'anyone', library],
  ['/snippets', 'anyone', (asked) => page(asked, 'snippets', library(asked, 0).body)],
  [
    '/api/v1/announcements/active',
    'anyone',
    ({ model }) => json(model.announcement === undefined ? null : { text: model.announcement }),
  ],
  ['/logout', 'anyone', logout],
  ['/auth/token', 'anyone', tokenLogin],
  ['/admin/snippets/approve', 'user', approve],
  ['/healthz', 'anyone', ({ nowMs }) => json({ static_version: '1a2b3c', latency: nowMs % 7 })],
  ['/static/:kind/:name', 'anyone', ({ path }) => asset(`/* ${path} */`, 'text/css')],
  ['/favicon.ico', 'anyone', () => asset('icon', 'image/x-icon')],
];

export const shareDays = 7 * day;
