/** RFC 9111 §3.2, §4.3.4: how a 304 changes a stored response. */

import { brief, type Case, inSection, notModified, stored } from './form.ts';

const validators = [
  ['etag', 'ETag: "a"'],
  ['lm', 'Last-Modified: {start-60}'],
] as const;

/** Fields a 304 replaces, with the old and the new value. */
const updated: readonly (readonly [name: string, before: string, after: string])[] = [
  ['Test-Header', 'a', 'b'],
  ['X-Test-Header', 'a', 'b'],
  ['Content-Foo', 'a', 'b'],
  ['X-Content-Foo', 'a', 'b'],
  ['Cache-Control', 'max-age=2', 'max-age=3600'],
  ['Content-Location', '/a', '/b'],
  ['Content-Security-Policy', "default-src 'self'", "default-src 'none'"],
  ['Content-Type', 'text/plain', 'text/plain;charset=utf-8'],
  ['Content-Disposition', 'inline', 'attachment'],
  ['Content-MD5', 'rL0Y20zC+Fzt72VPzMSk2A==', 'N7UdGUp1E+RbVvZSTy1R8g=='],
  ['Clear-Site-Data', '"cache"', '"cookies"'],
  ['Expires', '{start+10}', '{start+7200}'],
  ['Link', '</a>; rel=preload', '</b>; rel=preload'],
  ['Public-Key-Pins', 'a', 'b'],
  ['Strict-Transport-Security', 'max-age=1', 'max-age=2'],
  ['Vary', 'Foo', 'Bar'],
  ['X-Frame-Options', 'deny', 'sameorigin'],
  ['X-XSS-Protection', '1', '0'],
];
/** Fields that describe the stored content: a 304 does not touch them. */
const kept: readonly (readonly [name: string, before: string, after: string])[] = [
  ['Content-Encoding', 'x-a', 'x-b'],
  ['Content-Type', 'application/json', 'text/html'],
  ['Content-Range', 'bytes 0-5/6', 'bytes 1-5/6'],
  ['Content-MD5', 'rL0Y20zC+Fzt72VPzMSk2A==', '1B2M2Y8AsgTpgAmY7PhCfg=='],
];

const lineOf = (name: string, value: string): string => `${name}: ${value}`;
const lifetime = (name: string): string[] =>
  name === 'Cache-Control' ? [] : ['Cache-Control: max-age=3600'];
const firstLifetime = (name: string): string[] =>
  name === 'Cache-Control' ? [] : ['Cache-Control: max-age=2'];

const freshening = (
  id: string,
  title: string,
  [name, before, after]: readonly [string, string, string],
  gives: string,
) =>
  validators.map(([kind, validator]) => ({
    id: `304-${kind}-${id}-${name.toLowerCase()}${before === 'application/json' || after.startsWith('1B2M') ? '-other' : ''}`,
    title: `${title} (${name}, ${kind})`,
    requests: [
      stored({ headers: [...firstLifetime(name), validator, lineOf(name, before)] }),
      {
        pause: 3,
        response: notModified(...lifetime(name), validator, ...(after === '' ? [] : [lineOf(name, after)])),
        expect: {
          type: 'validated' as const,
          status: 200,
          body: 'step 1',
          headers: [lineOf(name, gives)],
        },
      },
      { expect: { type: 'cached' as const, body: 'step 1', headers: [lineOf(name, gives)] } },
    ],
  }));

