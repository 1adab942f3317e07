/**
 * The JSON that is read: files, search, statistics, tags, bookmarks, settings.
 */
import { listFilter } from './list-filter.ts';
import { findSettings } from './people.ts';
import { findSnippet, listBookmarks, listSnippets, searchSnippets } from './snippets.ts';
import { publicStats, tagCounts, userStats } from './stats.ts';
import { bareNotModified, isCurrentCopy, weakEtag } from './validators.ts';
import {
  idOf,
  jsonNotFound,
  jsonReply,
  queryText,
  type MemberVisit,
  type Reply,
  type Route,
  type Visit,
} from './visit.ts';

const listFiles = async (visit: MemberVisit): Promise<Reply> => {
  const { db, user } = visit;
  const filter = listFilter(visit, await findSettings(db, user.id));
  const { files, total } = await listSnippets(db, user.id, filter);
  const pages = Math.ceil(total / filter.perPage);
  return jsonReply({ files, page: filter.page, per_page: filter.perPage, pages, total });
};

const readFile = async (visit: MemberVisit): Promise<Reply> => {
  const file = await findSnippet(visit.db, visit.user.id, idOf(visit));
  if (file === undefined) return jsonNotFound();
  return jsonReply({ file }, 200, {
    'last-modified': file.updated_at.toUTCString(),
    'x-is-favorite': String(file.is_favorite),
  });
};

/** The ETag leaves out the time of the calculation, so the same numbers have the same one. */
const readStats = async (visit: MemberVisit): Promise<Reply> => {
  const stats = await userStats(visit.db, visit.user.id);
  const etag = weakEtag(visit.user.id, stats);
  if (isCurrentCopy(visit, etag)) return bareNotModified();
  return jsonReply({ ...stats, calculated_at: visit.now.toISOString() }, 200, { etag });
};

const readPublicStats = async (visit: Visit): Promise<Reply> =>
  jsonReply({ ok: true, ...(await publicStats(visit.db)), timestamp: visit.now.toISOString() });

const search = async (visit: MemberVisit): Promise<Reply> => {
  const query = queryText(visit, 'q');
  if (query === undefined) return jsonReply({ ok: false, error: 'q is missing' }, 400);
  return jsonReply({ query, ...(await searchSnippets(visit.db, visit.user.id, query)) });
};

const readBookmarks = async (visit: MemberVisit): Promise<Reply> =>
  jsonReply({ bookmarks: await listBookmarks(visit.db, visit.user.id) });

const readTags = async (visit: MemberVisit): Promise<Reply> =>
  jsonReply({ tags: await tagCounts(visit.db, visit.user.id) });

const readSettings = async (visit: MemberVisit): Promise<Reply> =>
  jsonReply({ settings: await findSettings(visit.db, visit.user.id) });

/** The routes of this file. */
export const apiRoutes: readonly Route[] = [
  { match: 'GET /api/files', access: 'member', handle: listFiles },
  { match: 'GET /api/files/:id', access: 'member', handle: readFile },
  { match: 'GET /api/stats', access: 'member', handle: readStats },
  { match: 'GET /api/public_stats', access: 'anyone', handle: readPublicStats },
  { match: 'GET /api/search', access: 'member', handle: search },
  { match: 'GET /api/bookmarks', access: 'member', handle: readBookmarks },
  { match: 'GET /api/tags', access: 'member', handle: readTags },
  { match: 'GET /api/settings', access: 'member', handle: readSettings },
];
