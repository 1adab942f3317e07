/** RFC 9110 §13, RFC 9111 §4.3.2: conditional requests of clients, answered from a fresh stored response. */
import { type Case, hundred, inSection } from '../cases/form.ts';

const fresh = 'Cache-Control: max-age=3600';

const asked = (
  id: string,
  title: string,
  stored: readonly string[],
  request: readonly string[],
  status: number,
  response = {},
) => ({
  id,
  title,
  requests: [
    { response: { headers: [fresh, ...stored], ...response }, expect: { type: 'not_cached' as const } },
    { at: 1, headers: request, expect: { type: 'cached' as const, status } },
  ],
});

const forwarded = (id: string, field: string) => ({
  id,
  title: `${field.replace(/:.*/, '')} is for the origin to decide`,
  requests: [
    {
      response: { headers: [fresh, 'ETag: "a"', 'Last-Modified: {start-1000}'] },
      expect: { type: 'not_cached' as const },
    },
    { at: 1, headers: [field], expect: { type: 'not_cached' as const, asked: { headers: [field] } } },
  ],
});

export const conditionalCases: readonly Case[] = [
  ...inSection('RFC 9110 §13.1.2', [
    asked('inm', 'a tag that matches', ['ETag: "a"'], ['If-None-Match: "a"'], 304),
    asked('inm-other', 'one that does not', ['ETag: "a"'], ['If-None-Match: "b"'], 200),
    asked('inm-weak-request', 'weak against strong', ['ETag: "a"'], ['If-None-Match: W/"a"'], 304),
    asked('inm-weak-stored', 'strong against weak', ['ETag: W/"a"'], ['If-None-Match: "a"'], 304),
    asked('inm-list', 'in a list', ['ETag: "a"'], ['If-None-Match: "x", "a" , W/"y"'], 304),
    asked('inm-lines', 'in two lines', ['ETag: "a"'], ['If-None-Match: "x"', 'If-None-Match: "a"'], 304),
    asked('inm-comma', 'a comma in a tag', ['ETag: "a,b"'], ['If-None-Match: "x", "a,b"'], 304),
    asked('inm-comma-parts', 'whose halves match nothing', ['ETag: "a"'], ['If-None-Match: "x,a"'], 200),
    asked(
      'inm-backslash',
      'a backslash is an ordinary character',
      ['ETag: "a\\"'],
      ['If-None-Match: "a\\", "b"'],
      304,
    ),
    asked('inm-star', '*', ['ETag: "a"'], ['If-None-Match: *'], 304),
    asked('inm-star-no-tag', '* without a stored tag', [], ['If-None-Match: *'], 304),
    asked('inm-no-tag', 'a tag where none is stored', [], ['If-None-Match: "a"'], 200),
    asked('inm-lower-w', 'a lower-case w/', ['ETag: w/"a"'], ['If-None-Match: w/"a"'], 304),
    asked('inm-no-slash', 'a W without its slash', ['ETag: W"a"'], ['If-None-Match: W"a"'], 304),
    asked('inm-unquoted-request', 'an unquoted tag in the request', ['ETag: "a"'], ['If-None-Match: a'], 304),
    asked('inm-unquoted-stored', 'an unquoted stored tag', ['ETag: a'], ['If-None-Match: "a"'], 304),
    asked('inm-unquoted-both', 'both unquoted', ['ETag: a'], ['If-None-Match: a'], 304),
    asked('inm-case', 'tags are compared with regard to case', ['ETag: "a"'], ['If-None-Match: "A"'], 200),
    asked(
      'inm-two-tags',
      'two different stored tags match nothing',
      ['ETag: "a"', 'ETag: "b"'],
      ['If-None-Match: "a"'],
      200,
    ),
    asked('inm-404', 'conditions are for successful responses', ['ETag: "a"'], ['If-None-Match: "a"'], 404, {
      status: 404,
    }),
  ]),
  ...inSection('RFC 9110 §13.1.3', [
    asked(
      'ims',
      'the date of Last-Modified',
      ['Last-Modified: {start-1000}'],
      ['If-Modified-Since: {start-1000}'],
      304,
    ),
    asked(
      'ims-later',
      'a later one',
      ['Last-Modified: {start-1000}'],
      ['If-Modified-Since: {start-500}'],
      304,
    ),
    asked(
      'ims-earlier',
      'an earlier one',
      ['Last-Modified: {start-1000}'],
      ['If-Modified-Since: {start-1001}'],
      200,
    ),
    asked(
      'ims-rfc850',
      'in RFC 850 form',
      ['Last-Modified: Wed, 15 Jan 2025 11:00:00 GMT'],
      ['If-Modified-Since: Wednesday, 15-Jan-25 11:00:00 GMT'],
      304,
    ),
    asked(
      'ims-asctime',
      'in asctime form',
      ['Last-Modified: Wed, 15 Jan 2025 11:00:00 GMT'],
      ['If-Modified-Since: Wed Jan 15 11:00:00 2025'],
      304,
    ),
    asked(
      'ims-bad',
      'an invalid date is ignored',
      ['Last-Modified: {start-1000}'],
      ['If-Modified-Since: tomorrow'],
      200,
    ),
    asked(
      'ims-by-date',
      'against Date without Last-Modified',
      ['Date: {start-10}'],
      ['If-Modified-Since: {start-10}'],
      304,
    ),
    asked(
      'ims-by-date-earlier',
      'an earlier one',
      ['Date: {start-10}'],
      ['If-Modified-Since: {start-11}'],
      200,
    ),
    asked(
      'ims-no-date',
      'against the time of receipt without either',
      [],
      ['If-Modified-Since: {start-1}'],
      200,
      { date: false },
    ),
    asked('ims-no-date-now', 'which matches now', [], ['If-Modified-Since: {start+1}'], 304, { date: false }),
    asked(
      'inm-wins',
      'If-None-Match wins when it does not match',
      ['ETag: "a"', 'Last-Modified: {start-1000}'],
      ['If-None-Match: "b"', 'If-Modified-Since: {start-1000}'],
      200,
    ),
    asked(
      'inm-wins-match',
      'and when it does',
      ['ETag: "a"', 'Last-Modified: {start-1000}'],
      ['If-None-Match: "a"', 'If-Modified-Since: {start-2000}'],
      304,
    ),
  ]),
  ...inSection('RFC 9111 §4.3.2', [
    forwarded('if-match', 'If-Match: "a"'),
    forwarded('if-match-other', 'If-Match: "b"'),
    forwarded('if-unmodified-since', 'If-Unmodified-Since: Wed, 15 Jan 2025 11:00:00 GMT'),
  ]),
  ...inSection('RFC 9110 §15.4.5', [
    {
      id: 'not-modified-fields',
      title: 'a 304 has the required fields and no content metadata',
      requests: [
        {
          response: {
            headers: [
              fresh,
              'ETag: "a"',
              'Expires: {date+60}',
              'Vary: Foo',
              'Content-Location: /x',
              'Last-Modified: {date-9}',
              'Content-Type: a/b',
              'Content-Length: 100',
              'Content-Language: en',
              'X-Foo: 1',
            ],
            body: hundred,
          },
          expect: { type: 'not_cached' },
        },
        {
          at: 5,
          headers: ['If-None-Match: "a"'],
          expect: {
            type: 'cached',
            status: 304,
            headers: [
              'Cache-Control: max-age=3600',
              'ETag: "a"',
              'Expires: {start+60}',
              'Vary: Foo',
              'Content-Location: /x',
              'Date: {start}',
              'Age: 5',
              'X-Foo: 1',
            ],
            missing: ['Content-Type', 'Content-Length', 'Content-Language'],
          },
        },
      ],
    },
  ]),
];
