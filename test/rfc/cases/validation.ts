/** RFC 9111 §4.3.1: conditional requests to the origin, and their results. */

import { brief, type Case, fresh, inSection, notModified, stored } from './form.ts';

/** A stale response with this tag is validated with exactly that. */
const sent = (id: string, title: string, lines: string[], asked: string[], missing: string[] = []) => ({
  id: `validate-${id}`,
  title,
  requests: [
    stored(brief(...lines)),
    {
      pause: 3,
      response: notModified(...lines),
      expect: {
        type: 'validated' as const,
        status: 200,
        body: 'step 1',
        asked: { headers: asked, missing },
      },
    },
  ],
});

export const validationCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.3.1', [
    sent('strong', 'with the tag', ['ETag: "a"'], ['If-None-Match: "a"'], ['If-Modified-Since']),
    sent('weak', 'with a weak tag as it is', ['ETag: W/"a"'], ['If-None-Match: W/"a"']),
    sent('unquoted', 'with a tag without quotes as it is', ['ETag: a'], ['If-None-Match: a']),
    sent(
      'lm',
      'with the date',
      ['Last-Modified: {start-60}'],
      ['If-Modified-Since: {start-60}'],
      ['If-None-Match'],
    ),
    sent(
      'both',
      'with both',
      ['ETag: "a"', 'Last-Modified: {start-60}'],
      ['If-None-Match: "a"', 'If-Modified-Since: {start-60}'],
    ),
    {
      id: 'validate-own',
      title: 'with the stored tag and no other: the client’s conditions are answered here',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          headers: ['If-None-Match: "x", "a"'],
          response: notModified('ETag: "a"', 'Cache-Control: max-age=60'),
          expect: { type: 'etag_validated', status: 304, asked: { headers: ['If-None-Match: "a"'] } },
        },
        { expect: { type: 'cached', status: 200, body: 'step 1' } },
      ],
    },
    {
      id: 'validate-client-differs',
      title: 'a client with another tag gets the validated response whole',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          headers: ['If-None-Match: "x"'],
          response: notModified('ETag: "a"'),
          expect: { type: 'etag_validated', status: 200, body: 'step 1' },
        },
      ],
    },
    {
      id: 'validate-changed',
      title: 'a full answer replaces the stored response',
      requests: [
        stored(brief('ETag: "a"', 'X-Old: 1')),
        {
          pause: 3,
          response: fresh('ETag: "b"'),
          expect: { type: 'etag_validated', status: 200, body: 'step 2', missing: ['X-Old'] },
        },
        { expect: { type: 'cached', body: 'step 2', headers: ['ETag: "b"'], missing: ['X-Old'] } },
      ],
    },
    {
      id: 'validate-changed-304',
      title: 'a client that has the new one already gets 304',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          headers: ['If-None-Match: "b"'],
          response: fresh('ETag: "b"'),
          expect: { type: 'not_cached', status: 304, body: '' },
        },
      ],
    },
    {
      id: 'validate-client-own',
      title: 'where the stored response has none, the client’s condition is its own',
      requests: [
        stored(brief()),
        {
          pause: 3,
          headers: ['If-None-Match: "x"'],
          response: notModified('ETag: "x"', 'Cache-Control: max-age=60'),
          expect: { type: 'not_cached', status: 304, body: '', asked: { headers: ['If-None-Match: "x"'] } },
        },
        { response: fresh(), expect: { type: 'not_cached', status: 200, body: 'step 3' } },
      ],
    },
    {
      id: 'validate-if-match',
      title: 'a client’s If-Match is left to the origin also when the stored response is stale',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          headers: ['If-Match: "b"'],
          response: { status: 412 },
          expect: {
            type: 'not_cached',
            status: 412,
            asked: { headers: ['If-Match: "b"'], missing: ['If-None-Match'] },
          },
        },
      ],
    },
    {
      id: 'validate-404',
      title: 'what is gone replaces what is stored',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          response: { status: 404, headers: ['Cache-Control: max-age=60'] },
          expect: { type: 'etag_validated', status: 404 },
        },
        { expect: { type: 'cached', status: 404 } },
      ],
    },
    {
      id: 'validate-redirect',
      title: 'a stored redirect is validated like anything else',
      requests: [
        stored({ status: 301, headers: ['Cache-Control: max-age=2', 'ETag: "a"', 'Location: /x'] }),
        {
          pause: 3,
          response: notModified('ETag: "a"'),
          expect: { type: 'etag_validated', status: 301, headers: ['Location: /x'] },
        },
      ],
    },
    {
      id: 'validate-none',
      title: 'without a validator the request is plain',
      requests: [
        stored(brief()),
        {
          pause: 3,
          expect: { type: 'not_cached', asked: { missing: ['If-None-Match', 'If-Modified-Since'] } },
        },
      ],
    },
  ]),
];
