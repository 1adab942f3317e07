/** RFC 9111 §4.3.4, §4.3.5: which stored response a 304 or a HEAD response is about, and whether it may end it. */
import { type ExchangeCase, inSection } from './case.ts';

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
  steps: [
    { origin: { fields: ['Cache-Control: max-age=5', ...first] }, by: 'origin' as const },
    {
      at: 10,
      origin: { status: 304, fields: second },
      by: 'validated' as const,
      of: 1,
      status: 200,
      ...more,
    },
  ],
});

const then = (exchange: ReturnType<typeof validated>, step: ExchangeCase['steps'][number]) => ({
  ...exchange,
  steps: [...exchange.steps, step],
});

const head = (
  id: string,
  title: string,
  stored: readonly string[],
  fields: readonly string[],
  by: 'store' | 'origin',
  status = 200,
) => ({
  id: `head-${id}`,
  title,
  steps: [
    { origin: { fields: [fresh, ...stored] }, by: 'origin' as const },
    // Validation makes the HEAD reach the origin.
    {
      at: 1,
      method: 'HEAD',
      fields: ['Cache-Control: no-cache'],
      origin: { status, fields },
      by: 'origin' as const,
    },
    { at: 2, by },
  ],
});

export const freshenCases: readonly ExchangeCase[] = [
  ...inSection('RFC 9111 §4.3.4', [
    {
      id: '304-other-tag',
      title: 'a 304 with another tag is not about the stored response',
      steps: [
        { origin: { fields: ['Cache-Control: max-age=5', 'ETag: "a"'] }, by: 'origin' },
        {
          at: 10,
          origin: { status: 304, fields: ['ETag: "b"'] },
          by: 'origin',
          forwardsNot: ['If-None-Match'],
        },
      ],
    },
    {
      id: '304-other-date',
      title: 'nor one with another Last-Modified',
      steps: [
        { origin: { fields: ['Cache-Control: max-age=5', 'Last-Modified: {start-20}'] }, by: 'origin' },
        {
          at: 10,
          origin: { status: 304, fields: ['Last-Modified: {start-5}'] },
          by: 'origin',
          forwardsNot: ['If-Modified-Since'],
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
      { at: 11, by: 'origin' },
    ),
    then(
      validated(
        '304-untagged-no-store',
        'also where the entry has no tag',
        ['Last-Modified: {start-20}'],
        ['Cache-Control: no-store'],
      ),
      { at: 11, by: 'origin' },
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
          by: 'store',
          of: 1,
          lacks: ['Pragma', 'Expires'],
          has: ['Cache-Control: max-age=5, public'],
        },
      ),
    ),
    then(validated('304-bare-lifetime', 'a lifetime in a bare 304 is taken', ['ETag: "a"'], [fresh]), {
      at: 1000,
      by: 'store',
      of: 1,
    }),
    {
      id: '304-variant',
      title: 'a 304 for a variant freshens that variant',
      steps: [
        {
          fields: ['Foo: 1'],
          origin: { fields: ['Cache-Control: max-age=5', 'Vary: Foo', 'ETag: "a"'] },
          by: 'origin',
        },
        {
          fields: ['Foo: 2'],
          origin: { fields: ['Cache-Control: max-age=5', 'Vary: Foo', 'ETag: "b"'] },
          by: 'origin',
        },
        {
          at: 10,
          fields: ['Foo: 1'],
          origin: { status: 304, fields: ['ETag: "a"'] },
          by: 'validated',
          of: 1,
        },
        { at: 11, fields: ['Foo: 1'], by: 'store', of: 1 },
        { at: 11, fields: ['Foo: 2'], origin: { fields: [] }, by: 'origin', of: 5 },
      ],
    },
  ]),
  ...inSection('RFC 9111 §4.3.5', [
    head(
      'agrees',
      'a HEAD that agrees freshens',
      ['ETag: "a"', 'Content-Length: 100'],
      [fresh, 'ETag: "a"', 'Content-Length: 100'],
      'store',
    ),
    head('silent', 'also without validators and length', ['ETag: "a"'], [fresh], 'store'),
    head('other-tag', 'another tag makes stale', ['ETag: "a"'], [fresh, 'ETag: "b"'], 'origin'),
    head('new-tag', 'a tag the stored response has not makes stale', [], [fresh, 'ETag: "b"'], 'origin'),
    head(
      'other-date',
      'another Last-Modified makes stale',
      ['Last-Modified: {start-50}'],
      [fresh, 'Last-Modified: {start-20}'],
      'origin',
    ),
    head(
      'other-length',
      'another length makes stale',
      ['ETag: "a"'],
      [fresh, 'ETag: "a"', 'Content-Length: 99'],
      'origin',
    ),
    head(
      'empty',
      'Content-Length 0 without validators says nothing',
      [],
      ['Cache-Control: no-store', 'Content-Length: 0'],
      'store',
    ),
    head(
      'empty-validators',
      'Content-Length 0 with validators makes stale',
      ['ETag: "a"'],
      [fresh, 'ETag: "a"', 'Content-Length: 0'],
      'origin',
    ),
    head('410', 'another status says nothing', ['ETag: "a"'], ['Cache-Control: no-store'], 'store', 410),
    head(
      'coding',
      'another coding says nothing',
      ['ETag: "a"'],
      ['ETag: "b"', 'Content-Encoding: gzip'],
      'store',
    ),
    {
      id: 'head-updates',
      title: 'a HEAD that agrees updates fields and age',
      steps: [
        { origin: { fields: [fresh, 'ETag: "a"', 'X-A: 1'] }, by: 'origin' },
        {
          at: 5,
          method: 'HEAD',
          fields: ['Cache-Control: no-cache'],
          origin: { fields: [fresh, 'ETag: "a"', 'X-A: 2'] },
          by: 'origin',
        },
        { at: 8, by: 'store', of: 1, has: ['X-A: 2', 'Age: 3'] },
      ],
    },
  ]),
];
