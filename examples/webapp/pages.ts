/**
 * The pages that are not about one file: start, login, search, bookmarks, settings.
 */
import { html, type Html, type HtmlValue } from './html.ts';
import { renderPage, sizeText } from './layout.ts';
import { findSettings, themes } from './people.ts';
import { snippetList } from './file-parts.ts';
import { listBookmarks, searchSnippets, sortKeys } from './snippets.ts';
import { publicStats, userStats } from './stats.ts';
import { htmlReply, jsonReply, queryText, type Reply, type Route, type Visit } from './visit.ts';

/** The start page: the site's statistics, and the visitor's own when logged in. */
const showHome = async (visit: Visit): Promise<Reply> => {
  const site = await publicStats(visit.db);
  const { user } = visit.session;
  const own = user === undefined ? undefined : await userStats(visit.db, user.id);
  const main = html` <h1>${user === undefined ? 'A place for your snippets' : `Hello, ${user.firstName}`}</h1>
    ${
      own === undefined
        ? html`<p><a class="button" href="/login">Log in</a> to see your files.</p>`
        : html`<h2>Yours</h2>
            ${figures([
              ['files', own.total_files],
              ['favourites', own.favorites],
              ['languages', own.unique_languages],
              ['lines', own.total_lines],
              ['size', sizeText(own.total_size)],
            ])}`
    }
    <h2>Everybody's</h2>
    ${figures([
      ['people', site.total_users],
      ['files', site.total_files],
      ['lines', site.total_lines],
      ['size', sizeText(site.total_size)],
    ])}
    <table>
      <thead>
        <tr>
          <th>Language</th>
          <th>Files</th>
          <th>Size</th>
        </tr>
      </thead>
      <tbody>
        ${site.languages.map(
          (each) =>
            html`<tr>
              <td>${each.language}</td>
              <td>${each.files}</td>
              <td>${sizeText(each.size)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p>
      Popular tags: ${site.tags.map((each) => html`<span class="tag">${each.tag} ${each.files}</span> `)}
    </p>`;
  return renderPage(visit, { title: 'Start', main });
};

/** The login form, with what went wrong the last time. */
export const showLogin = (visit: Visit, error?: string): Promise<Reply> =>
  renderPage(visit, {
    title: 'Log in',
    main: html`<h1>Log in</h1>
      ${error === undefined ? '' : html`<p class="error" role="alert">${error}</p>`}
      <form method="post" class="fields">
        <label>User name <input name="username" value="demo" autocomplete="username" required /></label>
        <label
          >Password <input name="password" type="password" autocomplete="current-password" required
        /></label>
        <button>Log in</button>
      </form>
      <p class="hint">
        Demo login: <b>demo</b> / <b>demo</b>. Everybody's password is <b>demo</b>: <b>maya</b> is premium,
        <b>admin</b> is the administrator.
      </p>`,
  });

const searchRoute: Route = {
  match: 'GET /search',
  access: 'member',
  handle: async (visit) => {
    const text = queryText(visit, 'q');
    const found =
      text === undefined ? { results: [], total: 0 } : await searchSnippets(visit.db, visit.user.id, text);
    const main = html`<h1>Search</h1>
      <form class="filters">
        <input type="search" name="q" value="${text}" aria-label="Search for" /><button>Search</button>
      </form>
      ${text === undefined ? '' : html`<p>${found.total} found for “${text}”.</p>`}
      <ul class="files">
        ${found.results.map(
          (each) =>
            html`<li>
              <a href="/file/${each.id}">${each.name}</a> <span class="badge">${each.language}</span>
              <pre class="excerpt">${each.excerpt}</pre>
            </li>`,
        )}
      </ul>`;
    return renderPage(visit, { title: 'Search', main });
  },
};

const bookmarksRoute: Route = {
  match: 'GET /bookmarks',
  access: 'member',
  handle: async (visit) => {
    const bookmarks = await listBookmarks(visit.db, visit.user.id);
    const main = html`<h1>Bookmarks</h1>
      ${snippetList(bookmarks)}`;
    return renderPage(visit, { title: 'Bookmarks', main });
  },
};

const settingsRoute: Route = {
  match: 'GET /settings',
  access: 'member',
  handle: async (visit) => {
    const settings = await findSettings(visit.db, visit.user.id);
    const main = html`<h1>Settings</h1>
      <form method="post" class="fields">
        <label
          >Theme
          <select name="theme">
            ${options(themes, settings.theme)}
          </select></label
        >
        <label
          >Files per page <input name="per_page" type="number" min="1" max="100" value="${settings.per_page}"
        /></label>
        <label
          >Sort by
          <select name="sort_by">
            ${options(sortKeys, settings.sort_by)}
          </select></label
        >
        <button>Save</button>
      </form>`;
    return renderPage(visit, { title: 'Settings', main, settings });
  },
};

/** What the app has asked of its database since it started: JSON, or a table for a browser. */
const showDatabase = (visit: Visit): Reply => {
  const counters = visit.counters();
  if (!(visit.headers.accept ?? '').includes('text/html')) return jsonReply(counters);
  const rows = Object.entries(counters.routes).map(
    ([route, cost]) =>
      html`<tr>
        <td>${route}</td>
        <td>${cost.requests}</td>
        <td>${cost.queries}</td>
        <td>${cost.ms}</td>
      </tr>`,
  );
  return htmlReply(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>Database · Snippets</title>
          <link rel="stylesheet" href="/static/style.css" />
        </head>
        <body>
          <main>
            <h1>Queries since ${counters.since}</h1>
            <p>
              <b>${counters.queries}</b> queries of <b>${counters.requests}</b> requests took
              <b>${counters.ms}</b> ms.
            </p>
            <table>
              <thead>
                <tr>
                  <th>Route</th>
                  <th>Requests</th>
                  <th>Queries</th>
                  <th>ms</th>
                </tr>
              </thead>
              <tbody>
                ${rows}
              </tbody>
            </table>
            <p><a href="/">Back</a></p>
          </main>
        </body>
      </html> `,
  );
};

const figures = (pairs: readonly (readonly [string, HtmlValue])[]): Html =>
  html`<dl class="figures">
    ${pairs.map(
      ([name, value]) =>
        html`<div>
          <dd>${value}</dd>
          <dt>${name}</dt>
        </div>`,
    )}
  </dl>`;

const options = (values: readonly string[], chosen: string): Html[] =>
  values.map((value) => html`<option${value === chosen ? html` selected` : ''}>${value}</option>`);

/** The routes of this file. */
export const pageRoutes: readonly Route[] = [
  { match: 'GET /', access: 'anyone', handle: showHome },
  { match: 'GET /login', access: 'anyone', handle: (visit) => showLogin(visit) },
  { match: 'GET /__db', access: 'anyone', handle: showDatabase },
  { match: 'GET /healthz', access: 'anyone', handle: () => jsonReply({ status: 'ok' }) },
  searchRoute,
  bookmarksRoute,
  settingsRoute,
];
