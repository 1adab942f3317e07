/** RFC 9111 §4, §5.2.1, RFC 5861, RFC 8246: when a stored response answers a request. */
import { type AnswerType, type Case, inSection, type Step } from '../cases/form.ts';

type Later = {
  readonly cc?: string;
  readonly headers?: readonly string[];
  readonly at?: number;
  readonly type: AnswerType;
  readonly status?: number;
};

/** A response with these directives (and an `ETag`), asked for again later with those. */
const later = (
  id: string,
  title: string,
  response: string,
  { cc, headers = [], at = 10, ...expect }: Later,
) => ({
  id,
  title,
  requests: [
    { response: { headers: [`Cache-Control: ${response}`] }, expect: { type: 'not_cached' as const } },
    { at, headers: cc === undefined ? headers : [`Cache-Control: ${cc}`, ...headers], expect },
  ],
});

const failing = (id: string, title: string, response: string, second: Step) => ({
  id,
  title,
  requests: [
    {
      response: { headers: [`Cache-Control: ${response}`, 'ETag: "a"'] },
      expect: { type: 'not_cached' as const },
    },
    { at: 10, response: { breaks: 'before-head' as const }, ...second },
    { at: 11, response: { headers: ['X-Back: 1'] }, expect: { type: 'not_cached' as const, of: 3 } },
  ],
});

