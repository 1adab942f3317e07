/** RFC 9110 §13, RFC 9111 §4.3.2: conditional requests of clients. */

import { type Case, type Expectation, fresh, inSection, notModified, stored } from './form.ts';

const hit304: Expectation = { type: 'cached', status: 304 };
const hit200: Expectation = { type: 'cached', status: 200 };

/** A response with this tag is stored; the client asks with that one. */
const tagged = (id: string, title: string, [tag, asked]: readonly [string, string], expect = hit304) => ({
  id: `etag-${id}`,
  title,
  requests: [stored(fresh(`ETag: ${tag}`)), { pause: 1, headers: [`If-None-Match: ${asked}`], expect }],
});

const dated = (
  id: string,
  title: string,
  [headers, since]: readonly [string[], string],
  expect = hit304,
) => ({
  id: `lm-${id}`,
  title,
  requests: [stored(fresh(...headers)), { pause: 1, headers: [`If-Modified-Since: ${since}`], expect }],
});

export const conditionalCases: readonly Case[] = [
  ...inSection('RFC 9110 §13.1.2', [
    tagged('strong', 'a strong tag', ['"abcdef"', '"abcdef"']),
    tagged('weak', 'a weak tag', ['W/"abcdef"', 'W/"abcdef"']),
    tagged('weak-strong', 'compared weakly', ['"abcdef"', 'W/"abcdef"']),
    tagged('strong-weak', 'both ways', ['W/"abcdef"', '"abcdef"']),
    tagged('weak-lower-case', 'a lower-case w', ['w/"abcdef"', 'w/"abcdef"']),
    tagged('weak-no-slash', 'a missing slash', ['W"abcdef"', 'W"abcdef"']),
    tagged('first', 'the first of several', ['"abcdef"', '"abcdef", "1", "2"']),
    tagged('second', 'the second of several', ['"abcdef"', '"1", "abcdef", "2"']),
    tagged('last', 'the last of several', ['"abcdef"', '"1","2",   "abcdef"']),
    tagged('comma', 'a comma in the tag', ['"a,b"', '"x", "a,b"']),
    tagged('comma-part', 'a part of a tag with a comma is not it', ['"b"', '"a,b"'], hit200),
    tagged('obs-text', 'bytes above ASCII', ['"abc\u00e9def"', '"abc\u00e9def"']),
    tagged('star', 'any', ['"abcdef"', '*']),
    tagged('other', 'another', ['"abcdef"', '"abcdeg"'], hit200),
    tagged('other-case', 'another spelling', ['"abcdef"', '"ABCDEF"'], hit200),
    tagged('unquoted', 'without quotes both times', ['abcdef', 'abcdef']),
    tagged('unquoted-quoted', 'stored without quotes, asked with', ['abcdef', '"abcdef"']),
    tagged('quoted-unquoted', 'stored with quotes, asked without', ['"abcdef"', 'abcdef']),
    {
      id: 'etag-lines',
      title: 'tags in several lines',
      requests: [
        stored(fresh('ETag: "b"')),
        { headers: ['If-None-Match: "a"', 'If-None-Match: "b"'], expect: hit304 },
      ],
    },
    {
      id: 'etag-star-no-tag',
      title: 'any, when the response has no tag',
      requests: [stored(fresh()), { headers: ['If-None-Match: *'], expect: hit304 }],
    },
    {
      id: 'etag-no-tag',
      title: 'a tag, when the response has none',
      requests: [stored(fresh()), { headers: ['If-None-Match: "a"'], expect: hit200 }],
    },
    {
      id: 'etag-precedence',
      title: 'If-None-Match wins over If-Modified-Since',
      requests: [
        stored(fresh('ETag: "a"', 'Last-Modified: {start-60}')),
        { headers: ['If-None-Match: "b"', 'If-Modified-Since: {start-60}'], expect: hit200 },
        { headers: ['If-None-Match: "a"', 'If-Modified-Since: {start-6000}'], expect: hit304 },
      ],
    },
    {
      id: 'etag-head',
      title: 'HEAD as well',
      requests: [
        stored(fresh('ETag: "a"')),
        { method: 'HEAD', headers: ['If-None-Match: "a"'], expect: hit304 },
      ],
    },
    {
      id: 'etag-404',
      title: 'not where the answer would be an error',
      requests: [
        stored({ status: 404, headers: ['Cache-Control: max-age=60', 'ETag: "a"'] }),
        { headers: ['If-None-Match: "a"'], expect: { type: 'cached', status: 404 } },
      ],
    },
    {
      id: 'etag-forward',
      title: 'a condition goes to the origin when nothing is stored, and its 304 to the client',
      requests: [
        {
          headers: ['If-None-Match: "a"'],
          response: notModified('ETag: "a"', 'Cache-Control: max-age=60'),
          expect: { type: 'not_cached', status: 304, asked: { headers: ['If-None-Match: "a"'] } },
        },
        { response: fresh(), expect: { type: 'not_cached', status: 200, body: 'step 2' } },
      ],
    },
    {
      id: 'etag-forward-unquoted',
      title: 'as it came',
      requests: [
        {
          headers: ['If-None-Match: a'],
          response: fresh('ETag: "a"'),
          expect: { type: 'not_cached', asked: { headers: ['If-None-Match: a'] } },
        },
      ],
    },
    {
      id: 'etag-forward-full',
      title: 'a full answer to it is not stored: it may have been made for that condition',
      requests: [
        {
          headers: ['If-None-Match: "a"'],
          response: fresh('ETag: "b"'),
          expect: { type: 'not_cached', status: 200 },
        },
        { response: fresh('ETag: "b"'), expect: { type: 'not_cached', body: 'step 2' } },
        { headers: ['If-None-Match: "b"'], expect: hit304 },
      ],
    },
    {
      id: 'etag-vary',
      title: 'of the variant that the request selects',
      requests: [
        stored(fresh('Vary: Abc', 'ETag: "a"'), ['Abc: 1']),
        { headers: ['Abc: 1', 'If-None-Match: "a"'], expect: hit304 },
        {
          headers: ['Abc: 2', 'If-None-Match: "a"'],
          response: fresh('Vary: Abc', 'ETag: "b"'),
          expect: { type: 'not_cached', status: 200 },
        },
        { headers: ['Abc: 2'], response: fresh('Vary: Abc', 'ETag: "b"'), expect: { type: 'not_cached' } },
        { headers: ['Abc: 2', 'If-None-Match: "a"'], expect: hit200 },
      ],
    },
  ]),
  ...inSection('RFC 9110 §13.1.3', [
    dated('same', 'the same date', [['Last-Modified: {start-60}'], '{start-60}']),
    dated('later', 'a later date', [['Last-Modified: {start-60}'], '{start-30}']),
    dated('earlier', 'an earlier date', [['Last-Modified: {start-60}'], '{start-90}'], hit200),
    dated('rfc850', 'in an obsolete form', [
      ['Last-Modified: {start-60}'],
      'Thursday, 18-Aug-50 02:01:18 GMT',
    ]),
    dated('asctime', 'in the other', [['Last-Modified: {start-60}'], 'Thu Aug 18 02:01:18 2050']),
    dated('bad', 'an unreadable one is none', [['Last-Modified: {start-60}'], 'yesterday'], hit200),
    dated('no-lm', 'without Last-Modified Date counts', [['Date: {start-5}'], '{start-5}']),
    dated('no-lm-earlier', 'also where that is later', [['Date: {start-5}'], '{start-6}'], hit200),
    {
      id: 'lm-forward',
      title: 'goes to the origin when nothing is stored',
      requests: [
        {
          headers: ['If-Modified-Since: {start-60}'],
          response: notModified('Last-Modified: {start-60}'),
          expect: { type: 'not_cached', status: 304, asked: { headers: ['If-Modified-Since: {start-60}'] } },
        },
      ],
    },
  ]),
  ...inSection('RFC 9110 §15.4.5', [
    {
      id: '304-fields',
      title: 'our 304 has the required fields, and no content metadata',
      requests: [
        stored(
          fresh(
            'ETag: "a"',
            'Vary: Foo',
            'Expires: {start+60}',
            'Content-Location: /x',
            'Date: {start}',
            'Content-Type: text/x',
            'Content-Language: de',
            'X-A: 1',
          ),
        ),
        {
          pause: 5,
          headers: ['If-None-Match: "a"'],
          expect: {
            ...hit304,
            body: '',
            headers: [
              'ETag: "a"',
              'Vary: Foo',
              'Expires: {start+60}',
              'Content-Location: /x',
              'Date: {start}',
              'Cache-Control: max-age=3600',
              'Age: 5',
            ],
            missing: ['Content-Type', 'Content-Length', 'Content-Language', 'Transfer-Encoding'],
          },
        },
      ],
    },
  ]),
  ...inSection('RFC 9110 §13.1', [
    ...['If-Match: "a"', 'If-Match: "b"', 'If-Unmodified-Since: {start}'].map((line, at) => ({
      id: `origin-only-${at}`,
      title: `${line} is for the origin to decide`,
      requests: [
        stored(fresh('ETag: "a"', 'Last-Modified: {start-60}')),
        {
          headers: [line],
          response: { status: 412 },
          expect: { type: 'not_cached' as const, status: 412, asked: { headers: [line] } },
        },
        { expect: { type: 'cached' as const, of: 1, status: 200 } },
      ],
    })),
  ]),
];
