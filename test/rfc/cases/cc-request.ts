/** RFC 9111 §5.2.1, §5.4: request directives. */

import { type Case, type Expectation, fresh, inSection, type OriginAnswer, stored } from './form.ts';

type Asking = {
  readonly response?: OriginAnswer;
  readonly pause?: number;
  readonly headers: readonly string[];
  readonly second?: OriginAnswer;
  readonly expect: Expectation;
};

const asking = (
  id: string,
  title: string,
  { response = fresh(), pause = 1, headers, second, expect }: Asking,
) => ({
  id,
  title,
  requests: [
    stored(response),
    { pause, headers, ...(second === undefined ? {} : { response: second }), expect },
  ],
});

const cached: Expectation = { type: 'cached' };
const notCached: Expectation = { type: 'not_cached' };
const refused: Expectation = { type: 'error', status: 504 };
const ofAge = (age: number, maxAge = 3600): OriginAnswer => ({
  headers: [`Cache-Control: max-age=${maxAge}`, `Age: ${age}`],
});

export const requestDirectiveCases: readonly Case[] = [
  ...inSection('RFC 9111 §5.2.1.1', [
    asking('req-max-age-0', 'max-age=0 goes to the origin', {
      headers: ['Cache-Control: max-age=0'],
      expect: notCached,
    }),
    asking('req-max-age-0-at-once', 'also in the same instant', {
      pause: 0,
      headers: ['Cache-Control: max-age=0'],
      expect: notCached,
    }),
    asking('req-max-age-1', 'max-age=1 does when the response is older', {
      pause: 2,
      headers: ['Cache-Control: max-age=1'],
      expect: notCached,
    }),
    asking('req-max-age-1-young', 'and not when it is not', {
      pause: 1,
      headers: ['Cache-Control: max-age=1'],
      expect: cached,
    }),
    asking('req-max-age-age', 'the Age it came with counts', {
      response: ofAge(1800),
      headers: ['Cache-Control: max-age=600'],
      expect: notCached,
    }),
    asking('req-max-age-0-validates', 'a validator is used for it', {
      response: fresh('ETag: "a"'),
      headers: ['Cache-Control: max-age=0'],
      second: { status: 304, headers: ['ETag: "a"'] },
      expect: { type: 'etag_validated', status: 200, body: 'step 1' },
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.2', [
    asking('req-max-stale', 'max-stale takes what is not staler', {
      response: ofAge(0, 2),
      pause: 5,
      headers: ['Cache-Control: max-stale=1000'],
      expect: { type: 'cached', headers: ['Age: 5'], cacheStatus: 'hit; ttl=-3' },
    }),
    asking('req-max-stale-any', 'without a value anything', {
      response: ofAge(0, 2),
      pause: 500_000,
      headers: ['Cache-Control: max-stale'],
      expect: cached,
    }),
    asking('req-max-stale-age', 'where the response came stale as well', {
      response: { headers: ['Cache-Control: max-age=1500', 'Age: 2000', 'ETag: "a"'] },
      headers: ['Cache-Control: max-stale=1000'],
      expect: cached,
    }),
    asking('req-max-stale-over', 'not what is staler', {
      response: ofAge(0, 2),
      pause: 13,
      headers: ['Cache-Control: max-stale=10'],
      expect: notCached,
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.3', [
    asking('req-min-fresh', 'min-fresh wants more than is left', {
      response: ofAge(0, 1500),
      headers: ['Cache-Control: min-fresh=2000'],
      expect: notCached,
    }),
    asking('req-min-fresh-age', 'the Age it came with counts', {
      response: ofAge(1000, 1500),
      headers: ['Cache-Control: min-fresh=1000'],
      expect: notCached,
    }),
    asking('req-min-fresh-enough', 'and takes what has enough', {
      response: ofAge(0, 1500),
      headers: ['Cache-Control: min-fresh=1000'],
      expect: cached,
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.4', [
    asking('req-no-cache', 'no-cache goes to the origin', {
      headers: ['Cache-Control: no-cache'],
      expect: notCached,
    }),
    asking('req-no-cache-lines', 'in one of several lines', {
      headers: ['Cache-Control: foo', 'Cache-Control: no-cache'],
      expect: notCached,
    }),
    asking('req-no-cache-case', 'in any case', { headers: ['Cache-Control: No-Cache'], expect: notCached }),
    asking('req-no-cache-etag', 'with the entity tag of what is stored', {
      response: fresh('ETag: "a"'),
      headers: ['Cache-Control: no-cache'],
      second: { status: 304, headers: ['ETag: "a"'] },
      expect: { type: 'etag_validated', asked: { headers: ['If-None-Match: "a"'] }, body: 'step 1' },
    }),
    asking('req-no-cache-lm', 'with its Last-Modified', {
      response: fresh('Last-Modified: {start-60}'),
      headers: ['Cache-Control: no-cache'],
      second: { status: 304 },
      expect: { type: 'lm_validated', asked: { headers: ['If-Modified-Since: {start-60}'] }, body: 'step 1' },
    }),
    {
      id: 'req-no-cache-replaces',
      title: 'its answer replaces the stored response',
      requests: [
        stored(fresh()),
        { headers: ['Cache-Control: no-cache'], expect: notCached },
        { expect: { type: 'cached', of: 2 } },
      ],
    },
    {
      id: 'req-no-cache-stored',
      title: 'a first response to it is stored',
      requests: [stored(fresh(), ['Cache-Control: no-cache']), { expect: cached }],
    },
  ]),
  ...inSection('RFC 9111 §5.2.1.5', [
    {
      id: 'req-no-store',
      title: 'a response to no-store is not stored',
      requests: [stored(fresh(), ['Cache-Control: no-store']), { expect: notCached }],
    },
    {
      id: 'req-no-store-hit',
      title: 'no-store goes to the origin, and keeps the stored response',
      requests: [
        stored(fresh()),
        { headers: ['Cache-Control: no-store'], expect: notCached },
        { expect: { type: 'cached', of: 1 } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.2.1.7', [
    {
      id: 'req-only-if-cached',
      title: 'only-if-cached with nothing stored is 504',
      requests: [
        {
          headers: ['Cache-Control: only-if-cached'],
          response: fresh(),
          expect: refused,
        },
      ],
    },
    asking('req-only-if-cached-hit', 'with something fresh it is a hit', {
      headers: ['Cache-Control: only-if-cached'],
      expect: cached,
    }),
    asking('req-only-if-cached-stale', 'with something stale it is 504', {
      response: ofAge(0, 2),
      pause: 3,
      headers: ['Cache-Control: only-if-cached'],
      expect: refused,
    }),
    asking('req-only-if-cached-max-stale', 'unless the client takes that', {
      response: ofAge(0, 2),
      pause: 3,
      headers: ['Cache-Control: only-if-cached, max-stale=60'],
      expect: cached,
    }),
    asking('req-only-if-cached-no-cache', 'with no-cache it is 504', {
      headers: ['Cache-Control: only-if-cached, no-cache'],
      expect: refused,
    }),
    {
      id: 'req-only-if-cached-vary',
      title: 'also where another variant is stored',
      requests: [
        stored(fresh('Vary: Foo'), ['Foo: 1']),
        { headers: ['Foo: 2', 'Cache-Control: only-if-cached'], expect: refused },
      ],
    },
    {
      id: 'req-only-if-cached-head',
      title: 'a HEAD too',
      requests: [
        { method: 'HEAD', headers: ['Cache-Control: only-if-cached'], response: fresh(), expect: refused },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.4', [
    asking('pragma', 'Pragma: no-cache goes to the origin', {
      headers: ['Pragma: no-cache'],
      expect: notCached,
    }),
    asking('pragma-case', 'in any case', { headers: ['Pragma: No-Cache'], expect: notCached }),
    asking('pragma-list', 'among others', { headers: ['Pragma: foo, no-cache'], expect: notCached }),
    asking('pragma-cache-control', 'not where there is Cache-Control', {
      headers: ['Pragma: no-cache', 'Cache-Control: max-age=3600'],
      expect: cached,
    }),
    asking('pragma-extension', 'another word means nothing', { headers: ['Pragma: foo'], expect: cached }),
    asking('pragma-response', 'in a response it means nothing', {
      response: fresh('Pragma: no-cache'),
      headers: [],
      expect: cached,
    }),
    asking('pragma-response-extension', 'nor does another word', {
      response: fresh('Pragma: foo'),
      headers: [],
      expect: cached,
    }),
    asking('pragma-response-heuristic', 'also where the lifetime is guessed', {
      response: { headers: ['Last-Modified: {date-86400}', 'Pragma: no-cache'] },
      headers: [],
      expect: cached,
    }),
  ]),
];
