/** The POSTs of CodeBot's stand-in, including those that only read. */

import { json, notFound, page, redirect } from './codebot-answer.ts';
import type { Handler, Row } from './codebot-reads.ts';
import { shareDays } from './codebot-reads.ts';

const edit: Handler = (asked, user) => {
  const { model, params, form, session, nowMs } = asked;
  const file = model.fileOf(user, params['id'] ?? '');
  if (file === undefined) return notFound(asked);
  const text = form.get('code') ?? '';
  // A form that fails is shown again, with 200.
  if (text === '') return page(asked, 'edit', 'there is no code');
  const saved = model.save(user, file.name, { text, nowMs });
  const flags = { _skip_view_activity_once: true, edit_should_clear_draft_for_file_id: saved.id };
  return redirect(file.name.endsWith('.md') ? `/md/${saved.id}` : `/file/${saved.id}`, {
    session: { ...session, ...flags },
  });
};

const upload: Handler = ({ model, form, session, nowMs }, user) => {
  const saved = model.save(user, form.get('name') ?? 'new.py', { text: form.get('code') ?? '', nowMs });
  return redirect(`/file/${saved.id}`, { session: { ...session, upload_should_clear_draft: true } });
};

const favorite: Handler = ({ model, params }, user) => {
  const file = model.fileOf(user, params['id'] ?? '');
  if (file === undefined) return json({ ok: false }, 404);
  const isFavorite = !file.favorite;
  for (const version of model.versionsOf(file)) version.favorite = isFavorite;
  return json({ ok: true, is_favorite: isFavorite });
};

const trash: Handler = ({ model, params }, user) => {
  const file = model.fileOf(user, params['id'] ?? '');
  if (file === undefined) return json({ ok: false }, 404);
  for (const version of model.versionsOf(file)) version.trashed = true;
  return json({ success: true });
};

const preferences: Handler = ({ model, json: given }, user) => {
  const before = model.prefOf(user);
  const { theme = before.theme, font_scale: font = before.fontScale } = given as {
    theme?: string;
    font_scale?: string;
  };
  model.prefs.set(user, { theme, fontScale: font });
  return json({ ok: true });
};

const impersonate =
  (isActive: boolean): Handler =>
  ({ session, isAdmin }) => {
    if (!isAdmin) return json({ ok: false }, 403);
    const { admin_impersonation_active: _, ...rest } = session;
    return {
      ...json({ ok: true }),
      session: isActive ? { ...rest, admin_impersonation_active: true } : rest,
    };
  };

const share: Handler = ({ model, params, nowMs }, user) => {
  const file = model.fileOf(user, params['id'] ?? '');
  if (file === undefined) return json({ ok: false }, 404);
  const token = `s${model.nextId()}`;
  model.shares.push({ token, name: file.name, text: file.text, expiresMs: nowMs + shareDays, views: 0 });
  return json({ ok: true, token });
};

const createCollection: Handler = ({ model, json: given }, user) => {
  const id = `c${model.nextId()}`;
  model.collections.push({
    id,
    owner: user,
    name: typeof given['name'] === 'string' ? given['name'] : 'new',
    names: [],
    token: undefined,
  });
  return json({ ok: true, id }, 201);
};

const ofCollection =
  (
    change: (
      found: { names: string[]; token: string | undefined },
      given: Readonly<Record<string, unknown>>,
      id: string,
    ) => void,
  ): Handler =>
  ({ model, params, json: given }, user) => {
    const found = model.collections.find(({ id, owner }) => id === params['id'] && owner === user);
    if (found === undefined) return json({ ok: false }, 404);
    change(found, given, model.nextId());
    return json({ ok: true, token: found.token });
  };

export const writes: readonly Row[] = [
  ['/edit/:id', 'user', edit],
  ['/upload', 'user', upload],
  ['/api/favorite/toggle/:id', 'user', favorite],
  ['/api/file/:id/trash', 'user', trash],
  ['/api/ui_prefs', 'user', preferences],
  ['/admin/impersonate/start', 'user', impersonate(true)],
  ['/admin/impersonate/stop', 'user', impersonate(false)],
  ['/api/share/:id', 'user', share],
  ['/api/collections', 'user', createCollection],
  [
    '/api/collections/:id/items',
    'user',
    ofCollection((found, given) => void found.names.push(String(given['name']))),
  ],
  [
    '/api/collections/:id/share',
    'user',
    ofCollection((found, given, id) => {
      found.token = given['enabled'] === true ? `t${id}` : undefined;
    }),
  ],
  [
    '/api/bookmarks/:id/toggle',
    'user',
    ({ model, params }, user) => {
      model.bookmarks.push({ owner: user, id: params['id'] ?? '' });
      return json({ ok: true });
    },
  ],
  [
    '/api/snippets/submit',
    'user',
    ({ model, json: given }) => {
      const id = model.nextId();
      model.snippets.push({ id, title: String(given['title']), approved: false });
      return json({ ok: true, id });
    },
  ],
  [
    '/api/search/global',
    'user',
    ({ model, json: given }, user) =>
      json({
        ok: true,
        results: model.listOf(user).filter(({ text }) => text.includes(String(given['q']))).length,
      }),
  ],
  ['/api/preview/live', 'user', ({ json: given }) => json({ ok: true, html: given['code'] })],
];
