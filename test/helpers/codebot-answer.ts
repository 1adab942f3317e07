/** The form of CodeBot's answers: the layout of its pages, and the fields of every response. */

import { createHash } from 'node:crypto';
import type { CodebotModel } from './codebot-model.ts';
import type { SessionData, Visit } from './codebot-session.ts';

/** One request to the stand-in. */
export type Asked = Visit & {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  readonly form: URLSearchParams;
  readonly json: Readonly<Record<string, unknown>>;
  readonly accept: string;
  readonly ifNoneMatch: string | undefined;
  readonly nowMs: number;
  readonly model: CodebotModel;
};

export type Answer = {
  readonly status: number;
  readonly body: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The session from now on; absent: as it came. */
  readonly session?: SessionData;
  readonly setCookies?: readonly string[];
  /** What a GET does besides answering. */
  readonly effect?: () => void;
};

export const staticVersion = '1a2b3c';
const html = 'text/html; charset=utf-8';

/** A whole page: its reader's name, theme and font, the menu of administrators, the version of the assets. */
export function page(asked: Asked, title: string, content: string, bytes = 6000): Answer {
  const { user, session, isAdmin, isImpersonating, query, model, nowMs } = asked;
  const seesAdmin = isAdmin && (!isImpersonating || query.get('force_admin') === '1');
  const version =
    query.get('no_cache') === '1' ? `${staticVersion}.${Math.floor(nowMs / 1000)}` : staticVersion;
  const data = session['user_data'] as { first_name?: string } | undefined;
  const pref = user === undefined ? undefined : model.prefOf(user);
  const { theme, font } = looksOf(asked, pref);
  const body = [
    `<html data-theme="${theme}" data-font="${font}"><title>${title}</title>`,
    `<link href="/static/css/main.css?v=${version}">`,
    `<header>${data?.first_name ?? 'guest'} ${user ?? ''} ${seesAdmin ? '<a href="/admin">admin</a>' : ''}</header>`,
    `<main>${content}</main>`,
  ].join('\n');
  return { status: 200, body: body.padEnd(bytes, '.'), fields: { 'Content-Type': html } };
}

/** With scope `device` the theme cookie wins for whoever is logged in; the font cookie yields to the database. */
function looksOf(
  { cookies }: Asked,
  pref: { theme: string; fontScale: string | undefined } | undefined,
): { theme: string; font: string } {
  const ofDevice = cookies.get('ui_theme') ?? 'classic';
  const isOfDevice = pref === undefined || cookies.get('ui_theme_scope') === 'device';
  return {
    theme: isOfDevice ? ofDevice : pref.theme,
    font: pref?.fontScale ?? cookies.get('ui_font_scale') ?? '1',
  };
}

/** Under which theme a page is drawn, for what is coloured by it. */
export const themeOf = (asked: Asked): string =>
  looksOf(asked, asked.user === undefined ? undefined : asked.model.prefOf(asked.user)).theme;

export const json = (value: unknown, status = 200): Answer => ({
  status,
  body: JSON.stringify(value),
  fields: { 'Content-Type': 'application/json' },
});

export const redirect = (location: string, more: Partial<Answer> = {}): Answer => ({
  status: 302,
  body: `<a href="${location}">${location}</a>`,
  fields: { 'Content-Type': html, Location: location },
  ...more,
});

/** Not found is a page with the reader's name, too. */
export const notFound = (asked: Asked): Answer => ({ ...page(asked, 'not found', ''), status: 404 });

export const etagOf = (...parts: readonly unknown[]): string =>
  `W/"${createHash('sha1').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}"`;

/** Validators are compared as exact text; lists, `*` and the strong form are not understood. */
export function withValidator(
  asked: Asked,
  answer: Answer,
  validator: { etag: string; lastModified?: string },
): Answer {
  const { etag, lastModified } = validator;
  const fields: Record<string, string> = {
    ...answer.fields,
    'Content-Type': 'text/html; charset=utf-8; charset=utf-8',
    'Cache-Control': 'private, max-age=0, must-revalidate',
    ETag: etag,
  };
  if (asked.ifNoneMatch === etag) {
    // A 304 drops Last-Modified.
    const { 'Cache-Control': control = '' } = fields;
    return { ...answer, status: 304, body: '', fields: { 'Cache-Control': control, ETag: etag } };
  }
  return {
    ...answer,
    fields: lastModified === undefined ? fields : { ...fields, 'Last-Modified': lastModified },
  };
}

/** What the app adds to every answer: no-store for pages that say nothing, `Vary: Cookie`. */
export function finished({ fields, status, ...rest }: Answer): Answer {
  const isPage = (fields['Content-Type'] ?? (status === 304 ? html : '')).startsWith('text/html');
  const own = fields['Cache-Control'] !== undefined || fields['ETag'] !== undefined;
  const never =
    isPage && !own
      ? { 'Cache-Control': 'no-cache, no-store, must-revalidate', Pragma: 'no-cache', Expires: '0' }
      : {};
  return { ...rest, status, fields: { ...fields, ...never, Vary: 'Cookie' } };
}
