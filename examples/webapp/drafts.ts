/**
 * From what was sent to what may be stored: the fields of a snippet and of the settings, checked.
 *
 * Every function throws `BadRequest`, with a sentence for the sender, when something is wrong.
 */
import { themes, type Settings, type Theme } from './people.ts';
import { isSortKey, type SnippetDraft } from './snippets.ts';
import { BadRequest, cleanText } from './visit.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A snippet from the fields sent; what is absent is taken from `before`, when there is one. */
export const snippetDraft = (fields: Fields, before?: SnippetDraft): SnippetDraft => {
  const draft = {
    name: textField(fields, 'name', { most: 200, otherwise: before?.name }).trim(),
    language: textField(fields, 'language', { most: 30, otherwise: before?.language ?? 'text' }).trim(),
    description: textField(fields, 'description', { most: 500, otherwise: before?.description ?? '' }).trim(),
    content: textField(fields, 'content', { most: 200_000, otherwise: before?.content }),
    tags: tagsField(fields['tags'] ?? before?.tags ?? []),
  };
  if (draft.name === '' || draft.language === '') throw new BadRequest('name and language must not be empty');
  return draft;
};

/** Settings from the fields sent; what is absent stays as it was. */
export const settingsDraft = (fields: Fields, before: Settings): Settings => {
  const theme = textField(fields, 'theme', { most: 20, otherwise: before.theme });
  const sortBy = textField(fields, 'sort_by', { most: 20, otherwise: before.sort_by });
  const perPage = Number(fields['per_page'] ?? before.per_page);
  if (!isTheme(theme)) throw new BadRequest(`theme must be one of ${themes.join(', ')}`);
  if (!isSortKey(sortBy)) throw new BadRequest('sort_by is not an order');
  if (!Number.isInteger(perPage) || perPage < 1 || perPage > 100)
    throw new BadRequest('per_page must be 1 to 100');
  return { theme, sort_by: sortBy, per_page: perPage };
};

/** A text among the fields; `otherwise` when it is absent, an error when that is undefined too. */
export const textField = (
  fields: Fields,
  name: string,
  { most, otherwise }: { most: number; otherwise: string | undefined },
): string => {
  const value = fields[name] ?? otherwise;
  if (typeof value !== 'string') throw new BadRequest(`${name} must be a text`);
  if (value.length > most) throw new BadRequest(`${name} must have at most ${most} characters`);
  // Forms send line ends as CR LF.
  return cleanText(value).replaceAll('\r\n', '\n');
};

/** Tags as a list, or as one text with commas. */
const tagsField = (value: unknown): string[] => {
  const list: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
  const tags = list.map((tag) => {
    if (typeof tag !== 'string') throw new BadRequest('tags must be texts');
    return cleanText(tag).trim();
  });
  const unique = [...new Set(tags.filter((tag) => tag !== ''))].sort();
  if (unique.length > 20 || unique.some((tag) => tag.length > 30 || tag.includes(','))) {
    throw new BadRequest('at most 20 tags of at most 30 characters, without commas');
  }
  return unique;
};

const isTheme = (text: string): text is Theme => (themes as readonly string[]).includes(text);
