/**
 * The pages about files: the list, one file, its Markdown rendered, the forms to write one, the download.
 */
import { filterForm, pager, snippetForm, snippetList, tagLink } from './file-parts.ts';
import { html, type Html } from './html.ts';
import { notFoundPage, renderPage, sizeText, timeElement } from './layout.ts';
import { listFilter } from './list-filter.ts';
import { renderMarkdown } from './markdown.ts';
import { findSettings, type Settings } from './people.ts';
import { sendBytes } from './send-bytes.ts';
import { findSnippet, listSnippets, type Snippet } from './snippets.ts';
import { languageCounts, tagCounts } from './stats.ts';
import { bareNotModified, isCurrentCopy, weakEtag } from './validators.ts';
import { idOf, type MemberVisit, type Reply, type Route } from './visit.ts';

const showFiles = async (visit: MemberVisit): Promise<Reply> => {
  const { db, user } = visit;
  const settings = await findSettings(db, user.id);
  const filter = listFilter(visit, settings);
  const { files, total } = await listSnippets(db, user.id, filter);
  const main = html`<h1>Files <small>${total}</small></h1>
    ${filterForm(filter, await languageCounts(db, user.id), await tagCounts(db, user.id))}
    ${snippetList(files)} ${pager(filter, total, visit.query)}`;
  return renderPage(visit, { title: 'Files', main, settings });
};

const showFile = (visit: MemberVisit): Promise<Reply> =>
  showSnippet(visit, (snippet) => {
    const isMarkdown = snippet.language === 'markdown';
    return html`<h1>${snippet.name}${snippet.is_favorite ? html` <span title="favourite">★</span>` : ''}</h1>
      <p>${snippet.description}</p>
      <p>
        <span class="badge">${snippet.language}</span> ${snippet.tags.map((tag) => tagLink(tag))}
        <small
          >${sizeText(snippet.size)} · created ${timeElement(snippet.created_at)} · edited
          ${timeElement(snippet.updated_at)}</small
        >
      </p>
      <div class="actions">
        ${isMarkdown ? html`<a class="button" href="/md/${snippet.id}">Rendered</a>` : ''}
        <a class="button" href="/edit/${snippet.id}">Edit</a>
        <a class="button" href="/download/${snippet.id}">Download</a>
        ${actionButton(`/favorite/${snippet.id}`, snippet.is_favorite ? 'Not a favourite' : 'Favourite')}
        ${actionButton(`/bookmark/${snippet.id}`, snippet.is_bookmarked ? 'Remove bookmark' : 'Bookmark')}
        ${actionButton(`/delete/${snippet.id}`, 'Delete', `Delete ${snippet.name}?`)}
      </div>
      <pre class="code"><code>${snippet.content}</code></pre>`;
  });

const showMarkdown = (visit: MemberVisit): Promise<Reply> =>
  showSnippet(
    visit,
    (snippet) =>
      html`<p class="actions">
          <a class="button" href="/file/${snippet.id}">Source</a>
          <a class="button" href="/edit/${snippet.id}">Edit</a>
        </p>
        <article class="markdown">${renderMarkdown(snippet.content)}</article>`,
  );

const showEdit = async (visit: MemberVisit): Promise<Reply> => {
  const snippet = await findSnippet(visit.db, visit.user.id, idOf(visit));
  if (snippet === undefined) return notFoundPage(visit);
  const main = html`<h1>Edit ${snippet.name}</h1>
    ${snippetForm(snippet)}`;
  return renderPage(visit, { title: `Edit ${snippet.name}`, main });
};

const showNew = (visit: MemberVisit): Promise<Reply> =>
  renderPage(visit, {
    title: 'New file',
    main: html`<h1>New file</h1>
      ${snippetForm()}`,
  });

/**
 * The file as it is. Sent, as in the app this one is modelled on, with a framework's default for downloads: `public`
 * and a year, on what belongs to one person. Nothing but `Vary: Cookie` keeps a shared cache from giving it away.
 */
const download = async (visit: MemberVisit): Promise<Reply> => {
  const snippet = await findSnippet(visit.db, visit.user.id, idOf(visit));
  if (snippet === undefined) return notFoundPage(visit);
  const yearMs = 365 * 24 * 3600 * 1000;
  return sendBytes(visit, {
    bytes: Buffer.from(snippet.content),
    modified: snippet.updated_at,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(snippet.name).replaceAll("'", '%27')}`,
      'cache-control': 'public, max-age=31536000',
      expires: new Date(visit.now.getTime() + yearMs).toUTCString(),
    },
  });
};

const actionButton = (path: string, label: string, confirmation?: string): Html =>
  html`<form
    method="post"
    action="${path}"
    ${confirmation === undefined ? '' : html` data-confirm="${confirmation}"`}
  >
    <button>${label}</button>
  </form>`;

/** A page about one snippet, with validators; 304 when the visitor has it already. */
const showSnippet = async (visit: MemberVisit, body: (snippet: Snippet) => Html): Promise<Reply> => {
  const { db, user } = visit;
  const snippet = await findSnippet(db, user.id, idOf(visit));
  if (snippet === undefined) return notFoundPage(visit);
  const settings = await findSettings(db, user.id);
  const etag = snippetEtag(snippet, settings);
  // A page with a message on it is another page, whatever the file's validators say.
  const hasMessage = visit.session.data['_flashes'] !== undefined;
  if (!hasMessage && isCurrentCopy(visit, etag, snippet.updated_at)) return bareNotModified();
  const validators = hasMessage ? {} : snippetValidators(snippet, etag);
  const headers = { ...validators, 'x-is-favorite': String(snippet.is_favorite) };
  return renderPage(visit, { title: snippet.name, main: body(snippet), settings, headers });
};

const snippetEtag = (snippet: Snippet, settings: Settings): string => weakEtag(snippet, settings.theme);

const snippetValidators = (snippet: Snippet, etag: string) => ({
  etag,
  'last-modified': snippet.updated_at.toUTCString(),
  'cache-control': 'private, max-age=0, must-revalidate',
});

/** The routes of this file. */
export const filePageRoutes: readonly Route[] = [
  { match: 'GET /files', access: 'member', handle: showFiles },
  { match: 'GET /file/:id', access: 'member', handle: showFile },
  { match: 'GET /md/:id', access: 'member', handle: showMarkdown },
  { match: 'GET /edit/:id', access: 'member', handle: showEdit },
  { match: 'GET /new', access: 'member', handle: showNew },
  { match: 'GET /download/:id', access: 'member', handle: download },
];
