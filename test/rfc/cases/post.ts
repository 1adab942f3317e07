/** RFC 9110 §9.3.3: answers to POST that serve later GETs. */

import { type Case, fresh, inSection, stored } from './form.ts';
import { cached, notCached } from './written.ts';

export const postCases: readonly Case[] = [
  ...inSection('RFC 9110 §9.3.3', [
    {
      id: 'post-content-location',
      title: 'a POST with freshness and its own Content-Location serves a later GET',
      requests: [
        {
          method: 'POST',
          body: 'a',
          response: fresh('Content-Location: {path}'),
          expect: notCached,
        },
        { pause: 1, expect: { type: 'cached', body: 'step 1', headers: ['Age: 1'] } },
        { method: 'HEAD', expect: { type: 'cached', body: '' } },
      ],
    },
    {
      id: 'post-content-location-absolute',
      title: 'as a whole URL too',
      requests: [
        {
          method: 'POST',
          body: 'a',
          response: fresh('Content-Location: http://{host}{path}'),
          expect: notCached,
        },
        { expect: cached },
      ],
    },
    {
      id: 'post-replaces',
      title: 'replaces the stored response',
      requests: [
        stored(fresh()),
        { method: 'POST', body: 'a', response: fresh('Content-Location: {path}'), expect: notCached },
        { expect: { type: 'cached', of: 2 } },
      ],
    },
    {
      id: 'post-post',
      title: 'but no later POST',
      requests: [
        { method: 'POST', body: 'a', response: fresh('Content-Location: {path}'), expect: notCached },
        { method: 'POST', body: 'a', expect: notCached },
      ],
    },
    ...(
      [
        ['none', []],
        ['other', ['Content-Location: {path}/other']],
        ['other-origin', ['Content-Location: http://other.example{path}']],
      ] as const
    ).map(([what, lines]) => ({
      id: `post-content-location-${what}`,
      title: `not with ${what === 'none' ? 'no' : 'another'} Content-Location`,
      requests: [
        { method: 'POST', body: 'a', response: fresh(...lines), expect: notCached },
        { expect: notCached },
      ],
    })),
    {
      id: 'post-no-freshness',
      title: 'not without explicit freshness',
      requests: [
        {
          method: 'POST',
          body: 'a',
          response: { headers: ['Content-Location: {path}', 'Last-Modified: {date-86400}'] },
          expect: notCached,
        },
        { expect: notCached },
      ],
    },
    ...['PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({
      id: `${method}-content-location`,
      title: `a response to ${method} is not stored`,
      requests: [
        { method, body: 'a', response: fresh('Content-Location: {path}'), expect: notCached },
        { expect: notCached },
      ],
    })),
  ]),
];
