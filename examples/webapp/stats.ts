/**
 * Questions that read many rows: the statistics of one person, of everybody, and the facets of a list.
 */
import type { Queries } from './database.ts';

type LanguageCount = { readonly language: string; readonly files: number; readonly size: number };
type TagCount = { readonly tag: string; readonly files: number };
type MonthCount = { readonly month: string; readonly files: number };

/** The totals of one person's snippets; sizes in bytes. */
export type UserStats = {
  readonly total_files: number;
  readonly total_size: number;
  readonly total_lines: number;
  readonly unique_languages: number;
  readonly favorites: number;
  readonly last_upload: Date | null;
  readonly languages: readonly LanguageCount[];
  readonly activity: readonly MonthCount[];
};

/** The totals of the whole site. */
export type PublicStats = {
  readonly total_users: number;
  readonly total_files: number;
  readonly total_size: number;
  readonly total_lines: number;
  readonly languages: readonly LanguageCount[];
  readonly tags: readonly TagCount[];
};

const asLanguage = (row: object): LanguageCount => row as LanguageCount;
const asTag = (row: object): TagCount => row as TagCount;
const asMonth = (row: object): MonthCount => row as MonthCount;

/** Aggregates a person's snippets: totals, languages, and what was added in each of the last twelve months. */
export const userStats = async (db: Queries, userId: number): Promise<UserStats> => {
  const totals = await db.first(
    `select count(*)::int as total_files, coalesce(sum(size), 0)::int as total_size,
       coalesce(sum(length(content) - length(replace(content, chr(10), '')) + 1), 0)::int as total_lines,
       count(distinct language)::int as unique_languages, (count(*) filter (where is_favorite))::int as favorites,
       max(created_at) as last_upload
     from snippets where user_id = $1`,
    [userId],
    (row) => row as Omit<UserStats, 'languages' | 'activity'>,
  );
  if (totals === undefined) throw new Error('an aggregate without a row');
  const activity = await db.all(
    `select to_char(date_trunc('month', created_at at time zone 'UTC'), 'YYYY-MM') as month, count(*)::int as files
     from snippets where user_id = $1 group by 1 order by 1 desc limit 12`,
    [userId],
    asMonth,
  );
  return { ...totals, languages: await languageCounts(db, userId), activity };
};

/** How many snippets a person has in each language, the most used first. */
export const languageCounts = (db: Queries, userId: number): Promise<LanguageCount[]> =>
  db.all(
    `select language, count(*)::int as files, sum(size)::int as size from snippets
     where user_id = $1 group by language order by files desc, language`,
    [userId],
    asLanguage,
  );

/** How many snippets a person has under each tag, the most used first. */
export const tagCounts = (db: Queries, userId: number): Promise<TagCount[]> =>
  db.all(
    `select tag, count(*)::int as files from snippets, unnest(tags) as tag
     where user_id = $1 group by tag order by files desc, tag`,
    [userId],
    asTag,
  );

/** Aggregates everybody's snippets. Reads every row and its content, which is what makes it worth keeping. */
export const publicStats = async (db: Queries): Promise<PublicStats> => {
  const totals = await db.first(
    `select (select count(*)::int from users) as total_users, count(*)::int as total_files,
       coalesce(sum(size), 0)::int as total_size,
       coalesce(sum(length(content) - length(replace(content, chr(10), '')) + 1), 0)::int as total_lines
     from snippets`,
    [],
    (row) => row as Omit<PublicStats, 'languages' | 'tags'>,
  );
  if (totals === undefined) throw new Error('an aggregate without a row');
  const languages = await db.all(
    `select language, count(*)::int as files, sum(size)::int as size from snippets
     group by language order by files desc, language`,
    [],
    asLanguage,
  );
  const tags = await db.all(
    `select tag, count(*)::int as files from snippets, unnest(tags) as tag
     group by tag order by files desc, tag limit 12`,
    [],
    asTag,
  );
  return { ...totals, languages, tags };
};
