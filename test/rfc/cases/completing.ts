/** RFC 9111 §3.4: stored parts that are combined and completed. */

import { type Case, fresh, inSection } from './form.ts';
import { asking, cachedPart, partial, tag, text } from './parts.ts';

export const completingCases: readonly Case[] = [
  ...inSection('RFC 9111 §3.4', [
    {
      id: 'part-combined',
      title: 'two parts with the same strong tag are one',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['Range: bytes=5-7'],
          response: partial(5, 7, tag),
          expect: { type: 'not_cached', status: 206 },
        },
        cachedPart('bytes=3-6', '3456'),
      ],
    },
    {
      id: 'part-combined-whole',
      title: 'all parts together are the whole',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['Range: bytes=5-9'],
          response: partial(5, 9, tag),
          expect: { type: 'not_cached', status: 206 },
        },
        {
          expect: {
            type: 'cached',
            status: 200,
            body: text,
            missing: ['Content-Range'],
            headers: ['Content-Length: 10'],
          },
        },
      ],
    },
    {
      id: 'part-completed',
      title: 'a plain GET asks for the rest alone, and gets the whole',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          response: partial(5, 9, tag),
          expect: {
            type: 'completed',
            status: 200,
            body: text,
            asked: { headers: ['Range: bytes=5-9', 'If-Range: "a"'] },
            missing: ['Content-Range'],
          },
        },
        { expect: { type: 'cached', status: 200, body: text } },
      ],
    },
    {
      id: 'part-completed-changed',
      title: 'where it has changed, the new whole',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          response: { ...fresh('ETag: "b"'), body: 'abcdefghij' },
          expect: { type: 'not_cached', status: 200, body: 'abcdefghij' },
        },
        { expect: { type: 'cached', body: 'abcdefghij' } },
      ],
    },
    {
      id: 'part-completed-front',
      title: 'the beginning is requested when the end is stored',
      requests: [
        asking('bytes=-5', partial(5, 9, tag)),
        {
          response: partial(0, 4, tag),
          expect: { type: 'completed', status: 200, body: text, asked: { headers: ['Range: bytes=0-4'] } },
        },
      ],
    },
    {
      id: 'part-completed-failed',
      title: 'a completion that breaks off is not used, and the stored part stays',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          response: { ...partial(5, 9, tag), breaks: 'in-body' },
          expect: { type: 'error', status: 502 },
        },
        cachedPart('bytes=0-4', '01234'),
      ],
    },
    {
      id: 'part-completed-wrong',
      title: 'an answer that is not the missing rest is never joined with the stored part',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        { response: { ...partial(6, 9, tag) } },
        {
          response: { ...fresh('ETag: "b"'), body: 'abcdefghij' },
          expect: { type: 'not_cached', body: 'abcdefghij' },
        },
      ],
    },
    {
      id: 'part-completed-conditional',
      title: 'a client that has another gets the whole, never a part',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['If-None-Match: "x"'],
          response: { ...fresh(tag), body: text },
          expect: { type: 'not_cached', status: 200, body: text },
        },
      ],
    },
    {
      id: 'part-larger',
      title: 'a larger part comes from the origin, and is joined with the stored part',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['Range: bytes=2-7'],
          response: partial(2, 7, tag),
          expect: { type: 'not_cached', status: 206, body: '234567' },
        },
        cachedPart('bytes=0-7', '01234567'),
      ],
    },
    {
      id: 'part-other-tag',
      title: 'parts with different tags are never one',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag)),
        {
          headers: ['Range: bytes=5-9'],
          response: partial(5, 9, 'ETag: "b"'),
          expect: { type: 'not_cached', status: 206, body: '56789' },
        },
        {
          response: { ...fresh('ETag: "b"'), body: text },
          expect: { type: 'not_cached', status: 200, body: text },
        },
      ],
    },
    {
      id: 'part-weak-tag',
      title: 'nor are parts with a weak tag',
      requests: [
        asking('bytes=0-4', partial(0, 4, 'ETag: W/"a"')),
        {
          headers: ['Range: bytes=5-9'],
          response: partial(5, 9, 'ETag: W/"a"'),
          expect: { type: 'not_cached' },
        },
        { response: { ...fresh(), body: text }, expect: { type: 'not_cached', status: 200, body: text } },
      ],
    },
    {
      id: 'part-fields',
      title: 'the fields of a part that completes are those of the whole',
      requests: [
        asking('bytes=0-4', partial(0, 4, tag, 'X-A: 1', 'X-B: 1')),
        {
          headers: ['Range: bytes=5-9'],
          response: partial(5, 9, tag, 'X-A: 2'),
          expect: { type: 'not_cached' },
        },
        { expect: { type: 'cached', status: 200, headers: ['X-A: 2', 'X-B: 1'] } },
      ],
    },
  ]),
];
