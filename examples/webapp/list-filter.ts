/**
 * Which files a request asks for: page, per_page, sort_by, language, tags.
 */
import type { Settings } from './people.ts';
import { isSortKey, type ListFilter } from './snippets.ts';
import { cleanText, queryNumber, queryText, type Visit } from './visit.ts';

/** Reads the filter from the query; what is absent or unreadable is as the person's settings say. */
export const listFilter = (visit: Visit, settings: Settings): ListFilter => {
  const sortBy = visit.query.get('sort_by') ?? '';
  const tags = visit.query.getAll('tags').flatMap((text) => cleanText(text).split(','));
  return {
    page: queryNumber(visit, 'page', { otherwise: 1, most: 100_000 }),
    perPage: queryNumber(visit, 'per_page', { otherwise: settings.per_page, most: 100 }),
    sortBy: isSortKey(sortBy) ? sortBy : settings.sort_by,
    language: queryText(visit, 'language'),
    tags: tags.map((tag) => tag.trim()).filter((tag) => tag !== ''),
  };
};
