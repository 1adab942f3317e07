/** RFC 9111 §3: which responses are stored, and which parts of them. */
import { type Case, inSection, notReused, reused } from '../cases/form.ts';

const fresh = 'Cache-Control: max-age=3600';
const statusesStoredExplicitly = [
  200, 201, 203, 204, 299, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 414, 499, 500, 501, 502,
  503, 504, 599,
];
const statusesNeverStored = [206, 304, 401, 407, 408, 412, 413, 416, 417, 421, 425, 426, 428, 429, 431, 511];
const spellings: readonly (readonly [string, readonly string[]])[] = [
  ['plain', ['Cache-Control: max-age=3600, no-store']],
  ['first', ['Cache-Control: no-store, max-age=3600']],
  ['upper-case', ['Cache-Control: max-age=3600, NO-STORE']],
  ['odd-space', ['Cache-Control:  max-age=3600 ,\t no-store ,']],
  ['empty-members', ['Cache-Control: ,, max-age=3600,, ,no-store,']],
  ['own-line', ['Cache-Control: max-age=3600', 'Cache-Control: no-store']],
  ['other-case-of-field', ['cache-control: max-age=3600', 'CACHE-CONTROL: no-store']],
  ['with-argument', ['Cache-Control: max-age=3600, no-store=1']],
  ['twice', ['Cache-Control: no-store, max-age=3600, no-store']],
  ['behind-open-quote', ['Cache-Control: max-age=3600, x="y, no-store']],
  ['between-quotes-of-two-lines', ['Cache-Control: max-age=3600, x="y', 'Cache-Control: z", no-store, v="w']],
  [
    'between-quotes-of-two-lines-joined',
    ['Cache-Control: max-age=3600, x="y', 'Cache-Control: no-store, z="'],
  ],
  ['behind-quoted-comma', ['Cache-Control: max-age=3600, x="a,b", no-store']],
];

const prohibitions = (directive: string): ReturnType<typeof notReused>[] =>
  spellings.map(([name, headers]) =>
    notReused(`${directive}-${name}`, `${directive}, ${name.replaceAll('-', ' ')}, is obeyed`, {
      headers: headers.map((line) =>
        line.replace('no-store', directive).replace('NO-STORE', directive.toUpperCase()),
      ),
    }),
  );

