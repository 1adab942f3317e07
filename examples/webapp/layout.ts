/**
 * The frame of every page: head, navigation, one-time messages, and what the page cost the database.
 */
import { html, type Html } from './html.ts';
import { defaultSettings, findSettings, type Settings } from './people.ts';
import { htmlReply, type Reply, type Visit } from './visit.ts';

/** What a page is made of. `settings` are looked up when the page has not done so. */
export type Page = {
  readonly title: string;
  readonly main: Html;
  readonly settings?: Settings;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Renders a page in the frame. Pops the visitor's messages, which changes the session if there were any. */
export const renderPage = async (visit: Visit, page: Page): Promise<Reply> => {
  const { user } = visit.session;
  const stored =
    user === undefined ? defaultSettings : (page.settings ?? (await findSettings(visit.db, user.id)));
  const flashes = visit.session.popFlashes().map((text) => html`<p class="flash" role="status">${text}</p>`);
  const document = html`<!doctype html>
    <html lang="en" data-theme="${stored.theme}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title} · Snippets</title>
        <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/static/style.css" />
        <script src="/static/app.js" defer></script>
      </head>
      <body>
        <header>${navigation(visit)}</header>
        <main>${flashes} ${page.main}</main>
        ${footer(visit)}
      </body>
    </html> `;
  return htmlReply(document, page.status, page.headers);
};

/** The page for what is not there, or not this visitor's. */
export const notFoundPage = (visit: Visit): Promise<Reply> =>
  renderPage(visit, {
    title: 'Not found',
    status: 404,
    main: html`<h1>Not found</h1>
      <p>There is no such page, or it is not yours. <a href="/">Back to the start</a></p>`,
  });

/** An instant as people read it. */
export const timeElement = (at: Date): Html =>
  html`<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace('T', ' ')}</time>`;

/** Bytes as people read them. */
export const sizeText = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
};

const navigation = (visit: Visit): Html => {
  const { user } = visit.session;
  const link = (path: string, label: string) =>
    html`<a href="${path}" ${visit.path === path ? html` aria-current="page"` : ''}>${label}</a>`;
  if (user === undefined)
    return html`<nav>${link('/', 'Snippets')}<span class="gap"></span>${link('/login', 'Log in')}</nav>`;
  return html`<nav>
    ${link('/', 'Home')}${link('/files', 'Files')}${link('/bookmarks', 'Bookmarks')}${link('/new', 'New')}
    <form action="/search" role="search">
      <input type="search" name="q" placeholder="Search" aria-label="Search" />
    </form>
    <span class="gap"></span>
    ${link('/settings', user.firstName)}${user.isPremium ? html`<span class="badge">premium</span>` : ''}
    ${link('/logout', 'Log out')}
  </nav>`;
};

const footer = (visit: Visit): Html => {
  const { count, ms } = visit.db;
  const at = visit.now.toISOString();
  return html`<footer data-queries="${count}">
    Rendered <time datetime="${at}">${at.slice(0, 23).replace('T', ' ')}</time> UTC with ${count}
    ${count === 1 ? 'query' : 'queries'}, ${ms.toFixed(1)} ms in the database ·
    <a href="/__db">all queries</a>
  </footer>`;
};
