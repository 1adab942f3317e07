/** RFC 9111 §4.3.1, §3.2: our conditional requests, and what a 304 changes. */
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

export const validationCases: readonly ExchangeCase[] = [
  ...inSection('RFC 9111 §4.3.1', [
    validated(
      'validate-etag',
      'with the stored tag and date',
      ['ETag: "a"', 'Last-Modified: {start-1000}'],
      ['ETag: "a"'],
      {
        forwards: ['If-None-Match: "a"', 'If-Modified-Since: {start-1000}'],
      },
    ),
    validated('validate-lm', 'with the date alone', ['Last-Modified: {start-20}'], [], {
      forwards: ['If-Modified-Since: {start-20}'],
      forwardsNot: ['If-None-Match'],
    }),
    validated('validate-weak', 'with a weak tag', ['ETag: W/"a"'], ['ETag: W/"a"'], {
      forwards: ['If-None-Match: W/"a"'],
    }),
    validated('validate-unquoted', 'with an unquoted tag as it came', ['ETag: a'], ['ETag: a'], {
      forwards: ['If-None-Match: a'],
    }),
    {
      id: 'validate-none',
      title: 'without a validator the request is not conditional',
      steps: [
        {
          origin: { fields: ['Cache-Control: max-age=5', 'ETag: "a"', 'ETag: "b"', 'Last-Modified: soon'] },
          by: 'origin',
        },
        { at: 10, by: 'origin', forwardsNot: ['If-None-Match', 'If-Modified-Since'] },
      ],
    },
    {
      id: 'validate-replaced',
      title: 'a full response replaces the stored one',
      steps: [
        { origin: { fields: ['Cache-Control: max-age=5', 'ETag: "a"'] }, by: 'origin' },
        { at: 10, origin: { fields: [fresh, 'ETag: "b"'] }, by: 'origin', of: 2 },
        { at: 11, by: 'store', of: 2 },
      ],
    },
  ]),
  ...inSection('RFC 9111 §3.2', [
    then(
      validated(
        '304-lifetime',
        'a 304 renews lifetime and age',
        ['ETag: "a"', 'Age: 3'],
        ['ETag: "a"', fresh],
      ),
      { at: 20, by: 'store', of: 1, has: ['Age: 10', 'Cache-Control: max-age=3600', 'Date: {start+10}'] },
    ),
    then(
      validated(
        '304-no-cache-control',
        'without directives the stored ones hold on',
        ['ETag: "a"'],
        ['ETag: "a"'],
      ),
      {
        at: 14,
        by: 'store',
        has: ['Cache-Control: max-age=5'],
      },
    ),
    then(validated('304-age', 'the Age of a 304 counts', ['ETag: "a"'], ['ETag: "a"', 'Age: 4']), {
      at: 12,
      by: 'validated',
    }),
    validated(
      '304-fields',
      'fields of a 304 replace stored ones, others stay',
      ['ETag: "a"', 'X-A: 1', 'X-B: 2'],
      ['ETag: "a"', 'X-A: 3', 'X-C: 4'],
      {
        has: ['X-A: 3', 'X-B: 2', 'X-C: 4'],
      },
    ),
    validated(
      '304-content',
      'but not those that describe the content',
      ['ETag: "a"', 'Content-Length: 100', 'Content-Type: application/json', 'Content-Encoding: gzip'],
      [
        'ETag: "a"',
        'Content-Length: 0',
        'Content-Type: text/html',
        'Content-Encoding: br',
        'Content-Range: bytes 0-1/2',
      ],
      {
        has: ['Content-Length: 100', 'Content-Type: application/json', 'Content-Encoding: gzip'],
        lacks: ['Content-Range'],
      },
    ),
    validated(
      '304-content-type',
      'parameters of the same media type are taken',
      ['ETag: "a"', 'Content-Type: text/plain'],
      ['ETag: "a"', 'Content-Type: Text/Plain; charset=utf-8'],
      {
        has: ['Content-Type: Text/Plain; charset=utf-8'],
      },
    ),
    validated('304-tag-stays', 'the stored tag stays as it came', ['ETag: "a"'], ['ETag: W/"a"'], {
      has: ['ETag: "a"'],
    }),
    validated('304-adds-tag', 'a tag where none was is taken', ['Last-Modified: {start-20}'], ['ETag: "a"'], {
      by: 'origin',
      of: 2,
      status: 304,
    }),
    validated(
      '304-hop-by-hop',
      'nor hop-by-hop ones',
      ['ETag: "a"'],
      ['ETag: "a"', 'Connection: X-Hop', 'X-Hop: 1'],
      { lacks: ['X-Hop', 'Connection'] },
    ),
    then(
      validated(
        '304-set-cookie',
        'Set-Cookie of a 304 is not stored',
        ['ETag: "a"'],
        ['ETag: "a"', 'Set-Cookie: a=b'],
      ),
      {
        at: 11,
        by: 'store',
        lacks: ['Set-Cookie'],
      },
    ),
    then(
      validated('304-no-date', 'a 304 without Date counts from its receipt', ['ETag: "a"'], ['ETag: "a"'], {
        origin: { status: 304, date: false, fields: ['ETag: "a"'] },
      }),
      {
        at: 12,
        by: 'store',
        has: ['Age: 2', 'Date: {start+10}'],
      },
    ),
  ]),
];
