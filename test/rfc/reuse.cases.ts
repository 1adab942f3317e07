/** RFC 9111 §4, §5.2.1, RFC 5861, RFC 8246: when a stored response answers a request. */
import { type AnsweredBy, type ExchangeCase, inSection, type Step } from './case.ts';

type Later = {
  readonly cc?: string;
  readonly fields?: readonly string[];
  readonly at?: number;
  readonly by: AnsweredBy;
};

/** A response with these directives (and an `ETag`), asked for again later with those. */
const later = (id: string, title: string, response: string, { cc, fields = [], at = 10, by }: Later) => ({
  id,
  title,
  steps: [
    { origin: { fields: [`Cache-Control: ${response}`] }, by: 'origin' as const },
    { at, fields: cc === undefined ? fields : [`Cache-Control: ${cc}`, ...fields], by },
  ],
});

const failing = (
  id: string,
  title: string,
  response: string,
  second: Partial<Step> & { by: AnsweredBy },
) => ({
  id,
  title,
  steps: [
    { origin: { fields: [`Cache-Control: ${response}`, 'ETag: "a"'] }, by: 'origin' as const },
    { at: 10, origin: 'unreachable' as const, ...second },
    { at: 11, origin: { fields: ['X-Back: 1'] }, by: 'origin' as const, of: 3 },
  ],
});

