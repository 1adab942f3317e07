/**
 * Everything that changes something, as JSON for programs and as form posts for people.
 *
 * A form post answers 303 to the page that shows the change, with a message kept in the session for it.
 */
import { settingsDraft, snippetDraft } from './drafts.ts';
import { notFoundPage } from './layout.ts';
import { findSettings, saveSettings } from './people.ts';
import {
  createSnippet,
  deleteSnippet,
  findSnippet,
  toggleBookmark,
  toggleFavorite,
  updateSnippet,
  type SnippetDraft,
} from './snippets.ts';
import {
  bodyFields,
  idOf,
  jsonNotFound,
  jsonReply,
  redirectReply,
  type MemberVisit,
  type Reply,
  type Route,
} from './visit.ts';

const createFile = async (visit: MemberVisit): Promise<Reply> => {
  const id = await create(visit);
  const file = await findSnippet(visit.db, visit.user.id, id);
  return jsonReply({ ok: true, file }, 201, { location: `/api/files/${id}` });
};

/** PUT replaces the whole file, PATCH only what is sent. */
const changeFile = async (visit: MemberVisit): Promise<Reply> => {
  const { db, user } = visit;
  const before = await findSnippet(db, user.id, idOf(visit));
  if (before === undefined) return jsonNotFound();
  const draft = snippetDraft(bodyFields(visit), visit.method === 'PATCH' ? before : undefined);
  if (!(await update(visit, draft))) return jsonNotFound();
  return jsonReply({ ok: true, file: await findSnippet(db, user.id, idOf(visit)) });
};

const deleteFile = async (visit: MemberVisit): Promise<Reply> =>
  (await deleteSnippet(visit.db, visit.user.id, idOf(visit))) ? jsonReply({ ok: true }) : jsonNotFound();

const toggleFileFavorite = async (visit: MemberVisit): Promise<Reply> => {
  const isFavorite = await toggleFavorite(visit.db, visit.user.id, idOf(visit));
  return isFavorite === undefined ? jsonNotFound() : jsonReply({ ok: true, is_favorite: isFavorite });
};

const toggleFileBookmark = async (visit: MemberVisit): Promise<Reply> => {
  const isBookmarked = await toggleBookmark(visit.db, visit.user.id, { id: idOf(visit), now: visit.now });
  return isBookmarked === undefined ? jsonNotFound() : jsonReply({ ok: true, bookmarked: isBookmarked });
};

const changeSettings = async (visit: MemberVisit): Promise<Reply> => {
  const settings = settingsDraft(bodyFields(visit), await findSettings(visit.db, visit.user.id));
  return (await saveSettings(visit.db, visit.user.id, settings))
    ? jsonReply({ ok: true, settings })
    : jsonNotFound();
};

const postNew = async (visit: MemberVisit): Promise<Reply> => {
  const id = await create(visit);
  return done(visit, 'Saved.', `/file/${id}`);
};

const postEdit = async (visit: MemberVisit): Promise<Reply> => {
  const before = await findSnippet(visit.db, visit.user.id, idOf(visit));
  if (before === undefined) return notFoundPage(visit);
  const isUpdated = await update(visit, snippetDraft(bodyFields(visit), before));
  return isUpdated ? done(visit, 'Saved.', `/file/${before.id}`) : notFoundPage(visit);
};

const postDelete = async (visit: MemberVisit): Promise<Reply> => {
  const isDeleted = await deleteSnippet(visit.db, visit.user.id, idOf(visit));
  return isDeleted ? done(visit, 'Deleted.', '/files') : notFoundPage(visit);
};

const postFavorite = async (visit: MemberVisit): Promise<Reply> => {
  const isFavorite = await toggleFavorite(visit.db, visit.user.id, idOf(visit));
  if (isFavorite === undefined) return notFoundPage(visit);
  return done(visit, isFavorite ? 'A favourite now.' : 'No favourite any more.', `/file/${idOf(visit)}`);
};

const postBookmark = async (visit: MemberVisit): Promise<Reply> => {
  const isBookmarked = await toggleBookmark(visit.db, visit.user.id, { id: idOf(visit), now: visit.now });
  if (isBookmarked === undefined) return notFoundPage(visit);
  return done(visit, isBookmarked ? 'Bookmarked.' : 'Bookmark removed.', `/file/${idOf(visit)}`);
};

const postSettings = async (visit: MemberVisit): Promise<Reply> => {
  const settings = settingsDraft(bodyFields(visit), await findSettings(visit.db, visit.user.id));
  const isSaved = await saveSettings(visit.db, visit.user.id, settings);
  return isSaved ? done(visit, 'Saved.', '/settings') : notFoundPage(visit);
};

const create = (visit: MemberVisit): Promise<number> =>
  createSnippet(visit.db, visit.user.id, { draft: snippetDraft(bodyFields(visit)), now: visit.now });

const update = (visit: MemberVisit, draft: SnippetDraft): Promise<boolean> =>
  updateSnippet(visit.db, visit.user.id, { id: idOf(visit), draft, now: visit.now });

const done = (visit: MemberVisit, message: string, location: string): Reply => {
  visit.session.flash(message);
  return redirectReply(location);
};

/** The routes of this file. */
export const writeRoutes: readonly Route[] = [
  { match: 'POST /api/files', access: 'member', handle: createFile },
  { match: 'PUT /api/files/:id', access: 'member', handle: changeFile },
  { match: 'PATCH /api/files/:id', access: 'member', handle: changeFile },
  { match: 'DELETE /api/files/:id', access: 'member', handle: deleteFile },
  { match: 'POST /api/favorite/toggle/:id', access: 'member', handle: toggleFileFavorite },
  { match: 'POST /api/bookmarks/toggle/:id', access: 'member', handle: toggleFileBookmark },
  { match: 'POST /api/settings', access: 'member', handle: changeSettings },
  { match: 'PUT /api/settings', access: 'member', handle: changeSettings },
  { match: 'POST /new', access: 'member', handle: postNew },
  { match: 'POST /edit/:id', access: 'member', handle: postEdit },
  { match: 'POST /delete/:id', access: 'member', handle: postDelete },
  { match: 'POST /favorite/:id', access: 'member', handle: postFavorite },
  { match: 'POST /bookmark/:id', access: 'member', handle: postBookmark },
  { match: 'POST /settings', access: 'member', handle: postSettings },
];
