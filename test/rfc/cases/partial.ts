/** RFC 9111 §3.3: stored parts, and what they answer. */

import { type Case, fresh, inSection, stored } from './form.ts';
import { asking, cachedPart, partial, tag, text } from './parts.ts';

export const partialCases: readonly Case[] = [
  ...inSection('RFC 9111 §3.3', [
    {
      id: 'part-same',
      title: 'a stored part answers a request for the same part',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          pause: 1,
          headers: ['Range: bytes=0-4'],
          expect: {
            type: 'cached',
            status: 206,
            body: '01234',
            headers: ['Content-Range: bytes 0-4/10', 'Content-Length: 5', 'Age: 1'],
          },
        },
      ],
    },
    {
      id: 'part-same-suffix',
      title: 'also when it was requested as a suffix range',
      requests: [asking('bytes=-5', partial(5, 9, tag)), cachedPart('bytes=-5', '56789')],
    },
    {
      id: 'part-no-validator',
      title: 'a part without validator answers the same request',
      requests: [asking('bytes=-5', partial(5, 9)), cachedPart('bytes=-5', '56789')],
    },
    {
      id: 'part-no-validator-smaller',
      title: 'and one for a smaller part',
      requests: [asking('bytes=-5', partial(5, 9)), cachedPart('bytes=6-8', '678')],
    },
    {
      id: 'part-smaller',
      title: 'a stored part answers a request for a smaller one',
      requests: [asking('bytes=4-9', partial(4, 9, tag)), cachedPart('bytes=6-8', '678')],
    },
    {
      id: 'part-smaller-open',
      title: 'one up to the end',
      requests: [asking('bytes=-5', partial(5, 9, tag)), cachedPart('bytes=6-', '6789')],
    },
    {
      id: 'part-smaller-suffix',
      title: 'the last byte',
      requests: [asking('bytes=-5', partial(5, 9, tag)), cachedPart('bytes=-1', '9')],
    },
    {
      id: 'part-whole',
      title: 'a part is never served as the whole',
      requests: [
        asking('bytes=0-4', partial(0, 4)),
        { response: { ...fresh(), body: text }, expect: { type: 'not_cached', status: 200, body: text } },
      ],
    },
    {
      id: 'part-beyond',
      title: 'nor as a part it does not hold',
      requests: [
        asking('bytes=0-4', partial(0, 4, 'ETag: W/"a"')),
        {
          headers: ['Range: bytes=3-7'],
          response: partial(3, 7),
          expect: { type: 'not_cached', status: 206, body: '34567' },
        },
      ],
    },
    {
      id: 'part-stale',
      title: 'a stale part is not reused',
      requests: [
        {
          headers: ['Range: bytes=0-4'],
          response: {
            status: 206,
            headers: ['Cache-Control: max-age=2', 'Content-Range: bytes 0-4/10'],
            body: '01234',
          },
          expect: { type: 'not_cached' },
        },
        { pause: 3, headers: ['Range: bytes=0-4'], expect: { type: 'not_cached', status: 206 } },
      ],
    },
    {
      id: 'part-no-store',
      title: 'a part that may not be stored is not',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag, 'Cache-Control: no-store')),
        { headers: ['Range: bytes=0-4'], expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'part-content-range',
      title: 'a 206 without Content-Range is not stored',
      requests: [
        asking('bytes=0-4', { status: 206, headers: ['Cache-Control: max-age=3600', tag], body: '01234' }),
        { headers: ['Range: bytes=0-4'], expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'part-lying-length',
      title: 'nor is one whose Content-Range does not fit its content',
      requests: [
        asking('bytes=0-4', {
          status: 206,
          headers: ['Cache-Control: max-age=3600', tag, 'Content-Range: bytes 0-7/10'],
          body: '01234',
        }),
        { headers: ['Range: bytes=2-6'], expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'part-head',
      title: 'HEAD is not answered from a part',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          method: 'HEAD',
          response: { ...fresh(tag), body: text },
          expect: { type: 'not_cached', status: 200 },
        },
      ],
    },
    {
      id: 'part-if-range-other',
      title: 'If-Range with another tag than the part’s is the origin’s to answer',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['Range: bytes=0-4', 'If-Range: "b"'],
          response: { ...fresh('ETag: "c"'), body: text },
          expect: { type: 'not_cached', status: 200, body: text },
        },
      ],
    },
    {
      id: 'part-if-range',
      title: 'If-Range with its tag is answered from it',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['Range: bytes=0-4', 'If-Range: "a"'],
          expect: { type: 'cached', status: 206, body: '01234' },
        },
      ],
    },
    {
      id: 'part-unknown-length',
      title: 'a part of unknown total length is not taken for the whole',
      requests: [
        asking('bytes=0-4', {
          status: 206,
          headers: ['Cache-Control: max-age=3600', tag, 'Content-Range: bytes 0-4/*'],
          body: '01234',
        }),
        {
          headers: ['Range: bytes=-3'],
          response: partial(7, 9, tag),
          expect: { type: 'not_cached', body: '789' },
        },
      ],
    },
    {
      id: 'part-variants',
      title: 'parts of different variants are apart',
      requests: [
        {
          headers: ['Range: bytes=0-4', 'Foo: 1'],
          response: partial(0, 4, tag, 'Vary: Foo'),
          expect: { type: 'not_cached' },
        },
        {
          headers: ['Range: bytes=0-4', 'Foo: 2'],
          response: partial(0, 4, tag, 'Vary: Foo'),
          expect: { type: 'not_cached' },
        },
        { headers: ['Range: bytes=0-4', 'Foo: 1'], expect: { type: 'cached', of: 1 } },
      ],
    },
    {
      id: 'part-invalidated',
      title: 'a write makes parts stale too',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        { method: 'POST', body: 'a', response: {}, expect: { type: 'not_cached' } },
        { headers: ['Range: bytes=0-4'], response: partial(0, 4, tag), expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'part-only-if-cached',
      title: 'only-if-cached takes a part that is there, and 504 otherwise',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['Range: bytes=1-2', 'Cache-Control: only-if-cached'],
          expect: { type: 'cached', body: '12' },
        },
        {
          headers: ['Range: bytes=6-7', 'Cache-Control: only-if-cached'],
          expect: { type: 'error', status: 504 },
        },
        { headers: ['Cache-Control: only-if-cached'], expect: { type: 'error', status: 504 } },
      ],
    },
    {
      id: 'part-multipart',
      title: 'several parts are passed on and not stored',
      requests: [
        asking('bytes=0-1, 8-9', {
          status: 206,
          headers: ['Cache-Control: max-age=3600', tag, 'Content-Type: multipart/byteranges; boundary=x'],
          body: '--x--',
        }),
        { headers: ['Range: bytes=0-1, 8-9'], expect: { type: 'not_cached', status: 206 } },
        { response: { ...fresh(), body: text }, expect: { type: 'not_cached', status: 200, body: text } },
      ],
    },
    {
      id: 'part-beside-whole',
      title: 'a part does not take the place of a fresh whole',
      requests: [
        stored({ ...fresh(tag), body: text }),
        {
          headers: ['Range: bytes=0-4', 'Cache-Control: no-cache'],
          response: partial(0, 4, 'ETag: "b"'),
        },
        { expect: { type: 'cached', of: 1, status: 200, body: text } },
      ],
    },
  ]),
];
