/** RFC 9111 §4.3.1, §3.2: our conditional requests, and what a 304 changes. */
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
      response: { headers: ['Cache-Control: max-age=5', ...first], body: hundred },
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

export const validationCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.3.1', [
    validated(
      'validate-etag',
      'with the stored tag and date',
      ['ETag: "a"', 'Last-Modified: {start-1000}'],
      ['ETag: "a"'],
      { asked: { headers: ['If-None-Match: "a"', 'If-Modified-Since: {start-1000}'] } },
    ),
    validated('validate-lm', 'with the date alone', ['Last-Modified: {start-20}'], [], {
      asked: { headers: ['If-Modified-Since: {start-20}'], missing: ['If-None-Match'] },
    }),
    validated('validate-weak', 'with a weak tag', ['ETag: W/"a"'], ['ETag: W/"a"'], {
      asked: { headers: ['If-None-Match: W/"a"'] },
    }),
    validated('validate-unquoted', 'with an unquoted tag as it came', ['ETag: a'], ['ETag: a'], {
      asked: { headers: ['If-None-Match: a'] },
    }),
    {
      id: 'validate-none',
      title: 'without a validator the request is not conditional',
      requests: [
        {
          response: {
            headers: ['Cache-Control: max-age=5', 'ETag: "a"', 'ETag: "b"', 'Last-Modified: soon'],
          },
          expect: { type: 'not_cached' },
        },
        {
          at: 10,
          expect: { type: 'not_cached', asked: { missing: ['If-None-Match', 'If-Modified-Since'] } },
        },
      ],
    },
    {
      id: 'validate-replaced',
      title: 'a full response replaces the stored one',
      requests: [
        { response: { headers: ['Cache-Control: max-age=5', 'ETag: "a"'] }, expect: { type: 'not_cached' } },
        { at: 10, response: { headers: [fresh, 'ETag: "b"'] }, expect: { type: 'not_cached', of: 2 } },
        { at: 11, expect: { type: 'cached', of: 2 } },
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
      {
        at: 20,
        expect: {
          type: 'cached',
          of: 1,
          headers: ['Age: 10', 'Cache-Control: max-age=3600', 'Date: {start+10}'],
        },
      },
    ),
    then(
      validated(
        '304-no-cache-control',
        'without directives the stored ones hold on',
        ['ETag: "a"'],
        ['ETag: "a"'],
      ),
      { at: 14, expect: { type: 'cached', headers: ['Cache-Control: max-age=5'] } },
    ),
    then(validated('304-age', 'the Age of a 304 counts', ['ETag: "a"'], ['ETag: "a"', 'Age: 4']), {
      at: 12,
      expect: { type: 'validated' },
    }),
    validated(
      '304-fields',
      'fields of a 304 replace stored ones, others stay',
      ['ETag: "a"', 'X-A: 1', 'X-B: 2'],
      ['ETag: "a"', 'X-A: 3', 'X-C: 4'],
      { headers: ['X-A: 3', 'X-B: 2', 'X-C: 4'] },
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
        headers: ['Content-Length: 100', 'Content-Type: application/json', 'Content-Encoding: gzip'],
        missing: ['Content-Range'],
      },
    ),
    validated(
      '304-content-type',
      'parameters of the same media type are taken',
      ['ETag: "a"', 'Content-Type: text/plain'],
      ['ETag: "a"', 'Content-Type: Text/Plain; charset=utf-8'],
      { headers: ['Content-Type: Text/Plain; charset=utf-8'] },
    ),
    validated('304-tag-stays', 'the stored tag stays as it came', ['ETag: "a"'], ['ETag: W/"a"'], {
      headers: ['ETag: "a"'],
    }),
    validated('304-adds-tag', 'a tag where none was is taken', ['Last-Modified: {start-20}'], ['ETag: "a"'], {
      type: 'not_cached',
      of: 2,
      status: 304,
    }),
    validated(
      '304-hop-by-hop',
      'nor hop-by-hop ones',
      ['ETag: "a"'],
      ['ETag: "a"', 'Connection: X-Hop', 'X-Hop: 1'],
      { missing: ['X-Hop', 'Connection'] },
    ),
    then(
      validated(
        '304-set-cookie',
        'Set-Cookie of a 304 is not stored',
        ['ETag: "a"'],
        ['ETag: "a"', 'Set-Cookie: a=b'],
      ),
      { at: 11, expect: { type: 'cached', missing: ['Set-Cookie'] } },
    ),
    {
      id: '304-no-date',
      title: 'a 304 without Date counts from its receipt',
      requests: [
        { response: { headers: ['Cache-Control: max-age=5', 'ETag: "a"'] }, expect: { type: 'not_cached' } },
        {
          at: 10,
          response: { status: 304, date: false, headers: ['ETag: "a"'] },
          expect: { type: 'validated', of: 1, status: 200 },
        },
        { at: 12, expect: { type: 'cached', headers: ['Age: 2', 'Date: {start+10}'] } },
      ],
    },
  ]),
];