export const update304Cases: readonly Case[] = [
  ...inSection('RFC 9111 §3.2', [
    ...updated.flatMap((field) => freshening('update', 'a 304 replaces a stored field', field, field[2])),
    ...kept.flatMap((field) =>
      freshening('keep', 'a 304 leaves what describes the content', field, field[1]),
    ),
    ...updated
      .filter(([name, before]) => name !== 'Cache-Control' && before !== 'application/json')
      .flatMap(([name, before]) =>
        freshening('use-stored', 'what a 304 leaves out stays', [name, before, ''], before),
      ),
    {
      id: '304-adds',
      title: 'a field the stored response has not is added',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          response: notModified('ETag: "a"', 'Cache-Control: max-age=60', 'X-New: 1'),
          expect: { type: 'etag_validated', headers: ['X-New: 1'] },
        },
        { expect: { type: 'cached', headers: ['X-New: 1'] } },
      ],
    },
    {
      id: '304-hop-by-hop',
      title: 'hop-by-hop fields of a 304 are not stored',
      requests: [
        stored(brief('ETag: "a"', 'X-A: 1')),
        {
          pause: 3,
          response: notModified('ETag: "a"', 'Cache-Control: max-age=60', 'Connection: X-A', 'X-A: 2'),
          expect: { type: 'etag_validated', headers: ['X-A: 1'] },
        },
        { expect: { type: 'cached', headers: ['X-A: 1'] } },
      ],
    },
    {
      id: '304-lines',
      title: 'all lines of a field are replaced by all lines of the new one, in order',
      requests: [
        stored(brief('ETag: "a"', 'X-A: 1', 'X-A: 2')),
        {
          pause: 3,
          response: notModified('ETag: "a"', 'Cache-Control: max-age=60', 'X-A: 4', 'X-A: 3'),
          expect: { type: 'etag_validated', headers: ['X-A: 4, 3'] },
        },
      ],
    },
    {
      id: '304-content-length',
      title: 'the length stays that of the content',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          response: notModified('ETag: "a"', 'Cache-Control: max-age=60', 'Content-Length: 99'),
          expect: { type: 'etag_validated', headers: ['Content-Length: 6'], body: 'step 1' },
        },
        { expect: { type: 'cached', headers: ['Content-Length: 6'], body: 'step 1' } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §4.3.4', [
    {
      id: '304-lifetime',
      title: 'age and lifetime begin anew',
      requests: [
        stored(brief('ETag: "a"', 'Date: {start}')),
        {
          pause: 10,
          response: notModified('ETag: "a"'),
          expect: { type: 'etag_validated', headers: ['Age: 0'] },
        },
        { pause: 1, expect: { type: 'cached', headers: ['Age: 1', 'Date: {start+10}'] } },
        { pause: 2, response: notModified('ETag: "a"'), expect: { type: 'etag_validated' } },
      ],
    },
    {
      id: '304-age',
      title: 'the Age of the 304 counts',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 10,
          response: notModified('ETag: "a"', 'Cache-Control: max-age=60', 'Age: 50'),
          expect: { type: 'etag_validated', headers: ['Age: 50'] },
        },
        { pause: 5, expect: { type: 'cached', headers: ['Age: 55'] } },
        { pause: 5, response: notModified('ETag: "a"'), expect: { type: 'etag_validated' } },
      ],
    },
    {
      id: '304-other-tag',
      title: 'a 304 with another strong tag is about another response: the request is sent again',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          response: notModified('ETag: "b"', 'Cache-Control: max-age=3600'),
          expect: { type: 'not_cached' },
        },
        { response: { headers: [] }, expect: { type: 'not_cached', body: 'step 3' } },
      ],
    },
    {
      id: '304-variant',
      title: 'a 304 freshens the variant asked about and no other',
      requests: [
        stored(brief('Vary: Foo', 'ETag: "a"'), ['Foo: 1']),
        { headers: ['Foo: 2'], response: brief('Vary: Foo', 'ETag: "b"'), expect: { type: 'not_cached' } },
        {
          pause: 3,
          headers: ['Foo: 1'],
          response: notModified('ETag: "a"', 'Cache-Control: max-age=3600'),
          expect: { type: 'etag_validated', body: 'step 1' },
        },
        { headers: ['Foo: 1'], expect: { type: 'cached', body: 'step 1' } },
        {
          headers: ['Foo: 2'],
          response: notModified('ETag: "b"'),
          expect: { type: 'etag_validated', body: 'step 2', asked: { headers: ['If-None-Match: "b"'] } },
        },
      ],
    },
    {
      id: '304-no-store',
      title: 'no-store in a 304 that carries the tag ends the entry',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          response: notModified('ETag: "a"', 'Cache-Control: no-store'),
          expect: { type: 'etag_validated', status: 200, body: 'step 1' },
        },
        { response: {}, expect: { type: 'not_cached', asked: { missing: ['If-None-Match'] } } },
      ],
    },
    {
      id: '304-bare',
      title: 'a bare 304 with a framework’s no-store does not',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2', 'ETag: "a"'] }),
        {
          pause: 3,
          response: notModified('Cache-Control: no-cache, no-store', 'Pragma: no-cache', 'Expires: 0'),
          expect: { type: 'etag_validated', status: 200, headers: ['Cache-Control: max-age=2'] },
        },
        { pause: 1, expect: { type: 'cached', headers: ['Cache-Control: max-age=2'], missing: ['Pragma'] } },
      ],
    },
  ]),
];
