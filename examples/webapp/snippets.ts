/**
 * Questions about one person's snippets: list, read, write, search, bookmark.
 *
 * Promise: every statement names the owner, so nobody reaches another's snippet.
 */
import type { Queries } from './database.ts';

/** A snippet without its content, as lists show it. */
export type SnippetSummary = {
  readonly id: number;
  readonly name: string;
  readonly language: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly is_favorite: boolean;
  /** Bytes of the content. */
  readonly size: number;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** A whole snippet, and whether its owner bookmarked it. */
export type Snippet = SnippetSummary & { readonly content: string; readonly is_bookmarked: boolean };

/** What a person may write into a snippet. */
export type SnippetDraft = {
  readonly name: string;
  readonly language: string;
  readonly description: string;
  readonly content: string;
  readonly tags: readonly string[];
};

/** Which page of a list, in which order, of which snippets. */
export type ListFilter = {
  readonly page: number;
  readonly perPage: number;
  readonly sortBy: SortKey;
  readonly language: string | undefined;
  /** All of these must be on the snippet. */
  readonly tags: readonly string[];
};

/** One result of a search: the snippet and a piece of the text around the match. */
export type SearchResult = SnippetSummary & { readonly excerpt: string };

const orders = {
  created_at: 'created_at desc, id desc',
  updated_at: 'updated_at desc, id desc',
  name: 'lower(name), id',
  size: 'size desc, id desc',
  language: 'language, lower(name), id',
} as const;

/** The orders a list may be asked for. */
export type SortKey = keyof typeof orders;
export const sortKeys = Object.keys(orders) as readonly SortKey[];

/** Tells whether `text` names an order. */
export const isSortKey = (text: string): text is SortKey => Object.hasOwn(orders, text);

const summaryColumns = 'id, name, language, description, tags, is_favorite, size, created_at, updated_at';
const asSummary = (row: object): SnippetSummary => row as SnippetSummary;
const asSnippet = (row: object): Snippet => row as Snippet;
const asResult = (row: object): SearchResult => row as SearchResult;
const asId = (row: object): number => (row as { id: number }).id;
const asTotal = (row: object): number => (row as { total: number }).total;

/** One page of a person's snippets, and how many there are on all pages. */
export const listSnippets = async (
  db: Queries,
  userId: number,
  filter: ListFilter,
): Promise<{ files: SnippetSummary[]; total: number }> => {
  const where =
    'user_id = $1 and ($2::text is null or language = $2) and (cardinality($3::text[]) = 0 or tags @> $3)';
  const parameters = [userId, filter.language ?? null, filter.tags];
  const total = await db.first(
    `select count(*)::int as total from snippets where ${where}`,
    parameters,
    asTotal,
  );
  const files = await db.all(
    `select ${summaryColumns} from snippets where ${where} order by ${orders[filter.sortBy]} limit $4 offset $5`,
    [...parameters, filter.perPage, (filter.page - 1) * filter.perPage],
    asSummary,
  );
  return { files, total: total ?? 0 };
};

/** A person's snippet, or undefined when it does not exist or is someone else's. */
export const findSnippet = (db: Queries, userId: number, id: number): Promise<Snippet | undefined> =>
  db.first(
    `select ${summaryColumns}, content,
       exists (select 1 from bookmarks b where b.user_id = s.user_id and b.snippet_id = s.id) as is_bookmarked
     from snippets s where user_id = $1 and id = $2`,
    [userId, id],
    asSnippet,
  );

/** Stores a new snippet and gives its id. */
export const createSnippet = async (
  db: Queries,
  userId: number,
  { draft, now }: { draft: SnippetDraft; now: Date },
): Promise<number> => {
  const id = await db.first(
    `insert into snippets (user_id, name, language, description, content, tags, size, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8) returning id`,
    [...draftParameters(userId, draft), now],
    asId,
  );
  if (id === undefined) throw new Error('the database gave the new snippet no id');
  return id;
};

/** Replaces what is in a snippet; false when the person has no such snippet. */
export const updateSnippet = async (
  db: Queries,
  userId: number,
  { id, draft, now }: { id: number; draft: SnippetDraft; now: Date },
): Promise<boolean> => {
  const changed = await db.run(
    `update snippets set name = $2, language = $3, description = $4, content = $5, tags = $6, size = $7, updated_at = $8
     where user_id = $1 and id = $9`,
    [...draftParameters(userId, draft), now, id],
  );
  return changed > 0;
};

/** Removes a snippet; false when the person has no such snippet. */
export const deleteSnippet = async (db: Queries, userId: number, id: number): Promise<boolean> =>
  (await db.run('delete from snippets where user_id = $1 and id = $2', [userId, id])) > 0;

/** Turns the favourite mark on or off and gives the new state; undefined when there is no such snippet. */
export const toggleFavorite = (db: Queries, userId: number, id: number): Promise<boolean | undefined> =>
  db.first(
    'update snippets set is_favorite = not is_favorite where user_id = $1 and id = $2 returning is_favorite',
    [userId, id],
    (row) => (row as { is_favorite: boolean }).is_favorite,
  );

/** Sets or removes a bookmark and gives the new state; undefined when there is no such snippet. */
export const toggleBookmark = async (
  db: Queries,
  userId: number,
  { id, now }: { id: number; now: Date },
): Promise<boolean | undefined> => {
  const removed = await db.run('delete from bookmarks where user_id = $1 and snippet_id = $2', [userId, id]);
  if (removed > 0) return false;
  const added = await db.run(
    `insert into bookmarks (user_id, snippet_id, created_at)
     select user_id, id, $3 from snippets where user_id = $1 and id = $2`,
    [userId, id, now],
  );
  return added > 0 ? true : undefined;
};

/** A person's bookmarked snippets, the latest bookmark first. */
export const listBookmarks = (db: Queries, userId: number): Promise<SnippetSummary[]> =>
  db.all(
    `select s.id, s.name, s.language, s.description, s.tags, s.is_favorite, s.size, s.created_at, s.updated_at
     from bookmarks b join snippets s on s.id = b.snippet_id and s.user_id = b.user_id
     where b.user_id = $1 order by b.created_at desc, s.id desc`,
    [userId],
    asSummary,
  );

/** Snippets whose name, description or content has `text` in it (at most 50), those with it in the name first. */
export const searchSnippets = async (
  db: Queries,
  userId: number,
  text: string,
): Promise<{ results: SearchResult[]; total: number }> => {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  const where = 'user_id = $1 and (name ilike $2 or description ilike $2 or content ilike $2)';
  const total = await db.first(
    `select count(*)::int as total from snippets where ${where}`,
    [userId, pattern],
    asTotal,
  );
  const results = await db.all(
    `select ${summaryColumns},
       substr(content, greatest(1, strpos(lower(content), lower($3)) - 40), 160) as excerpt
     from snippets where ${where}
     order by (name ilike $2) desc, updated_at desc, id desc limit 50`,
    [userId, pattern, text],
    asResult,
  );
  return { results, total: total ?? 0 };
};

const draftParameters = (userId: number, draft: SnippetDraft) => [
  userId,
  draft.name,
  draft.language,
  draft.description,
  draft.content,
  draft.tags,
  Buffer.byteLength(draft.content),
];
