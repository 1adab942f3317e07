/** RFC 9111 §3.1, RFC 9110 §9.3.3: which fields are stored, and which responses to POST. */
import { type Case, inSection } from '../cases/form.ts';

const fresh = 'Cache-Control: max-age=3600';

export const storedFieldsCases: readonly Case[] = [
  ...inSection('RFC 9111 §3.1', [
    {
      id: 'hop-by-hop',
      title: 'hop-by-hop fields and those Connection lists are not stored, unknown ones are',
      requests: [
        {
          response: {
            headers: [
              fresh,
              'Connection: keep-alive, X-Hop',
              'Keep-Alive: timeout=5',
              'X-Hop: 1',
              'Proxy-Connection: keep-alive',
              'Proxy-Authenticate: Basic',
              'Proxy-Authorization: Basic x',
              'Proxy-Authentication-Info: x',
              'Transfer-Encoding: chunked',
              'TE: trailers',
              'Trailer: X-T',
              'Upgrade: x',
              'X-Unknown: 1',
              'Content-Foo: 2',
            ],
          },
          expect: { type: 'not_cached' },
        },
        {
          at: 1,
          expect: {
            type: 'cached',
            headers: ['X-Unknown: 1', 'Content-Foo: 2'],
            missing: [
              'Connection',
              'Keep-Alive',
              'X-Hop',
              'Proxy-Connection',
              'Proxy-Authenticate',
              'Proxy-Authorization',
              'Proxy-Authentication-Info',
              'Transfer-Encoding',
              'TE',
              'Trailer',
              'Upgrade',
            ],
          },
        },
      ],
    },
    {
      id: 'connection-lists-essentials',
      title: 'a Connection that lists Cache-Control or ETag takes neither away',
      requests: [
        {
          response: {
            headers: [
              fresh,
              'ETag: "a"',
              'Connection: cache-control, etag, content-type',
              'Content-Type: a/b',
            ],
          },
          expect: { type: 'not_cached' },
        },
        {
          at: 1,
          expect: {
            type: 'cached',
            headers: ['ETag: "a"', 'Content-Type: a/b', 'Cache-Control: max-age=3600'],
          },
        },
      ],
    },
    {
      id: 'set-cookie',
      title: 'Set-Cookie is never stored (on purpose)',
      requests: [
        {
          response: { headers: [fresh, 'Set-Cookie: a=b', 'set-cookie2: c=d'] },
          expect: { type: 'not_cached', headers: ['Set-Cookie: a=b'] },
        },
        { at: 1, expect: { type: 'cached', missing: ['Set-Cookie', 'Set-Cookie2'] } },
      ],
    },
    {
      id: 'field-order',
      title: 'several lines of a field are kept, in order',
      requests: [
        {
          response: { headers: [fresh, 'Warning: 110 - "a"', 'X-A: 1', 'Warning: 299 - "b"'] },
          expect: { type: 'not_cached' },
        },
        { at: 1, expect: { type: 'cached', headers: ['Warning: 110 - "a", 299 - "b"'] } },
      ],
    },
  ]),
  ...inSection('RFC 9110 §9.3.3', [
    ...(
      [
        [
          'post',
          'a POST with freshness and its own Content-Location serves a later GET',
          [fresh, 'Content-Location: /'],
          'cached',
        ],
        ['post-no-location', 'a POST without Content-Location is not stored', [fresh], 'not_cached'],
        [
          'post-other-location',
          'a POST with another Content-Location is not stored',
          [fresh, 'Content-Location: /x'],
          'not_cached',
        ],
        [
          'post-heuristic',
          'a POST without explicit freshness is not stored',
          ['Content-Location: /', 'Last-Modified: {date-1000}'],
          'not_cached',
        ],
      ] as const
    ).map(([id, title, headers, type]) => ({
      id,
      title,
      requests: [
        { method: 'POST', response: { headers }, expect: { type: 'not_cached' as const } },
        { at: 1, expect: { type } },
      ],
    })),
  ]),
];
