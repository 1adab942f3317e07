/**
 * Pieces of markup that several pages about files share: the list, the filters, the edit form.
 */
import { html, type Html } from './html.ts';
import { sizeText, timeElement } from './layout.ts';
import { sortKeys, type ListFilter, type Snippet, type SnippetSummary } from './snippets.ts';

/** A list of snippets, one line each. */
export const snippetList = (snippets: readonly SnippetSummary[]): Html =>
  snippets.length === 0
    ? html`<p>Nothing here.</p>`
    : html`<ul class="files">
        ${snippets.map(
          (each) =>
            html`<li>
              <a href="/file/${each.id}">${each.name}</a
              >${each.is_favorite ? html` <span title="favourite">★</span>` : ''}
              <span class="badge">${each.language}</span> ${each.tags.map((tag) => tagLink(tag))}
              <small
                >${each.description} · ${sizeText(each.size)} · edited ${timeElement(each.updated_at)}</small
              >
            </li>`,
        )}
      </ul>`;

/** A tag that leads to the files with it. */
export const tagLink = (tag: string): Html =>
  html`<a class="tag" href="/files?tags=${encodeURIComponent(tag)}">${tag}</a> `;

/** The form above the list, with what is chosen now. */
export const filterForm = (
  filter: ListFilter,
  languages: readonly { readonly language: string; readonly files: number }[],
  tags: readonly { readonly tag: string; readonly files: number }[],
): Html => {
  const option = (value: string, label: string, chosen: boolean) =>
    html`<option value="${value}" ${chosen ? html` selected` : ''}>${label}</option>`;
  return html`<form class="filters" data-submit-on-change>
    <label
      >Language
      <select name="language">
        ${option('', 'all', filter.language === undefined)}
        ${languages.map((each) => option(each.language, `${each.language} (${each.files})`, each.language === filter.language))}
      </select></label
    >
    <label
      >Tag
      <select name="tags">
        ${option('', 'all', filter.tags.length === 0)}
        ${tags.map((each) => option(each.tag, `${each.tag} (${each.files})`, filter.tags.includes(each.tag)))}
      </select></label
    >
    <label
      >Sort by
      <select name="sort_by">
        ${sortKeys.map((key) => option(key, key.replace('_', ' '), key === filter.sortBy))}
      </select></label
    >
    <button>Show</button>
  </form>`;
};

/** Links to the pages before and after this one. `query` is the query the list was asked with. */
export const pager = (filter: ListFilter, total: number, query: URLSearchParams): Html => {
  const pages = Math.max(1, Math.ceil(total / filter.perPage));
  const link = (page: number, label: string) => {
    const target = new URLSearchParams(query);
    target.set('page', String(page));
    return page < 1 || page > pages
      ? html`<span></span>`
      : html`<a href="/files?${target.toString()}">${label}</a>`;
  };
  return html`<nav class="pager" aria-label="Pages">
    ${link(filter.page - 1, '← Previous')}<span>Page ${filter.page} of ${pages}</span
    >${link(filter.page + 1, 'Next →')}
  </nav>`;
};

/** The form in which a snippet is written; empty for a new one. */
export const snippetForm = (snippet?: Snippet): Html => {
  // HTML drops one line end after <textarea>; without one to drop, the text's own first would go.
  const content = `\n${snippet?.content ?? ''}`;
  return html`<form method="post" class="fields">
    <label>Name <input name="name" value="${snippet?.name}" maxlength="200" required /></label>
    <label
      >Language <input name="language" value="${snippet?.language ?? 'markdown'}" maxlength="30" required
    /></label>
    <label>Description <input name="description" value="${snippet?.description}" maxlength="500" /></label>
    <label>Tags <input name="tags" value="${snippet?.tags.join(', ')}" placeholder="one, two" /></label>
    <label
      >Content <textarea name="content" rows="20" spellcheck="false" required>${content}</textarea>
    </label>
    <button>Save</button>
  </form>`;
};
