/** RFC 9111 §3.1, RFC 9110 §9.3.3: which fields are stored, and which responses to POST. */
import { type ExchangeCase, inSection } from './case.ts';

const fresh = 'Cache-Control: max-age=3600';

export const storedFieldsCases: readonly ExchangeCase[] = [
  ...inSection('RFC 9111 §3.1', [
    {
      id: 'hop-by-hop',
      title: 'hop-by-hop fields and those Connection lists are not stored, unknown ones are',
      steps: [
        {
          origin: {
            fields: [
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
          by: 'origin',
        },
        {
          at: 1,
          by: 'store',
          has: ['X-Unknown: 1', 'Content-Foo: 2'],
          lacks: [
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
      ],
    },
    {
      id: 'connection-lists-essentials',
      title: 'a Connection that lists Cache-Control or ETag takes neither away',
      steps: [
        {
          origin: {
            fields: [
              fresh,
              'ETag: "a"',
              'Connection: cache-control, etag, content-type',
              'Content-Type: a/b',
            ],
          },
          by: 'origin',
        },
        { at: 1, by: 'store', has: ['ETag: "a"', 'Content-Type: a/b', 'Cache-Control: max-age=3600'] },
      ],
    },
    {
      id: 'set-cookie',
      title: 'Set-Cookie is never stored (on purpose)',
      steps: [
        {
          origin: { fields: [fresh, 'Set-Cookie: a=b', 'set-cookie2: c=d'] },
          by: 'origin',
          has: ['Set-Cookie: a=b'],
        },
        { at: 1, by: 'store', lacks: ['Set-Cookie', 'Set-Cookie2'] },
      ],
    },
    {
      id: 'field-order',
      title: 'several lines of a field are kept, in order',
      steps: [
        { origin: { fields: [fresh, 'Warning: 110 - "a"', 'X-A: 1', 'Warning: 299 - "b"'] }, by: 'origin' },
        { at: 1, by: 'store', has: ['Warning: 110 - "a", 299 - "b"'] },
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
          'store',
        ],
        ['post-no-location', 'a POST without Content-Location is not stored', [fresh], 'origin'],
        [
          'post-other-location',
          'a POST with another Content-Location is not stored',
          [fresh, 'Content-Location: /x'],
          'origin',
        ],
        [
          'post-heuristic',
          'a POST without explicit freshness is not stored',
          ['Content-Location: /', 'Last-Modified: {date-1000}'],
          'origin',
        ],
      ] as const
    ).map(([id, title, fields, by]) => ({
      id,
      title,
      steps: [
        { method: 'POST', origin: { fields }, by: 'origin' as const },
        { at: 1, by },
      ],
    })),
  ]),
];
