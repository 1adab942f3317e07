/**
 * The form of all cases: requests of a client, what the origin answers, and what must come of it. Cases run over sockets;
 * those in `rules/` also against the pure rules.
 *
 * A field is one line, `'Cache-Control: max-age=60'`. In lines, targets and bodies stand: `{date}`, `{date-60}`,
 * `{date+60}` for an HTTP date that many seconds from the moment the message is sent; `{start}`, `{start-60}` from the start of
 * the case; `{path}` for the path of the case, which no other case has; `{host}` for the authority of the proxy, `{HOST}` in
 * upper case; `{step}` for the number of the step.
 */

export type FieldLine = string;

/** What the origin answers; its body says the number of the step unless one is given. */
export type OriginAnswer = {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: readonly FieldLine[];
  readonly body?: string;
  /** False: no `Date` is added. */
  readonly date?: boolean;
  /** Seconds between request and answer. */
  readonly delay?: number;
  readonly interim?: readonly { readonly status: number; readonly headers: readonly FieldLine[] }[];
  /** Sent in chunks, without Content-Length. */
  readonly chunked?: boolean;
  readonly trailers?: readonly FieldLine[];
  /** The connection is closed instead of an answer, or in the middle of the body. */
  readonly breaks?: 'before-head' | 'in-body';
  /** An origin of HTTP/1.0 closes the connection at the end. */
  readonly version?: '1.0' | '1.1';
};

/**
 * How the answer came about:
 * - `cached`: from the store, the origin was not asked;
 * - `not_cached`: the origin was asked, and this is its answer;
 * - `validated`: the origin was asked whether the stored response is current; `etag_validated`, `lm_validated`: by
 *   that validator;
 * - `stale`: the origin was asked, and a stored response stands in for its answer;
 * - `completed`: the origin was asked for a part, and the rest is stored;
 * - `error`: the proxy's own answer; the origin was not asked, or gave none.
 */
export type AnswerType =
  'cached' | 'not_cached' | 'validated' | 'etag_validated' | 'lm_validated' | 'stale' | 'completed' | 'error';

export type Expectation = {
  readonly type: AnswerType;
  readonly status?: number;
  /** Lines the answer has (several of one name as they are combined), and names it has not. */
  readonly headers?: readonly FieldLine[];
  readonly missing?: readonly string[];
  readonly body?: string;
  /** Texts the body has somewhere in it. */
  readonly contains?: readonly string[];
  /** Number (from 1) of the step whose answer of the origin is delivered. */
  readonly of?: number;
  /** What the origin got, and did not. */
  readonly asked?: {
    readonly method?: string;
    readonly headers?: readonly FieldLine[];
    readonly missing?: readonly string[];
  };
  /** Statuses of the interim responses the client got, and lines of the first of them. */
  readonly interim?: readonly number[];
  readonly interimHeaders?: readonly FieldLine[];
  readonly trailers?: readonly FieldLine[];
  /** What our member of Cache-Status says: its parameters. */
  readonly cacheStatus?: string;
  /** The connection broke before the end of the answer. */
  readonly broken?: boolean;
};

export type Step = {
  /** Default GET. */
  readonly method?: string;
  /** Behind the path of the case: `'/other'`, `'?a=1'`. A whole target if it does not begin with one of these. */
  readonly target?: string;
  readonly headers?: readonly FieldLine[];
  readonly body?: string;
  readonly version?: '1.0' | '1.1';
  /** Seconds since the step before; or `at`, seconds since the start of the case. */
  readonly pause?: number;
  readonly at?: number;
  /** Default: the answer of the step before. */
  readonly response?: OriginAnswer;
  readonly expect?: Expectation;
  /** Requests beyond the client's own that the origin gets after the answer: renewals in the background. */
  readonly background?: number;
};

export type Case = {
  readonly id: string;
  /** The section that decides: `RFC 9111 §4.2.1`. */
  readonly section: string;
  readonly title: string;
  readonly requests: readonly Step[];
};

type CaseWithoutSection = Omit<Case, 'section'>;

/** Cases of one section. */
export const inSection = (section: string, cases: readonly CaseWithoutSection[]): Case[] =>
  cases.map((one) => ({ ...one, section }));

type Twice = OriginAnswer & {
  /** Of both requests. */
  readonly request?: readonly FieldLine[];
  /** Of the second request, besides. */
  readonly second?: readonly FieldLine[];
  /** Seconds between the two; default 1. */
  readonly pause?: number;
  readonly expect?: Omit<Expectation, 'type'>;
};

/** Two requests; the second is answered from the store. */
export const reused = (id: string, title: string, given: Twice): CaseWithoutSection =>
  twice(id, title, { ...given, type: 'cached' });

/** Two requests; the second is answered by the origin. */
export const notReused = (id: string, title: string, given: Twice): CaseWithoutSection =>
  twice(id, title, { ...given, type: 'not_cached' });

const twice = (
  id: string,
  title: string,
  { request = [], second = [], pause = 1, expect = {}, type, ...response }: Twice & { type: AnswerType },
): CaseWithoutSection => ({
  id,
  title,
  requests: [
    { headers: request, response, expect: { type: 'not_cached' } },
    { headers: [...request, ...second], pause, expect: { type, ...expect } },
  ],
});

/** A body of a hundred bytes. */
export const hundred = 'x'.repeat(100);

/** Stored for an hour, with these lines. */
export const fresh = (...headers: FieldLine[]): OriginAnswer => ({
  headers: ['Cache-Control: max-age=3600', ...headers],
});

/** Stored for two seconds, with these lines. */
export const brief = (...headers: FieldLine[]): OriginAnswer => ({
  headers: ['Cache-Control: max-age=2', ...headers],
});

/** A 304 with these lines. */
export const notModified = (...headers: FieldLine[]): OriginAnswer => ({ status: 304, headers });

/** The first step of most cases: the response is stored. */
export const stored = (response: OriginAnswer, headers: readonly FieldLine[] = []): Step => ({
  headers,
  response,
  expect: { type: 'not_cached' },
});
