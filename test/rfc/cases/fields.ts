/** RFC 9111 §3.1, RFC 9110 §7.6: which fields are stored, which are not forwarded, which a proxy adds. */

import { type Case, fresh, inSection, reused, stored } from './form.ts';

const kept: readonly string[] = [
  'Test-Header: a',
  'X-Test-Header: a',
  'Content-Foo: a',
  'X-Content-Foo: a',
  'Content-Disposition: attachment; filename=a',
  'Content-Encoding: x-foo',
  'Content-Language: de',
  'Content-Location: /foo',
  'Content-MD5: rL0Y20zC+Fzt72VPzMSk2A==',
  'Content-Range: bytes 0-5/6',
  "Content-Security-Policy: default-src 'self'",
  'Content-Type: text/foo;a=b',
  'Clear-Site-Data: "cache"',
  'ETag: "abc"',
  'Expires: Thu, 18 Aug 2050 02:01:18 GMT',
  'Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT',
  'Link: </a>; rel=x',
  'Pragma: foo',
  'Public-Key-Pins: a',
  'Server: a',
  'Strict-Transport-Security: max-age=1',
  'Surrogate-Key: a',
  'Vary: Foo',
  'WWW-Authenticate: Basic',
  'Warning: 299 - "a"',
  'X-Frame-Options: deny',
  'X-XSS-Protection: 1',
];
const dropped: readonly string[] = [
  'Keep-Alive: timeout=500',
  'Proxy-Authenticate: Basic',
  'Proxy-Authentication-Info: a',
  'Proxy-Authorization: a',
  'Proxy-Connection: a',
  'TE: a',
  'Upgrade: a',
];
const nameOf = (line: string): string => line.slice(0, line.indexOf(':'));

