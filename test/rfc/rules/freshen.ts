/** RFC 9111 §4.3.4, §4.3.5: which stored response a 304 or a HEAD response is about, and whether it may end it. */
import { type Case, hundred, inSection } from '../cases/form.ts';

const fresh = 'Cache-Control: max-age=3600';

const validated = (
  id: string,
  title: string,
  first: readonly string[],
  second: readonly string[],
  more: object = {},
) => ({
  id,
  title,
  requests: [
    {
      response: { headers: ['Cache-Control: max-age=5', ...first] },
      expect: { type: 'not_cached' as const },
    },
    {
      at: 10,
      response: { status: 304, headers: second },
      expect: { type: 'validated' as const, of: 1, status: 200, ...more },
    },
  ],
});

const then = (exchange: ReturnType<typeof validated>, step: Case['requests'][number]) => ({
  ...exchange,
  requests: [...exchange.requests, step],
});

const head = (
  id: string,
  title: string,
  stored: readonly string[],
  headers: readonly string[],
  type: 'cached' | 'not_cached',
  status = 200,
) => ({
  id: `head-${id}`,
  title,
  requests: [
    { response: { headers: [fresh, ...stored], body: hundred }, expect: { type: 'not_cached' as const } },
    // Validation makes the HEAD reach the origin.
    {
      at: 1,
      method: 'HEAD',
      headers: ['Cache-Control: no-cache'],
      response: { status, headers, body: hundred },
      expect: { type: 'not_cached' as const },
    },
    { at: 2, expect: { type } },
  ],
});

export const freshenCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.3.4', [
    {
      id: '304-other-tag',
      title: 'a 304 with another tag is not about the stored response',
      requests: [
        { response: { headers: ['Cache-Control: max-age=5', 'ETag: "a"'] }, expect: { type: 'not_cached' } },
        {
          at: 10,
          response: { status: 304, headers: ['ETag: "b"'] },
          expect: { type: 'not_cached', asked: { missing: ['If-None-Match'] } },
        },
      ],
    },
    {
      id: '304-other-date',
      title: 'nor one with another Last-Modified',
      requests: [
        {
          response: { headers: ['Cache-Control: max-age=5', 'Last-Modified: {start-20}'] },
          expect: { type: 'not_cached' },
        },
        {
          at: 10,
          response: { status: 304, headers: ['Last-Modified: {start-5}'] },
          expect: { type: 'not_cached', asked: { missing: ['If-Modified-Since'] } },
        },
      ],
    },
    then(
      validated(
        '304-own-no-store',
        'no-store of a 304 with the tag ends the entry',
        ['ETag: "a"'],
        ['ETag: "a"', 'Cache-Control: no-store'],
      ),
      { at: 11, expect: { type: 'not_cached' } },
    ),
    then(
      validated(
        '304-untagged-no-store',
        'also where the entry has no tag',
        ['Last-Modified: {start-20}'],
        ['Cache-Control: no-store'],
      ),
      { at: 11, expect: { type: 'not_cached' } },
    ),
    ...[
      'Cache-Control: no-cache, no-store',
      'Cache-Control: private',
      'Vary: *',
      'CDN-Cache-Control: no-store',
    ].map((line, at) =>
      then(
        validated(
          `304-bare-${at}`,
          `a bare 304 with ${line} leaves a good entry alone`,
          ['ETag: "a"', 'Cache-Control: public'],
          [line, 'Pragma: no-cache', 'Expires: 0', 'Content-Type: text/html'],
        ),
        {
          at: 11,
          expect: {
            type: 'cached',
            of: 1,
            missing: ['Pragma', 'Expires'],
            headers: ['Cache-Control: max-age=5, public'],
          },
        },
      ),
    ),
    then(validated('304-bare-lifetime', 'a lifetime in a bare 304 is taken', ['ETag: "a"'], [fresh]), {
      at: 1000,
      expect: { type: 'cached', of: 1 },
    }),
    {
      id: '304-variant',
      title: 'a 304 for a variant freshens that variant',
      requests: [
        {
          headers: ['Foo: 1'],
          response: { headers: ['Cache-Control: max-age=5', 'Vary: Foo', 'ETag: "a"'] },
          expect: { type: 'not_cached' },
        },
        {
          headers: ['Foo: 2'],
          response: { headers: ['Cache-Control: max-age=5', 'Vary: Foo', 'ETag: "b"'] },
          expect: { type: 'not_cached' },
        },
        {
          at: 10,
          headers: ['Foo: 1'],
          response: { status: 304, headers: ['ETag: "a"'] },
          expect: { type: 'validated', of: 1 },
        },
        { at: 11, headers: ['Foo: 1'], expect: { type: 'cached', of: 1 } },
        { at: 11, headers: ['Foo: 2'], response: { headers: [] }, expect: { type: 'not_cached', of: 5 } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §4.3.5', [
    head(
      'agrees',
      'a HEAD that agrees freshens',
      ['ETag: "a"', 'Content-Length: 100'],
      [fresh, 'ETag: "a"', 'Content-Length: 100'],
      'cached',
    ),
    head('silent', 'also without validators and length', ['ETag: "a"'], [fresh], 'cached'),
    head('other-tag', 'another tag makes stale', ['ETag: "a"'], [fresh, 'ETag: "b"'], 'not_cached'),
    head('new-tag', 'a tag the stored response has not makes stale', [], [fresh, 'ETag: "b"'], 'not_cached'),
    head(
      'other-date',
      'another Last-Modified makes stale',
      ['Last-Modified: {start-50}'],
      [fresh, 'Last-Modified: {start-20}'],
      'not_cached',
    ),
    head(
      'other-length',
      'another length makes stale',
      ['ETag: "a"'],
      [fresh, 'ETag: "a"', 'Content-Length: 99'],
      'not_cached',
    ),
    head(
      'empty',
      'Content-Length 0 without validators says nothing',
      [],
      ['Cache-Control: no-store', 'Content-Length: 0'],
      'cached',
    ),
    head(
      'empty-validators',
      'Content-Length 0 with validators makes stale',
      ['ETag: "a"'],
      [fresh, 'ETag: "a"', 'Content-Length: 0'],
      'not_cached',
    ),
    head('410', 'another status says nothing', ['ETag: "a"'], ['Cache-Control: no-store'], 'cached', 410),
    head(
      'coding',
      'another coding says nothing',
      ['ETag: "a"'],
      ['ETag: "b"', 'Content-Encoding: gzip'],
      'cached',
    ),
    {
      id: 'head-updates',
      title: 'a HEAD that agrees updates fields and age',
      requests: [
        { response: { headers: [fresh, 'ETag: "a"', 'X-A: 1'] }, expect: { type: 'not_cached' } },
        {
          at: 5,
          method: 'HEAD',
          headers: ['Cache-Control: no-cache'],
          response: { headers: [fresh, 'ETag: "a"', 'X-A: 2'] },
          expect: { type: 'not_cached' },
        },
        { at: 8, expect: { type: 'cached', of: 1, headers: ['X-A: 2', 'Age: 3'] } },
      ],
    },
  ]),
];
