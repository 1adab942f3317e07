/**
 * One request and its answer, as the handlers see them.
 *
 * A handler takes a `Visit` and gives a `Reply`; the session and the fields every answer carries are added by
 * `app.ts`, once, for all of them.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Counters, Queries } from './database.ts';
import type { Html } from './html.ts';
import type { Session, User } from './session.ts';

/** One request. */
export type Visit = {
  readonly method: string;
  /** Decoded, without doubled slashes. */
  readonly path: string;
  /** Path and query, as a page may come back to it after the login. */
  readonly target: string;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly session: Session;
  readonly db: Queries;
  readonly counters: () => Counters;
  readonly now: Date;
};

/** A request of someone who is logged in. */
export type MemberVisit = Visit & { readonly user: User };

/** An answer. Field names are lower case. */
export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

/** A route: `member` routes send anonymous visitors to the login. */
export type Route =
  | {
      readonly match: string;
      readonly access: 'anyone';
      readonly handle: (visit: Visit) => Reply | Promise<Reply>;
    }
  | {
      readonly match: string;
      readonly access: 'member';
      readonly handle: (visit: MemberVisit) => Reply | Promise<Reply>;
    };

/** A request that cannot be served for a reason its sender should read. */
export class BadRequest extends Error {}

/** A finished page. */
export const htmlReply = (
  page: Html,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
  body: page.toString(),
});

/** JSON, in one line. */
export const jsonReply = (
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: `${JSON.stringify(value)}\n`,
});

/** Sends the visitor elsewhere on this site; 303 after a form. */
export const redirectReply = (location: string, status: 302 | 303 = 303): Reply => ({
  status,
  headers: { location, 'content-type': 'text/html; charset=utf-8' },
  body: '',
});

/** The 404 of the API. */
export const jsonNotFound = (): Reply => jsonReply({ ok: false, error: 'not found' }, 404);

/** The number in a route's path, e.g. of `/file/:id`. */
export const idOf = (visit: Visit): number => Number(visit.params['id']);

/** A query parameter as text the database can hold, or undefined when absent or blank. */
export const queryText = (visit: Visit, name: string): string | undefined => {
  const text = cleanText(visit.query.get(name) ?? '').trim();
  return text === '' ? undefined : text;
};

/** A whole number of the query within bounds, or `otherwise` when it is none. */
export const queryNumber = (
  visit: Visit,
  name: string,
  { otherwise, most }: { otherwise: number; most: number },
): number => {
  const text = visit.query.get(name) ?? '';
  return /^\d{1,9}$/.test(text) ? Math.min(Math.max(Number(text), 1), most) : otherwise;
};

/** Text without what PostgreSQL cannot store: NUL and halves of surrogate pairs. */
export const cleanText = (text: string): string => text.replaceAll('\0', '').toWellFormed();

/**
 * The fields of the request's body, sent as a form or as a JSON object. Throws `BadRequest` for anything else.
 */
export const bodyFields = (visit: Visit): Readonly<Record<string, unknown>> => {
  const type = (visit.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  const text = visit.body.toString('utf8');
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text));
  if (type !== 'application/json') throw new BadRequest('send a form or JSON');
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRequest('send a JSON object');
  return value as Readonly<Record<string, unknown>>;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('the body is not JSON');
  }
};
