/** RFC 9110 §14: ranges of stored responses. */

import { type Case, type Expectation, fresh, inSection, stored } from './form.ts';

const text = '0123456789';
const tag = 'ETag: "a"';

/** The whole is stored; a part is asked for. */
const ofWhole = (
  id: string,
  title: string,
  range: string,
  expect: Omit<Expectation, 'type'>,
  headers: string[] = [],
) => ({
  id: `range-${id}`,
  title,
  requests: [
    stored({ ...fresh(tag, 'Last-Modified: {start-60}', 'Content-Type: text/plain', 'X-A: 1'), body: text }),
    { pause: 1, headers: [`Range: ${range}`, ...headers], expect: { type: 'cached' as const, ...expect } },
  ],
});
const part = (first: number, last: number): Omit<Expectation, 'type'> => ({
  status: 206,
  body: text.slice(first, last + 1),
  headers: [
    `Content-Range: bytes ${first}-${last}/10`,
    `Content-Length: ${last - first + 1}`,
    'Age: 1',
    tag,
    'X-A: 1',
  ],
});
const whole: Omit<Expectation, 'type'> = { status: 200, body: text, missing: ['Content-Range'] };

export const rangeCases: readonly Case[] = [
  ...inSection('RFC 9110 §14.2', [
    ofWhole('single', 'a part of the whole', 'bytes=2-4', part(2, 4)),
    ofWhole('one-byte', 'one byte', 'bytes=0-0', part(0, 0)),
    ofWhole('no-last', 'from a byte to the end', 'bytes=4-', part(4, 9)),
    ofWhole('suffix', 'the last bytes', 'bytes=-3', part(7, 9)),
    ofWhole('suffix-all', 'more last bytes than there are', 'bytes=-30', part(0, 9)),
    ofWhole('beyond', 'cut at the end', 'bytes=8-99', part(8, 9)),
    ofWhole('all', 'all of it', 'bytes=0-9', part(0, 9)),
    ofWhole('spaces', 'with spaces in the list', 'bytes= 2-4 ', part(2, 4)),
    ofWhole('overlapping', 'parts that overlap are one', 'bytes=1-3, 2-4', part(1, 4)),
    ofWhole('unsatisfiable', 'beyond the end is 416', 'bytes=10-', {
      status: 416,
      body: '',
      headers: ['Content-Range: bytes */10', 'Content-Length: 0'],
    }),
    ofWhole('unit', 'another unit is ignored', 'lines=1-2', whole),
    ofWhole('malformed', 'a malformed one is ignored', 'bytes=4-2', whole),
    ofWhole('if-range', 'If-Range with the strong tag', 'bytes=2-4', part(2, 4), ['If-Range: "a"']),
    ofWhole('if-range-other', 'with another', 'bytes=2-4', whole, ['If-Range: "b"']),
    ofWhole('if-range-weak', 'with a weak one', 'bytes=2-4', whole, ['If-Range: W/"a"']),
    ofWhole('if-range-date', 'with the date', 'bytes=2-4', part(2, 4), ['If-Range: {start-60}']),
    ofWhole('if-range-other-date', 'with another date', 'bytes=2-4', whole, ['If-Range: {start-50}']),
    ofWhole('if-none-match', 'a condition comes before the range', 'bytes=2-4', { status: 304, body: '' }, [
      'If-None-Match: "a"',
    ]),
    {
      id: 'range-head',
      title: 'HEAD has no range',
      requests: [
        stored({ ...fresh(), body: text }),
        {
          method: 'HEAD',
          headers: ['Range: bytes=2-4'],
          expect: { type: 'cached', status: 200, headers: ['Content-Length: 10'] },
        },
      ],
    },
    {
      id: 'range-404',
      title: 'nor has an error',
      requests: [
        stored({ ...fresh(), status: 404, body: text }),
        { headers: ['Range: bytes=2-4'], expect: { type: 'cached', status: 404, body: text } },
      ],
    },
    {
      id: 'range-several',
      title: 'several parts',
      requests: [
        stored({ ...fresh('Content-Type: text/plain'), body: '0'.repeat(200) + '1'.repeat(200) }),
        {
          headers: ['Range: bytes=0-1, 398-399'],
          expect: {
            type: 'cached',
            status: 206,
            missing: ['Content-Range'],
            headers: ['Content-Type: *', 'Content-Length: *'],
            contains: [
              'Content-Type: text/plain\r\nContent-Range: bytes 0-1/400\r\n\r\n00\r\n--',
              'Content-Type: text/plain\r\nContent-Range: bytes 398-399/400\r\n\r\n11\r\n--',
            ],
          },
        },
      ],
    },
    {
      id: 'range-many',
      title: 'more parts than are worth it get the whole',
      requests: [
        stored({ ...fresh(), body: '0'.repeat(9000) }),
        {
          headers: [
            `Range: bytes=${Array.from({ length: 40 }, (_, at) => `${at * 200}-${at * 200}`).join(',')}`,
          ],
          expect: { type: 'cached', status: 200, body: '0'.repeat(9000) },
        },
      ],
    },
    {
      id: 'range-miss',
      title: 'with nothing stored range and If-Range are the origin’s',
      requests: [
        {
          headers: ['Range: bytes=2-4', 'If-Range: "b"'],
          response: { ...fresh(tag), body: text },
          expect: {
            type: 'not_cached',
            status: 200,
            body: text,
            asked: { headers: ['Range: bytes=2-4', 'If-Range: "b"'] },
          },
        },
      ],
    },
    {
      id: 'range-unsatisfiable-miss',
      title: 'a 416 of the origin is passed on and not stored',
      requests: [
        {
          headers: ['Range: bytes=20-'],
          response: { status: 416, headers: ['Cache-Control: max-age=60', 'Content-Range: bytes */10'] },
          expect: { type: 'not_cached', status: 416, headers: ['Content-Range: bytes */10'] },
        },
        { response: { ...fresh(), body: text }, expect: { type: 'not_cached', status: 200, body: text } },
      ],
    },
    {
      id: 'range-validated-if-range',
      title: 'If-Range against a stale whole: once validated',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2', tag], body: text }),
        {
          pause: 3,
          headers: ['Range: bytes=2-4', 'If-Range: "a"'],
          response: { status: 304, headers: [tag] },
          expect: { type: 'etag_validated', status: 206, body: '234' },
        },
        {
          pause: 3,
          headers: ['Range: bytes=2-4', 'If-Range: "old"'],
          response: { status: 304, headers: [tag] },
          expect: { type: 'etag_validated', status: 200, body: text },
        },
      ],
    },
    {
      id: 'range-weak',
      title: 'a part of a whole with a weak tag',
      requests: [
        stored({ ...fresh('ETag: W/"a"'), body: text }),
        { headers: ['Range: bytes=2-4'], expect: { type: 'cached', status: 206, body: '234' } },
        {
          headers: ['Range: bytes=2-4', 'If-Range: W/"a"'],
          expect: { type: 'cached', status: 200, body: text },
        },
      ],
    },
    {
      id: 'range-encoded',
      title: 'a range of the coded form that is sent',
      requests: [
        stored({ ...fresh('Content-Encoding: x-a', tag), body: text }),
        {
          headers: ['Range: bytes=2-4'],
          expect: { type: 'cached', status: 206, body: '234', headers: ['Content-Encoding: x-a'] },
        },
      ],
    },
    {
      id: 'range-validated',
      title: 'a part of a stale whole, once that is validated',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2', tag], body: text }),
        {
          pause: 3,
          headers: ['Range: bytes=2-4'],
          response: { status: 304, headers: [tag] },
          expect: { type: 'etag_validated', status: 206, body: '234' },
        },
      ],
    },
    {
      id: 'range-changed',
      title: 'a part of the new whole, where it has changed',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2', tag], body: text }),
        {
          pause: 3,
          headers: ['Range: bytes=2-4'],
          response: { ...fresh('ETag: "b"'), body: 'abcdefghij' },
          expect: { type: 'not_cached', status: 206, body: 'cde', headers: ['Content-Range: bytes 2-4/10'] },
        },
        { expect: { type: 'cached', body: 'abcdefghij' } },
      ],
    },
    {
      id: 'range-answered-whole',
      title: 'a whole that answers a range request is not stored: it may have been made for that client',
      requests: [
        {
          headers: ['Range: bytes=2-4'],
          response: { ...fresh(tag), body: text },
          expect: { type: 'not_cached' },
        },
        { response: { ...fresh(tag), body: text }, expect: { type: 'not_cached', status: 200, body: text } },
        { expect: { type: 'cached', status: 200, body: text } },
      ],
    },
  ]),
];
