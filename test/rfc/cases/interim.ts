/** RFC 9110 §15.2, §10.1.1: interim responses. */

import { brief, type Case, fresh, inSection, notModified, stored } from './form.ts';

const hints = (status: number) => ({
  ...fresh(),
  interim: [{ status, headers: ['Link: </a.css>; rel=preload', 'X-Early: 1'] }],
});

export const interimCases: readonly Case[] = [
  ...inSection('RFC 9110 §15.2', [
    ...[102, 103].map((status) => ({
      id: `interim-${status}`,
      title: `a ${status} is passed on with its fields`,
      requests: [
        {
          response: hints(status),
          expect: {
            type: 'not_cached' as const,
            status: 200,
            interim: [status],
            interimHeaders: ['Link: </a.css>; rel=preload', 'X-Early: 1'],
            missing: ['Link', 'X-Early'],
          },
        },
        {
          expect: { type: 'cached' as const, status: 200, interim: [], missing: ['Link', 'X-Early'] },
        },
      ],
    })),
    {
      id: 'interim-several',
      title: 'several are',
      requests: [
        {
          response: {
            interim: [
              { status: 102, headers: [] },
              { status: 103, headers: ['Link: </a>'] },
              { status: 103, headers: ['Link: </b>'] },
            ],
          },
          expect: { type: 'not_cached', interim: [102, 103, 103] },
        },
      ],
    },
    {
      id: 'interim-not-stored',
      title: 'one with freshness of its own is not stored',
      requests: [
        {
          response: { interim: [{ status: 103, headers: ['Cache-Control: max-age=3600', 'ETag: "a"'] }] },
          expect: { type: 'not_cached' },
        },
        { response: {}, expect: { type: 'not_cached', asked: { missing: ['If-None-Match'] } } },
      ],
    },
    {
      id: 'interim-post',
      title: 'for a write too',
      requests: [
        {
          method: 'POST',
          body: 'a',
          response: { interim: [{ status: 103, headers: ['Link: </a>'] }] },
          expect: { type: 'not_cached', interim: [103], interimHeaders: ['Link: </a>'] },
        },
      ],
    },
    {
      id: 'interim-1.0',
      title: 'not for an HTTP/1.0 client',
      requests: [{ version: '1.0', response: hints(103), expect: { type: 'not_cached', status: 200 } }],
    },
    {
      id: 'interim-validated',
      title: 'also before a 304 to us',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          response: { ...notModified('ETag: "a"'), interim: [{ status: 103, headers: ['Link: </a>'] }] },
          expect: { type: 'etag_validated', status: 200, interim: [103], body: 'step 1' },
        },
      ],
    },
    {
      id: 'expect-continue',
      title: 'Expect: 100-continue',
      requests: [
        {
          method: 'POST',
          body: 'abc',
          headers: ['Expect: 100-continue'],
          response: {},
          expect: { type: 'not_cached', status: 200, asked: { missing: ['Expect'] } },
        },
      ],
    },
  ]),
];