export const storingCases: readonly Case[] = [
  ...inSection('RFC 9111 §3', [
    ...statusesStoredExplicitly.map((status) =>
      reused(`status-${status}-explicit`, `${status} with explicit freshness is stored`, {
        status,
        headers: [fresh],
      }),
    ),
    ...statusesNeverStored.map((status) =>
      notReused(`status-${status}-never`, `${status} is not stored, whatever it says`, {
        status,
        headers: [fresh, 'Cache-Control: public', 'Content-Range: bytes 0-1/2'],
      }),
    ),
    ...[200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501].map((status) =>
      reused(`status-${status}-heuristic`, `${status} is cacheable by default`, {
        status,
        headers: ['Last-Modified: {date-1000}'],
      }),
    ),
    ...[201, 302, 303, 307, 403, 499, 500, 503, 599].flatMap((status) => [
      notReused(`status-${status}-not-by-default`, `${status} is not cacheable by default`, {
        status,
        headers: ['Last-Modified: {date-1000}'],
      }),
      reused(`status-${status}-public`, `${status} marked public may have a heuristic lifetime`, {
        status,
        headers: ['Last-Modified: {date-1000}', 'Cache-Control: public'],
      }),
    ]),
    notReused('nothing-said', 'without lifetime and validator nothing is reused', { headers: [] }),
    {
      id: 'method-unknown',
      title: 'a response to a method that is not understood is not stored',
      requests: [
        { method: 'FOO', response: { headers: [fresh] }, expect: { type: 'not_cached' } },
        { at: 1, expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'head-not-for-get',
      title: 'a response to HEAD is not used for GET',
      requests: [
        { method: 'HEAD', response: { headers: [fresh] }, expect: { type: 'not_cached' } },
        { at: 1, expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'get-for-head',
      title: 'a stored response to GET answers HEAD',
      requests: [
        { response: { headers: [fresh, 'X-Foo: bar'] }, expect: { type: 'not_cached' } },
        { at: 1, method: 'HEAD', expect: { type: 'cached', headers: ['X-Foo: bar'] } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.2.2.5', [
    ...prohibitions('no-store'),
    reused('no-store-quoted', 'no-store inside a quoted string is no directive', {
      headers: ['Cache-Control: max-age=3600, x="a, no-store, b"'],
    }),
    reused('no-store-other-name', 'a directive whose name only contains no-store is another one', {
      headers: ['Cache-Control: max-age=3600, x-no-store, no-stored'],
    }),
  ]),
  ...inSection('RFC 9111 §5.2.2.7', [
    ...prohibitions('private'),
    {
      id: 'private-fields',
      title: 'private with field names keeps those fields out of the store, and only those',
      requests: [
        {
          response: { headers: [fresh, 'Cache-Control: private="X-A, x-b"', 'x-a: 1', 'X-B: 2', 'X-C: 3'] },
          expect: { type: 'not_cached' },
        },
        { at: 1, expect: { type: 'cached', headers: ['X-C: 3'], missing: ['X-A', 'X-B'] } },
      ],
    },
    notReused('private-fields-and-whole', 'private beside private with names is private', {
      headers: [fresh, 'Cache-Control: private="x-a", private'],
    }),
    notReused('private-bad-names', 'private with an argument that is no list of names is private', {
      headers: [fresh, 'Cache-Control: private="x a"'],
    }),
    notReused('private-empty-names', 'private with an empty list is private', {
      headers: [fresh, 'Cache-Control: private=""'],
    }),
  ]),
  ...inSection('RFC 9111 §5.2.2.4', [
    ...prohibitions('no-cache'),
    {
      id: 'no-cache-fields',
      title: 'no-cache with field names keeps those fields out of reuse, and only those',
      requests: [
        {
          response: { headers: [fresh, 'Cache-Control: no-cache="X-A"', 'X-A: 1', 'X-C: 3'] },
          expect: { type: 'not_cached' },
        },
        { at: 1, expect: { type: 'cached', headers: ['X-C: 3'], missing: ['X-A'] } },
      ],
    },
    {
      id: 'no-cache-fields-token',
      title: 'no-cache with one field name as a token means the same',
      requests: [
        {
          response: { headers: [fresh, 'Cache-Control: no-cache=x-a', 'X-A: 1', 'X-C: 3'] },
          expect: { type: 'not_cached' },
        },
        { at: 1, expect: { type: 'cached', headers: ['X-C: 3'], missing: ['X-A'] } },
      ],
    },
    {
      id: 'no-cache-validates',
      title: 'no-cache is stored, and used after successful validation',
      requests: [
        {
          response: { headers: [fresh, 'Cache-Control: no-cache', 'ETag: "a"'] },
          expect: { type: 'not_cached' },
        },
        {
          at: 1,
          response: { status: 304, headers: ['ETag: "a"'] },
          expect: { type: 'validated', asked: { headers: ['If-None-Match: "a"'] } },
        },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.2.2.3', [
    reused('must-understand', 'must-understand with an understood status sets no-store aside', {
      headers: [fresh, 'Cache-Control: no-store, must-understand'],
    }),
    notReused('must-understand-unknown', 'must-understand with a status not understood forbids storing', {
      status: 599,
      headers: [fresh, 'Cache-Control: must-understand'],
    }),
  ]),
  ...inSection('RFC 9111 §3.5', [
    notReused('authorization', 'a response to a request with Authorization is not stored', {
      request: ['Authorization: Basic x'],
      headers: [fresh],
    }),
    ...['public', 'must-revalidate', 's-maxage=3600'].map((directive) =>
      reused(`authorization-${directive.replace(/=.*/, '')}`, `Authorization with ${directive} is stored`, {
        request: ['Authorization: Basic x'],
        headers: [fresh, `Cache-Control: ${directive}`],
      }),
    ),
    notReused('authorization-proxy-revalidate', 'proxy-revalidate does not allow it', {
      request: ['Authorization: Basic x'],
      headers: [fresh, 'Cache-Control: proxy-revalidate'],
    }),
  ]),
  ...inSection('RFC 9111 §5.2.1.5', [
    {
      id: 'request-no-store',
      title: 'no-store in the request keeps the response out of the store',
      requests: [
        {
          headers: ['Cache-Control: no-store'],
          response: { headers: [fresh] },
          expect: { type: 'not_cached' },
        },
        { at: 1, expect: { type: 'not_cached' } },
      ],
    },
  ]),
];