export const reuseCases: readonly Case[] = [
  ...inSection('RFC 9111 §5.2.1.1', [
    later('req-max-age', 'max-age: a younger response will do', 'max-age=60', {
      cc: 'max-age=10',
      type: 'cached',
    }),
    later('req-max-age-older', 'max-age: an older one will not', 'max-age=60', {
      cc: 'max-age=9',
      type: 'not_cached',
    }),
    later('req-max-age-0', 'max-age=0 asks for validation', 'max-age=60', {
      cc: 'max-age=0',
      type: 'not_cached',
    }),
    later('req-max-age-bad', 'an unreadable max-age is 0', 'max-age=60', {
      cc: 'max-age=x',
      type: 'not_cached',
    }),
    later('req-max-age-max-stale', 'max-stale beside max-age widens it', 'max-age=60', {
      cc: 'max-age=5, max-stale=5',
      type: 'cached',
    }),
    later('req-max-age-max-stale-over', 'by as much as it says', 'max-age=60', {
      cc: 'max-age=5, max-stale=4',
      type: 'not_cached',
    }),
    later('req-max-age-two', 'of two the smaller counts', 'max-age=60', {
      cc: 'max-age=60, max-age=1',
      type: 'not_cached',
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.2', [
    later('req-max-stale', 'max-stale takes any stale response', 'max-age=1', {
      cc: 'max-stale',
      type: 'cached',
    }),
    later('req-max-stale-value', 'max-stale=N takes one stale for N seconds', 'max-age=1', {
      cc: 'max-stale=9',
      type: 'cached',
    }),
    later('req-max-stale-over', 'and none staler', 'max-age=1', { cc: 'max-stale=8', type: 'not_cached' }),
    later('req-max-stale-bad', 'an unreadable max-stale allows nothing', 'max-age=1', {
      cc: 'max-stale=x',
      type: 'not_cached',
    }),
    later('req-max-stale-must-revalidate', 'not past must-revalidate', 'max-age=1, must-revalidate', {
      cc: 'max-stale',
      type: 'not_cached',
    }),
    later('req-max-stale-proxy-revalidate', 'not past proxy-revalidate', 'max-age=1, proxy-revalidate', {
      cc: 'max-stale',
      type: 'not_cached',
    }),
    later('req-max-stale-s-maxage', 'not past s-maxage', 's-maxage=1', {
      cc: 'max-stale',
      type: 'not_cached',
    }),
    later('req-max-stale-no-cache', 'not past no-cache', 'max-age=60, no-cache', {
      cc: 'max-stale',
      type: 'not_cached',
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.3', [
    later('req-min-fresh', 'min-fresh: fresh for as long', 'max-age=60', {
      cc: 'min-fresh=50',
      type: 'cached',
    }),
    later('req-min-fresh-under', 'min-fresh: not fresh for as long', 'max-age=60', {
      cc: 'min-fresh=51',
      type: 'not_cached',
    }),
    later('req-min-fresh-bad', 'an unreadable min-fresh is never met', 'max-age=60', {
      cc: 'min-fresh=x',
      type: 'not_cached',
    }),
    later('req-min-fresh-two', 'of two the greater counts', 'max-age=60', {
      cc: 'min-fresh=1, min-fresh=51',
      type: 'not_cached',
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.4', [
    later('req-no-cache', 'no-cache asks for validation', 'max-age=60', {
      cc: 'no-cache',
      type: 'not_cached',
    }),
    later('req-no-cache-case', 'in any case', 'max-age=60', { cc: 'No-CACHE', type: 'not_cached' }),
    later('req-other', 'an unknown directive asks for nothing', 'max-age=60', {
      cc: 'x-no-cache',
      type: 'cached',
    }),
    {
      id: 'req-no-cache-304',
      title: 'and is satisfied by a 304',
      requests: [
        { response: { headers: ['Cache-Control: max-age=60', 'ETag: "a"'] }, expect: { type: 'not_cached' } },
        {
          at: 5,
          headers: ['Cache-Control: no-cache'],
          response: { status: 304, headers: ['ETag: "a"'] },
          expect: { type: 'validated', of: 1 },
        },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.4', [
    later('pragma', 'Pragma: no-cache counts without Cache-Control', 'max-age=60', {
      headers: ['Pragma: No-Cache'],
      type: 'not_cached',
    }),
    later('pragma-with-cc', 'but not beside it', 'max-age=60', {
      cc: 'x',
      headers: ['Pragma: no-cache'],
      type: 'cached',
    }),
    later('pragma-other', 'another Pragma says nothing', 'max-age=60', {
      headers: ['Pragma: foo'],
      type: 'cached',
    }),
    {
      id: 'pragma-response',
      title: 'Pragma in a response says nothing',
      requests: [
        {
          response: { headers: ['Cache-Control: max-age=60', 'Pragma: no-cache'] },
          expect: { type: 'not_cached' },
        },
        { at: 1, expect: { type: 'cached' } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.2.1.7', [
    later('only-if-cached', 'only-if-cached takes what is stored', 'max-age=60', {
      cc: 'only-if-cached',
      type: 'cached',
    }),
    later('only-if-cached-stale', 'and gets 504 when that is stale', 'max-age=1', {
      cc: 'only-if-cached',
      type: 'error',
      status: 504,
    }),
    later('only-if-cached-max-stale', 'unless stale will do', 'max-age=1', {
      cc: 'only-if-cached, max-stale',
      type: 'cached',
    }),
    later('only-if-cached-no-store', 'and 504 when nothing is', 'no-store', {
      cc: 'only-if-cached',
      type: 'error',
      status: 504,
    }),
  ]),
  ...inSection('RFC 9111 §5.2.2.2', [
    later(
      'must-revalidate-fresh',
      'must-revalidate says nothing while fresh',
      'max-age=60, must-revalidate',
      { type: 'cached' },
    ),
    later('must-revalidate-stale', 'once stale it is not used', 'max-age=1, must-revalidate', {
      type: 'not_cached',
    }),
    ...['must-revalidate', 'proxy-revalidate', 's-maxage=1', 'no-cache'].flatMap((directive) => [
      failing(
        `disconnect-${directive}`,
        `not past ${directive} when the origin is gone`,
        `max-age=1, ${directive}`,
        { expect: { type: 'error', status: 502 } },
      ),
      failing(
        `error-${directive}`,
        `stale-if-error is not past ${directive}`,
        `max-age=1, stale-if-error=60, ${directive}`,
        { response: { status: 503 }, expect: { type: 'not_cached' } },
      ),
      later(
        `swr-${directive}`,
        `stale-while-revalidate is not past ${directive}`,
        `max-age=1, stale-while-revalidate=60, ${directive}`,
        { type: 'not_cached' },
      ),
    ]),
  ]),
  ...inSection(
    'RFC 9111 §4.2.4',
    [
      failing('disconnect', 'a stale response stands in for an origin that is gone', 'max-age=1', {
        expect: { type: 'stale', headers: ['Age: 10'] },
      }),
      failing('disconnect-long', 'for a day at most', 'max-age=1', {
        at: 86_403,
        expect: { type: 'error', status: 502 },
      }),
      failing('disconnect-bounded', 'or as long as stale-if-error says', 'max-age=1, stale-if-error=2', {
        expect: { type: 'error', status: 502 },
      }),
      failing('disconnect-request-no-cache', 'not for a client that asked for validation', 'max-age=1', {
        headers: ['Cache-Control: no-cache'],
        expect: { type: 'error', status: 502 },
      }),
      failing('error-plain', 'an error of the origin alone does not make stale good', 'max-age=1', {
        response: { status: 503 },
        expect: { type: 'not_cached' },
      }),
    ].map((one) => ({ ...one, requests: one.requests.slice(0, 2) })),
  ),
  ...inSection('RFC 5861 §3', [
    later('swr', 'stale-while-revalidate allows it for as long', 'max-age=1, stale-while-revalidate=9', {
      type: 'cached',
    }),
    later('swr-over', 'and no longer', 'max-age=1, stale-while-revalidate=8', { type: 'not_cached' }),
    later('swr-bad', 'unreadable it allows nothing', 'max-age=1, stale-while-revalidate=x', {
      type: 'not_cached',
    }),
    later(
      'swr-request-max-age',
      'not for a client with a max-age of its own',
      'max-age=1, stale-while-revalidate=60',
      { cc: 'max-age=100', type: 'not_cached' },
    ),
    later(
      'swr-request-no-cache',
      'not for a client that asks for validation',
      'max-age=1, stale-while-revalidate=60',
      { cc: 'no-cache', type: 'not_cached' },
    ),
  ]),
  ...inSection('RFC 5861 §4', [
    ...[500, 502, 503, 504].map((status) =>
      failing(
        `sie-${status}`,
        `stale-if-error covers a ${status}, and leaves the entry`,
        'max-age=1, stale-if-error=60',
        { response: { status }, expect: { type: 'stale', of: 1 } },
      ),
    ),
    failing('sie-gone', 'stale-if-error covers an origin that is gone', 'max-age=1, stale-if-error=9', {
      expect: { type: 'stale' },
    }),
    failing('sie-over', 'and no longer than it says', 'max-age=1, stale-if-error=8', {
      response: { status: 503 },
      expect: { type: 'not_cached' },
    }),
    failing('sie-404', 'a 404 is an answer', 'max-age=1, stale-if-error=60', {
      response: { status: 404 },
      expect: { type: 'not_cached' },
    }),
    failing('sie-request', 'the request may say it too', 'max-age=1', {
      headers: ['Cache-Control: stale-if-error=60'],
      response: { status: 503 },
      expect: { type: 'stale' },
    }),
  ]),
  ...inSection('RFC 8246 §2', [
    later(
      'immutable-reload',
      'a fresh immutable response is not validated for a reload',
      'max-age=60, immutable',
      { cc: 'max-age=0', type: 'cached' },
    ),
    later('immutable-no-cache', 'but for no-cache', 'max-age=60, immutable', {
      cc: 'no-cache',
      type: 'not_cached',
    }),
    later('immutable-stale', 'and once stale', 'max-age=1, immutable', { type: 'not_cached' }),
    later('immutable-stale-reload', 'also for a reload', 'max-age=1, immutable, stale-while-revalidate=60', {
      cc: 'max-age=0',
      type: 'not_cached',
    }),
  ]),
];
