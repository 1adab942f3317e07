/** RFC 9111 §3.5, §7.3: credentials. Requests with credentials always have a partition of their own (CONTRACT §2.2). */

import { type Case, fresh, inSection, stored } from './form.ts';

const token = ['Authorization: Bearer a'];
const other = ['Authorization: Bearer b'];

const allowed = (directive: string) => ({
  id: `authorization-${directive.replace(/=.*/, '')}`,
  title: `${directive} lets the answer to a request with credentials be reused for them`,
  requests: [
    stored({ headers: [`Cache-Control: max-age=3600, ${directive}`] }, token),
    { headers: token, expect: { type: 'cached' as const } },
  ],
});

const separate = (directive: string) => ({
  id: `authorization-${directive.replace(/=.*/, '')}-others`,
  title: `but not for others`,
  requests: [
    stored({ headers: [`Cache-Control: max-age=3600, ${directive}`] }, token),
    { headers: other, expect: { type: 'not_cached' as const } },
    { expect: { type: 'not_cached' as const } },
  ],
});

const permissions = ['public', 's-maxage=3600', 'must-revalidate'];

export const credentialCases: readonly Case[] = [
  ...inSection('RFC 9111 §3.5', [
    {
      id: 'authorization',
      title: 'an answer to a request with Authorization is not stored for others',
      requests: [
        {
          headers: token,
          response: fresh(),
          expect: { type: 'not_cached', asked: { headers: token } },
        },
        { expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'authorization-same',
      title: 'nor for the same credentials',
      requests: [stored(fresh(), token), { headers: token, expect: { type: 'not_cached' } }],
    },
    {
      id: 'authorization-expires',
      title: 'nor with Expires',
      requests: [
        stored({ headers: ['Expires: {date+60}'] }, token),
        { headers: token, expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'authorization-hit',
      title: 'a request with credentials does not get a response stored for others',
      requests: [stored(fresh()), { headers: token, expect: { type: 'not_cached' } }],
    },
    {
      id: 'authorization-proxy-revalidate',
      title: 'proxy-revalidate does not permit sharing',
      requests: [
        stored({ headers: ['Cache-Control: max-age=3600, proxy-revalidate'] }, token),
        { headers: token, expect: { type: 'not_cached' } },
      ],
    },
    ...permissions.map(allowed),
    ...permissions.map(separate),
    {
      id: 'authorization-must-revalidate-stale',
      title: 'a stale one under must-revalidate is validated',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2, must-revalidate', 'ETag: "a"'] }, token),
        {
          pause: 3,
          headers: token,
          response: { status: 304, headers: ['ETag: "a"'] },
          expect: { type: 'etag_validated', asked: { headers: token }, body: 'step 1' },
        },
      ],
    },
    {
      id: 'authorization-lines',
      title: 'two Authorization lines are passed, and nothing is stored',
      requests: [
        stored({ headers: ['Cache-Control: public, max-age=3600'] }, [...token, ...other]),
        { headers: [...token, ...other], expect: { type: 'not_cached' } },
        { headers: token, expect: { type: 'not_cached' } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §7.3', [
    {
      id: 'cookie',
      title: 'a request with Cookie is answered from the store for the same cookie',
      requests: [stored(fresh(), ['Cookie: a=1']), { headers: ['Cookie: a=1'], expect: { type: 'cached' } }],
    },
    {
      id: 'cookie-other',
      title: 'and from the origin for another or none',
      requests: [
        stored(fresh(), ['Cookie: a=1']),
        { headers: ['Cookie: a=2'], expect: { type: 'not_cached' } },
        { expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'set-cookie',
      title: "a response with Set-Cookie is not stored (on purpose): its page may be that cookie's",
      requests: [
        {
          response: fresh('Set-Cookie: a=b', 'X-A: 1'),
          expect: { type: 'not_cached', headers: ['Set-Cookie: a=b'] },
        },
        { expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'set-cookie-no-cache',
      title: 'nor with no-cache="Set-Cookie" (on purpose)',
      requests: [
        {
          response: fresh('Cache-Control: no-cache="Set-Cookie"', 'Set-Cookie: a=b'),
          expect: { type: 'not_cached', headers: ['Set-Cookie: a=b'] },
        },
        { expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'set-cookie-304',
      title: 'Set-Cookie of a 304 reaches its own client and is not stored',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2', 'ETag: "a"'] }),
        {
          pause: 3,
          response: {
            status: 304,
            headers: ['ETag: "a"', 'Cache-Control: max-age=3600', 'Set-Cookie: a=b'],
          },
          expect: { type: 'etag_validated', headers: ['Set-Cookie: a=b'] },
        },
        { expect: { type: 'cached', missing: ['Set-Cookie'] } },
      ],
    },
  ]),
];