export const fieldCases: readonly Case[] = [
  ...inSection('RFC 9111 §3.1', [
    ...kept.map((line) =>
      reused(`store-${nameOf(line)}`, `${nameOf(line)} is stored`, {
        headers: ['Cache-Control: max-age=3600', line],
        expect: { headers: [line] },
      }),
    ),
    ...dropped.map((line) => ({
      id: `drop-${nameOf(line)}`,
      title: `${nameOf(line)} goes no further`,
      requests: [
        {
          response: fresh(line),
          expect: {
            type: 'not_cached' as const,
            ...(nameOf(line) === 'Keep-Alive' ? {} : { missing: [nameOf(line)] }),
          },
        },
        {
          pause: 1,
          expect: {
            type: 'cached' as const,
            ...(nameOf(line) === 'Keep-Alive' ? {} : { missing: [nameOf(line)] }),
          },
        },
      ],
    })),
    {
      id: 'drop-connection-listed',
      title: 'fields that Connection lists go no further',
      requests: [
        {
          response: fresh('Connection: a, B', 'A: 1', 'b: 2', 'C: 3'),
          expect: { type: 'not_cached', missing: ['A', 'B'], headers: ['C: 3'] },
        },
        { expect: { type: 'cached', missing: ['A', 'B'], headers: ['C: 3'] } },
      ],
    },
    {
      id: 'drop-transfer-encoding',
      title: 'a chunked response has a length when reused',
      requests: [
        stored({ ...fresh(), chunked: true, body: 'x'.repeat(300) }),
        {
          expect: {
            type: 'cached',
            body: 'x'.repeat(300),
            headers: ['Content-Length: 300'],
            missing: ['Transfer-Encoding'],
          },
        },
      ],
    },
    reused('store-lines', 'several lines of a field stay in order', {
      headers: ['Cache-Control: max-age=3600', 'X-A: 2', 'X-B: 1', 'X-A: 1', 'X-A: 3'],
      expect: { headers: ['X-A: 2, 1, 3'] },
    }),
    {
      id: 'store-trailers',
      title: 'trailers reach the client and are not merged into the stored response',
      requests: [
        {
          response: { ...fresh('Trailer: X-T'), trailers: ['X-T: 1'] },
          expect: { type: 'not_cached', trailers: ['X-T: 1'], missing: ['X-T'] },
        },
        { expect: { type: 'cached', missing: ['X-T'] } },
      ],
    },
    reused('store-warnings', 'warnings too', {
      headers: [
        'Cache-Control: max-age=3600',
        'Warning: 299 - "b"',
        'Warning: 199 - "a"',
        'Warning: 299 - "b"',
      ],
      expect: { headers: ['Warning: 299 - "b", 199 - "a", 299 - "b"'] },
    }),
    {
      id: 'pass-age',
      title: 'the Age of a response that is not stored is forwarded unchanged',
      requests: [
        {
          response: { headers: ['Cache-Control: no-store', 'Age: 10', 'X-A: 1', 'X-A: 2'] },
          expect: { type: 'not_cached', headers: ['Age: 10', 'X-A: 1, 2'] },
        },
      ],
    },
    {
      id: 'store-large',
      title: 'a response too large for the store is forwarded whole, and not stored',
      requests: [
        {
          response: { ...fresh(), body: 'x'.repeat(130_000) },
          expect: { type: 'not_cached', body: 'x'.repeat(130_000) },
        },
        { expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'store-large-chunked',
      title: 'also when its length is unknown',
      requests: [
        {
          response: { ...fresh(), chunked: true, body: 'x'.repeat(130_000) },
          expect: { type: 'not_cached', body: 'x'.repeat(130_000) },
        },
        { expect: { type: 'not_cached' } },
      ],
    },
    reused('store-empty', 'a response without content', {
      headers: ['Cache-Control: max-age=3600', 'X-A: 1'],
      body: '',
      expect: { body: '', headers: ['Content-Length: 0', 'X-A: 1'] },
    }),
    reused('store-204', 'a 204 has no length', {
      status: 204,
      headers: ['Cache-Control: max-age=3600'],
      expect: { status: 204, missing: ['Content-Length'] },
    }),
    reused('attachment', 'Content-Disposition: attachment does not matter', {
      headers: ['Cache-Control: max-age=3600', 'Content-Disposition: attachment; filename=a'],
    }),
    reused('attachment-heuristic', 'also where the lifetime is guessed', {
      headers: ['Last-Modified: {date-86400}', 'Content-Disposition: attachment; filename=a'],
    }),
  ]),
  ...inSection('RFC 9110 §7.6', [
    {
      id: 'request-hop-by-hop',
      title: 'hop-by-hop fields of a request go no further',
      requests: [
        {
          headers: ['Connection: X-A', 'X-A: 1', 'Keep-Alive: 5', 'Proxy-Connection: a', 'X-B: 2'],
          response: {},
          expect: {
            type: 'not_cached',
            asked: {
              missing: ['X-A', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization'],
              headers: ['X-B: 2'],
            },
          },
        },
      ],
    },
    {
      id: 'request-fields',
      title: 'what a client sends reaches the origin',
      requests: [
        {
          headers: [
            'Test-ID: a',
            'Req-Num: 1',
            'Accept: */*',
            'Accept-Language: de',
            'User-Agent: x',
            'Referer: y',
          ],
          response: {},
          expect: {
            type: 'not_cached',
            asked: {
              headers: [
                'Test-ID: a',
                'Req-Num: 1',
                'Accept: */*',
                'Accept-Language: de',
                'User-Agent: x',
                'Referer: y',
              ],
            },
          },
        },
      ],
    },
    {
      id: 'via-request',
      title: "Via is our own on a fetch for the store (on purpose): no key knows the client's",
      requests: [
        {
          headers: ['Via: 1.0 fred'],
          response: {},
          expect: { type: 'not_cached', asked: { headers: ['Via: 1.1 shelflife'] } },
        },
      ],
    },
    {
      id: 'via-response',
      title: 'in a response that is forwarded too',
      requests: [
        {
          response: fresh('Via: 1.0 fred'),
          expect: { type: 'not_cached', headers: ['Via: 1.0 fred, 1.1 shelflife'] },
        },
        { expect: { type: 'cached', headers: ['Via: 1.0 fred'] } },
      ],
    },
    {
      id: 'via-post',
      title: 'and for writes',
      requests: [
        {
          method: 'POST',
          body: 'a',
          headers: ['Via: 1.0 fred'],
          response: { headers: ['Via: 1.0 bob'] },
          expect: {
            type: 'not_cached',
            headers: ['Via: 1.0 bob, 1.1 shelflife'],
            asked: { headers: ['Via: 1.0 fred, 1.1 shelflife'] },
          },
        },
      ],
    },
    {
      id: 'forwarded',
      title: 'X-Forwarded-* are the proxy’s own',
      requests: [
        {
          headers: ['X-Forwarded-For: 1.2.3.4', 'Forwarded: for=1.2.3.4', 'X-Forwarded-Proto: https'],
          response: {},
          expect: {
            type: 'not_cached',
            asked: {
              headers: ['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: {host}'],
              missing: ['Forwarded'],
            },
          },
        },
      ],
    },
  ]),
];
