/** RFC 9111 §4.3.5: HEAD from GET, and what a HEAD says about a stored GET. */

import { brief, type Case, inSection, notModified, stored } from './form.ts';

export const updateHeadCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.3.5', [
    {
      id: 'head-from-get',
      title: 'HEAD is answered from a stored GET',
      requests: [
        stored({ ...brief('X-A: 1') }),
        {
          pause: 1,
          method: 'HEAD',
          expect: { type: 'cached', body: '', headers: ['X-A: 1', 'Content-Length: 6', 'Age: 1'] },
        },
      ],
    },
    {
      id: 'get-from-head',
      title: 'GET never from a stored HEAD',
      requests: [
        {
          method: 'HEAD',
          response: { headers: ['Cache-Control: max-age=3600'] },
          expect: { type: 'not_cached' },
        },
        { expect: { type: 'not_cached', body: 'step 2' } },
      ],
    },
    {
      id: 'head-forward',
      title: 'a HEAD goes to the origin as HEAD when nothing fresh is stored',
      requests: [
        stored(brief()),
        { pause: 3, method: 'HEAD', expect: { type: 'not_cached', body: '', asked: { method: 'HEAD' } } },
      ],
    },
    {
      id: 'head-freshens',
      title: 'a HEAD that agrees freshens the stored GET',
      requests: [
        stored(brief('ETag: "a"', 'X-A: 1', 'X-B: 1')),
        {
          pause: 3,
          method: 'HEAD',
          response: { headers: ['Cache-Control: max-age=3600', 'ETag: "a"', 'X-A: 2', 'Content-Length: 6'] },
          expect: { type: 'not_cached', body: '' },
        },
        {
          pause: 1,
          expect: { type: 'cached', body: 'step 1', headers: ['X-A: 2', 'X-B: 1', 'Age: 1'] },
        },
      ],
    },
    {
      id: 'head-freshens-plain',
      title: 'also without validators, when the length agrees',
      requests: [
        stored(brief()),
        {
          pause: 3,
          method: 'HEAD',
          response: { headers: ['Cache-Control: max-age=3600'] },
          expect: { type: 'not_cached' },
        },
        { expect: { type: 'cached', body: 'step 1' } },
      ],
    },
    {
      id: 'head-fresh-no-cache',
      title: 'also when the stored GET is fresh and the HEAD was forced',
      requests: [
        stored({ headers: ['Cache-Control: max-age=10', 'ETag: "a"', 'X-A: 1'] }),
        {
          method: 'HEAD',
          headers: ['Cache-Control: no-cache'],
          response: { headers: ['Cache-Control: max-age=3600', 'ETag: "a"', 'X-A: 2'] },
          expect: { type: 'not_cached' },
        },
        { pause: 20, expect: { type: 'cached', headers: ['X-A: 2'], body: 'step 1' } },
      ],
    },
    ...(
      [
        ['tag', ['ETag: "b"']],
        ['length', ['ETag: "a"', 'Content-Length: 99']],
      ] as const
    ).map(([what, lines]) => ({
      id: `head-other-${what}`,
      title: `a HEAD with another ${what} makes the stored GET stale`,
      requests: [
        stored({ headers: ['Cache-Control: max-age=10', 'ETag: "a"'] }),
        {
          method: 'HEAD',
          headers: ['Cache-Control: no-cache'],
          response: { headers: ['Cache-Control: max-age=3600', ...lines] },
        },
        { response: {}, expect: { type: 'not_cached' as const } },
      ],
    })),
    {
      id: 'head-empty',
      title: 'a HEAD with Content-Length 0 and no validator says nothing',
      requests: [
        stored({ headers: ['Cache-Control: max-age=100'] }),
        {
          method: 'HEAD',
          headers: ['Cache-Control: no-cache'],
          response: { headers: ['Cache-Control: no-store', 'Content-Length: 0'] },
        },
        { expect: { type: 'cached', body: 'step 1', headers: ['Cache-Control: max-age=100'] } },
      ],
    },
    {
      id: 'head-410',
      title: 'a HEAD with 410 does not freshen',
      requests: [
        stored(brief()),
        {
          pause: 3,
          method: 'HEAD',
          response: { status: 410, headers: ['Cache-Control: max-age=3600'] },
          expect: { type: 'not_cached', status: 410 },
        },
        { response: {}, expect: { type: 'not_cached', status: 200 } },
      ],
    },
    {
      id: 'head-validated',
      title: 'a stale GET is validated by HEAD, a 304 freshens it',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          method: 'HEAD',
          response: notModified('ETag: "a"', 'Cache-Control: max-age=3600'),
          expect: { type: 'etag_validated', status: 200, body: '', asked: { method: 'HEAD' } },
        },
        { expect: { type: 'cached', body: 'step 1' } },
      ],
    },
  ]),
];
