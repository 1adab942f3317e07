/** RFC 9111 §4.2.4, RFC 5861: stale responses, when they are given and when not. */

import { brief, type Case, inSection, notModified, type OriginAnswer, stored } from './form.ts';

const gone: OriginAnswer = { breaks: 'before-head' };
const unavailable: OriginAnswer = { status: 503 };
const lived = (...directives: string[]): OriginAnswer => ({
  headers: [`Cache-Control: ${['max-age=2', ...directives].join(', ')}`],
});

const forbidding = ['must-revalidate', 'proxy-revalidate', 's-maxage=2', 'no-cache'];
const sie = 'stale-if-error=60';

export const staleCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.2.4', [
    {
      id: 'stale-close',
      title: 'a stale response stands in for an origin that is gone',
      requests: [
        stored(brief()),
        { pause: 3, response: gone, expect: { type: 'stale', of: 1, status: 200, headers: ['Age: 3'] } },
        { response: brief(), expect: { type: 'not_cached', of: 3 } },
      ],
    },
    {
      id: 'stale-close-head',
      title: 'for HEAD as well',
      requests: [
        stored(brief()),
        { pause: 3, method: 'HEAD', response: gone, expect: { type: 'stale', of: 1 } },
      ],
    },
    {
      id: 'stale-close-long',
      title: 'not for ever',
      requests: [stored(brief()), { pause: 90_000, response: gone, expect: { type: 'error', status: 502 } }],
    },
    ...forbidding.map((directive) => ({
      id: `stale-close-${directive.replace('=2', '')}`,
      title: `${directive} forbids it`,
      requests: [
        stored({ headers: [`Cache-Control: max-age=2, ${directive}`, 'ETag: "a"'] }),
        { pause: 3, response: gone, expect: { type: 'error' as const, status: 502 } },
      ],
    })),
    {
      id: 'stale-close-request-no-cache',
      title: 'so does a client that asked for validation',
      requests: [
        stored(brief()),
        {
          pause: 3,
          headers: ['Cache-Control: no-cache'],
          response: gone,
          expect: { type: 'error', status: 502 },
        },
      ],
    },
    {
      id: 'stale-cut',
      title: 'a truncated answer is truncated, and the stored response stays',
      requests: [
        stored({ headers: ['Cache-Control: max-age=60'] }),
        {
          headers: ['Cache-Control: no-cache'],
          response: { headers: ['Cache-Control: max-age=60'], body: 'x'.repeat(100), breaks: 'in-body' },
          expect: { type: 'not_cached', broken: true },
        },
        { expect: { type: 'cached', body: 'step 1' } },
      ],
    },
    {
      id: 'cut',
      title: 'a truncated answer is not stored',
      requests: [
        {
          response: { headers: ['Cache-Control: max-age=60'], body: 'x'.repeat(100), breaks: 'in-body' },
          expect: { type: 'not_cached', broken: true },
        },
        { response: brief(), expect: { type: 'not_cached', body: 'step 2' } },
      ],
    },
    {
      id: 'cut-chunked',
      title: 'an answer truncated between chunks is not stored either',
      requests: [
        {
          response: { ...brief(), body: 'x'.repeat(100), breaks: 'in-body', chunked: true },
          expect: { type: 'not_cached', broken: true },
        },
        { response: brief(), expect: { type: 'not_cached', body: 'step 2' } },
      ],
    },
    {
      id: 'gone',
      title: 'with nothing stored it is 502, with Proxy-Status',
      requests: [{ response: gone, expect: { type: 'error', status: 502, headers: ['Proxy-Status: *'] } }],
    },
    {
      id: 'stale-503-must-revalidate',
      title: 'a 503 under must-revalidate is passed on',
      requests: [
        stored(lived('must-revalidate', sie)),
        { pause: 3, response: unavailable, expect: { type: 'not_cached', status: 503 } },
      ],
    },
    {
      id: 'stale-503-plain',
      title: 'a 503 is passed on where nothing allows a stale response, and leaves the entry',
      requests: [
        stored(brief('ETag: "a"')),
        { pause: 3, response: unavailable, expect: { type: 'etag_validated', status: 503 } },
        {
          response: notModified('ETag: "a"'),
          expect: { type: 'etag_validated', status: 200, body: 'step 1' },
        },
      ],
    },
  ]),
  ...inSection('RFC 5861 §4', [
    ...[500, 502, 503, 504].map((status) => ({
      id: `sie-${status}`,
      title: `stale-if-error covers ${status}`,
      requests: [
        stored(lived(sie)),
        { pause: 3, response: { status }, expect: { type: 'stale' as const, of: 1, headers: ['Age: 3'] } },
        { response: brief(), expect: { type: 'not_cached' as const } },
      ],
    })),
    ...[404, 403, 501].map((status) => ({
      id: `sie-${status}`,
      title: `it does not cover ${status}`,
      requests: [
        stored(lived(sie)),
        { pause: 3, response: { status }, expect: { type: 'not_cached' as const, status } },
      ],
    })),
    {
      id: 'sie-close',
      title: 'it covers an origin that is gone',
      requests: [stored(lived(sie)), { pause: 30, response: gone, expect: { type: 'stale', of: 1 } }],
    },
    {
      id: 'sie-over',
      title: 'no longer than it says',
      requests: [
        stored(lived(sie)),
        { pause: 62, response: unavailable, expect: { type: 'stale', of: 1 } },
        { pause: 1, response: unavailable, expect: { type: 'not_cached', status: 503 } },
      ],
    },
    {
      id: 'sie-close-over',
      title: 'also where the origin is gone',
      requests: [stored(lived(sie)), { pause: 63, response: gone, expect: { type: 'error', status: 502 } }],
    },
    {
      id: 'sie-request-no-cache',
      title: 'not for a client that asked for validation',
      requests: [
        stored(lived(sie)),
        {
          pause: 3,
          headers: ['Cache-Control: no-cache'],
          response: unavailable,
          expect: { type: 'not_cached', status: 503 },
        },
      ],
    },
    {
      id: 'sie-request',
      title: 'the request may say it',
      requests: [
        stored(brief()),
        {
          pause: 3,
          headers: [`Cache-Control: ${sie}`],
          response: unavailable,
          expect: { type: 'stale', of: 1 },
        },
      ],
    },
    ...forbidding.map((directive) => ({
      id: `sie-${directive.replace('=2', '')}`,
      title: `never past ${directive}`,
      requests: [
        stored({ headers: [`Cache-Control: max-age=2, ${sie}, ${directive}`, 'ETag: "a"'] }),
        { pause: 3, response: unavailable, expect: { type: 'etag_validated' as const, status: 503 } },
      ],
    })),
    {
      id: 'sie-fresh',
      title: 'a fresh response that was asked to be validated is given as it is',
      requests: [stored({ headers: [`Cache-Control: max-age=60, ${sie}`] }), { expect: { type: 'cached' } }],
    },
  ]),
  ...inSection('RFC 5861 §3', [
    {
      id: 'swr',
      title: 'stale-while-revalidate: the stale one now, a fresh one next time',
      requests: [
        stored(lived('stale-while-revalidate=60')),
        {
          pause: 3,
          background: 1,
          expect: { type: 'cached', of: 1, headers: ['Age: 3'], cacheStatus: 'hit; ttl=-1' },
        },
        { expect: { type: 'cached', of: 2, headers: ['Age: 0'] } },
      ],
    },
    {
      id: 'swr-304',
      title: 'renewed by a 304 where there is a validator',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2, stale-while-revalidate=60', 'ETag: "a"'] }),
        {
          pause: 3,
          background: 1,
          response: notModified('ETag: "a"'),
          expect: { type: 'cached', of: 1, asked: { headers: ['If-None-Match: "a"'] } },
        },
        { expect: { type: 'cached', of: 1, headers: ['Age: 0'] } },
      ],
    },
    {
      id: 'swr-end',
      title: 'to its last second',
      requests: [
        stored(lived('stale-while-revalidate=10')),
        { pause: 12, background: 1, expect: { type: 'cached', of: 1 } },
      ],
    },
    {
      id: 'swr-window',
      title: 'and no longer',
      requests: [stored(lived('stale-while-revalidate=10')), { pause: 13, expect: { type: 'not_cached' } }],
    },
    {
      id: 'swr-failed',
      title: 'after a failed renewal the stored response is used for the rest of the window',
      requests: [
        stored(lived('stale-while-revalidate=60')),
        { pause: 3, background: 1, response: unavailable, expect: { type: 'cached', of: 1 } },
        { pause: 3, background: 1, response: gone, expect: { type: 'cached', of: 1, headers: ['Age: 6'] } },
        { pause: 60, response: brief(), expect: { type: 'not_cached', of: 4 } },
      ],
    },
    {
      id: 'swr-at-once',
      title: 'with max-age=0 at once',
      requests: [
        stored({ headers: ['Cache-Control: max-age=0, stale-while-revalidate=60'] }),
        { pause: 1, background: 1, expect: { type: 'cached', of: 1 } },
        { expect: { type: 'cached', of: 2 }, background: 1 },
      ],
    },
    {
      id: 'swr-head',
      title: 'a HEAD gets it too, and the renewal is a GET',
      requests: [
        stored(lived('stale-while-revalidate=60')),
        {
          pause: 3,
          method: 'HEAD',
          background: 1,
          expect: { type: 'cached', of: 1, asked: { method: 'GET' } },
        },
        { expect: { type: 'cached', of: 2, body: 'step 2' } },
      ],
    },
    ...forbidding.map((directive) => ({
      id: `swr-${directive.replace('=2', '')}`,
      title: `never past ${directive}`,
      requests: [
        stored(lived('stale-while-revalidate=60', directive)),
        { pause: 3, expect: { type: 'not_cached' as const } },
      ],
    })),
    {
      id: 'swr-request',
      title: 'a client that names a max-age does not take it',
      requests: [
        stored(lived('stale-while-revalidate=60')),
        { pause: 3, headers: ['Cache-Control: max-age=100'], expect: { type: 'not_cached' } },
      ],
    },
  ]),
];
