/**
 * The form of the case tables: exchanges as data, so that the same case can be run against the pure rules and, over
 * sockets, against the whole proxy.
 */

/** A header field as one line: `'Cache-Control: max-age=60'`. `{date}`, `{date-60}`, `{date+60}` stand for HTTP dates
 * that many seconds from the moment the message is sent; `{start}`, `{start-60}` from the start of the case. */
export type FieldLine = string;

export type OriginResponse = {
  /** Default 200. */
  readonly status?: number;
  /** A `Date` of the moment is added unless there is one or `date` is false. */
  readonly fields?: readonly FieldLine[];
  readonly date?: boolean;
  /** Seconds from request to response head. Default 0. */
  readonly delay?: number;
};

/** Who answers: the origin's response, the stored one, the stored one after a 304, a 504 of ours, or a 502. */
export type AnsweredBy = 'origin' | 'store' | 'validated' | 'gateway-timeout' | 'bad-gateway';

export type Step = {
  /** Seconds after the start of the case. Default 0. */
  readonly at?: number;
  readonly method?: string;
  /** Default `/`. */
  readonly target?: string;
  readonly fields?: readonly FieldLine[];
  /** What the origin answers if it is asked; default: the response of the step before. */
  readonly origin?: OriginResponse | 'unreachable';
  readonly by: AnsweredBy;
  /** Number (from 1) of the step whose origin response is delivered, where that is in doubt. */
  readonly of?: number;
  readonly status?: number;
  /** Lines the answer has, and names it has not. */
  readonly has?: readonly FieldLine[];
  readonly lacks?: readonly string[];
  /** Lines and names of the request the origin sees. */
  readonly forwards?: readonly FieldLine[];
  readonly forwardsNot?: readonly string[];
};

export type ExchangeCase = {
  readonly id: string;
  /** The section that decides: `RFC 9111 §4.2.1`. */
  readonly section: string;
  readonly title: string;
  readonly steps: readonly Step[];
};

type Shorthand = {
  readonly status?: number;
  readonly fields: readonly FieldLine[];
  readonly request?: readonly FieldLine[];
  readonly date?: boolean;
  readonly delay?: number;
  /** Seconds between the two requests. Default 1. */
  readonly after?: number;
};

/** Two equal requests; the second is answered from the store. */
export const reused = (id: string, title: string, given: Shorthand): Omit<ExchangeCase, 'section'> =>
  twice(id, title, given, 'store');

/** Two equal requests; the second is answered by the origin. */
export const notReused = (id: string, title: string, given: Shorthand): Omit<ExchangeCase, 'section'> =>
  twice(id, title, given, 'origin');

/** Cases of one section. */
export const inSection = (section: string, cases: readonly Omit<ExchangeCase, 'section'>[]): ExchangeCase[] =>
  cases.map((one) => ({ ...one, section }));

const twice = (
  id: string,
  title: string,
  { status, fields, request = [], date, delay, after = 1 }: Shorthand,
  by: AnsweredBy,
): Omit<ExchangeCase, 'section'> => {
  const origin = {
    ...(status === undefined ? {} : { status }),
    ...(date === undefined ? {} : { date }),
    ...(delay === undefined ? {} : { delay }),
    fields,
  };
  return {
    id,
    title,
    steps: [
      { fields: request, origin, by: 'origin' },
      { at: after + (delay ?? 0), fields: request, by },
    ],
  };
};