export const reuseCases: readonly ExchangeCase[] = [
  ...inSection('RFC 9111 §5.2.1.1', [
    later('req-max-age', 'max-age: a younger response will do', 'max-age=60', {
      cc: 'max-age=10',
      by: 'store',
    }),
    later('req-max-age-older', 'max-age: an older one will not', 'max-age=60', {
      cc: 'max-age=9',
      by: 'origin',
    }),
    later('req-max-age-0', 'max-age=0 asks for validation', 'max-age=60', { cc: 'max-age=0', by: 'origin' }),
    later('req-max-age-bad', 'an unreadable max-age is 0', 'max-age=60', { cc: 'max-age=x', by: 'origin' }),
    later('req-max-age-max-stale', 'max-stale beside max-age widens it', 'max-age=60', {
      cc: 'max-age=5, max-stale=5',
      by: 'store',
    }),
    later('req-max-age-max-stale-over', 'by as much as it says', 'max-age=60', {
      cc: 'max-age=5, max-stale=4',
      by: 'origin',
    }),
    later('req-max-age-two', 'of two the smaller counts', 'max-age=60', {
      cc: 'max-age=60, max-age=1',
      by: 'origin',
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.2', [
    later('req-max-stale', 'max-stale takes any stale response', 'max-age=1', {
      cc: 'max-stale',
      by: 'store',
    }),
    later('req-max-stale-value', 'max-stale=N takes one stale for N seconds', 'max-age=1', {
      cc: 'max-stale=9',
      by: 'store',
    }),
    later('req-max-stale-over', 'and none staler', 'max-age=1', { cc: 'max-stale=8', by: 'origin' }),
    later('req-max-stale-bad', 'an unreadable max-stale allows nothing', 'max-age=1', {
      cc: 'max-stale=x',
      by: 'origin',
    }),
    later('req-max-stale-must-revalidate', 'not past must-revalidate', 'max-age=1, must-revalidate', {
      cc: 'max-stale',
      by: 'origin',
    }),
    later('req-max-stale-proxy-revalidate', 'not past proxy-revalidate', 'max-age=1, proxy-revalidate', {
      cc: 'max-stale',
      by: 'origin',
    }),
    later('req-max-stale-s-maxage', 'not past s-maxage', 's-maxage=1', { cc: 'max-stale', by: 'origin' }),
    later('req-max-stale-no-cache', 'not past no-cache', 'max-age=60, no-cache', {
      cc: 'max-stale',
      by: 'origin',
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.3', [
    later('req-min-fresh', 'min-fresh: fresh for as long', 'max-age=60', { cc: 'min-fresh=50', by: 'store' }),
    later('req-min-fresh-under', 'min-fresh: not fresh for as long', 'max-age=60', {
      cc: 'min-fresh=51',
      by: 'origin',
    }),
    later('req-min-fresh-bad', 'an unreadable min-fresh is never met', 'max-age=60', {
      cc: 'min-fresh=x',
      by: 'origin',
    }),
    later('req-min-fresh-two', 'of two the greater counts', 'max-age=60', {
      cc: 'min-fresh=1, min-fresh=51',
      by: 'origin',
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.4', [
    later('req-no-cache', 'no-cache asks for validation', 'max-age=60', { cc: 'no-cache', by: 'origin' }),
    later('req-no-cache-case', 'in any case', 'max-age=60', { cc: 'No-CACHE', by: 'origin' }),
    later('req-other', 'an unknown directive asks for nothing', 'max-age=60', {
      cc: 'x-no-cache',
      by: 'store',
    }),
    {
      id: 'req-no-cache-304',
      title: 'and is satisfied by a 304',
      steps: [
        { origin: { fields: ['Cache-Control: max-age=60', 'ETag: "a"'] }, by: 'origin' },
        {
          at: 5,
          fields: ['Cache-Control: no-cache'],
          origin: { status: 304, fields: ['ETag: "a"'] },
          by: 'validated',
          of: 1,
        },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.4', [
    later('pragma', 'Pragma: no-cache counts without Cache-Control', 'max-age=60', {
      fields: ['Pragma: No-Cache'],
      by: 'origin',
    }),
    later('pragma-with-cc', 'but not beside it', 'max-age=60', {
      cc: 'x',
      fields: ['Pragma: no-cache'],
      by: 'store',
    }),
    later('pragma-other', 'another Pragma says nothing', 'max-age=60', {
      fields: ['Pragma: foo'],
      by: 'store',
    }),
    {
      id: 'pragma-response',
      title: 'Pragma in a response says nothing',
      steps: [
        { origin: { fields: ['Cache-Control: max-age=60', 'Pragma: no-cache'] }, by: 'origin' },
        { at: 1, by: 'store' },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.2.1.7', [
    later('only-if-cached', 'only-if-cached takes what is stored', 'max-age=60', {
      cc: 'only-if-cached',
      by: 'store',
    }),
    later('only-if-cached-stale', 'and gets 504 when that is stale', 'max-age=1', {
      cc: 'only-if-cached',
      by: 'gateway-timeout',
    }),
    later('only-if-cached-max-stale', 'unless stale will do', 'max-age=1', {
      cc: 'only-if-cached, max-stale',
      by: 'store',
    }),
    later('only-if-cached-no-store', 'and 504 when nothing is', 'no-store', {
      cc: 'only-if-cached',
      by: 'gateway-timeout',
    }),
  ]),
  ...inSection('RFC 9111 §5.2.2.2', [
    later(
      'must-revalidate-fresh',
      'must-revalidate says nothing while fresh',
      'max-age=60, must-revalidate',
      { by: 'store' },
    ),
    later('must-revalidate-stale', 'once stale it is not used', 'max-age=1, must-revalidate', {
      by: 'origin',
    }),
    ...['must-revalidate', 'proxy-revalidate', 's-maxage=1', 'no-cache'].flatMap((directive) => [
      failing(
        `disconnect-${directive}`,
        `not past ${directive} when the origin is gone`,
        `max-age=1, ${directive}`,
        { by: 'bad-gateway' },
      ),
      failing(
        `error-${directive}`,
        `stale-if-error is not past ${directive}`,
        `max-age=1, stale-if-error=60, ${directive}`,
        {
          origin: { status: 503 },
          by: 'origin',
        },
      ),
      later(
        `swr-${directive}`,
        `stale-while-revalidate is not past ${directive}`,
        `max-age=1, stale-while-revalidate=60, ${directive}`,
        { by: 'origin' },
      ),
    ]),
  ]),
  ...inSection(
    'RFC 9111 §4.2.4',
    [
      failing('disconnect', 'a stale response stands in for an origin that is gone', 'max-age=1', {
        by: 'store',
        has: ['Age: 10'],
      }),
      failing('disconnect-long', 'for a day at most', 'max-age=1', { at: 86_403, by: 'bad-gateway' }),
      failing('disconnect-bounded', 'or as long as stale-if-error says', 'max-age=1, stale-if-error=2', {
        by: 'bad-gateway',
      }),
      failing('disconnect-request-no-cache', 'not for a client that asked for validation', 'max-age=1', {
        fields: ['Cache-Control: no-cache'],
        by: 'bad-gateway',
      }),
      failing('error-plain', 'an error of the origin alone does not make stale good', 'max-age=1', {
        origin: { status: 503 },
        by: 'origin',
      }),
    ].map((one) => ({ ...one, steps: one.steps.slice(0, 2) })),
  ),
  ...inSection('RFC 5861 §3', [
    later('swr', 'stale-while-revalidate allows it for as long', 'max-age=1, stale-while-revalidate=9', {
      by: 'store',
    }),
    later('swr-over', 'and no longer', 'max-age=1, stale-while-revalidate=8', { by: 'origin' }),
    later('swr-bad', 'unreadable it allows nothing', 'max-age=1, stale-while-revalidate=x', { by: 'origin' }),
    later(
      'swr-request-max-age',
      'not for a client with a max-age of its own',
      'max-age=1, stale-while-revalidate=60',
      { cc: 'max-age=100', by: 'origin' },
    ),
    later(
      'swr-request-no-cache',
      'not for a client that asks for validation',
      'max-age=1, stale-while-revalidate=60',
      { cc: 'no-cache', by: 'origin' },
    ),
  ]),
  ...inSection('RFC 5861 §4', [
    ...[500, 502, 503, 504].map((status) =>
      failing(
        `sie-${status}`,
        `stale-if-error covers a ${status}, and leaves the entry`,
        'max-age=1, stale-if-error=60',
        {
          origin: { status },
          by: 'store',
          of: 1,
        },
      ),
    ),
    failing('sie-gone', 'stale-if-error covers an origin that is gone', 'max-age=1, stale-if-error=9', {
      by: 'store',
    }),
    failing('sie-over', 'and no longer than it says', 'max-age=1, stale-if-error=8', {
      origin: { status: 503 },
      by: 'origin',
    }),
    failing('sie-404', 'a 404 is an answer', 'max-age=1, stale-if-error=60', {
      origin: { status: 404 },
      by: 'origin',
    }),
    failing('sie-request', 'the request may say it too', 'max-age=1', {
      fields: ['Cache-Control: stale-if-error=60'],
      origin: { status: 503 },
      by: 'store',
    }),
  ]),
  ...inSection('RFC 8246 §2', [
    later(
      'immutable-reload',
      'a fresh immutable response is not validated for a reload',
      'max-age=60, immutable',
      { cc: 'max-age=0', by: 'store' },
    ),
    later('immutable-no-cache', 'but for no-cache', 'max-age=60, immutable', {
      cc: 'no-cache',
      by: 'origin',
    }),
    later('immutable-stale', 'and once stale', 'max-age=1, immutable', { by: 'origin' }),
    later('immutable-stale-reload', 'also for a reload', 'max-age=1, immutable, stale-while-revalidate=60', {
      cc: 'max-age=0',
      by: 'origin',
    }),
  ]),
];
