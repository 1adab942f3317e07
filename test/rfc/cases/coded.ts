/** RFC 9110 §8.4, §14: text stored compressed, and sent in a form the client accepts. */

import { brief, type Case, fresh, inSection, type OriginAnswer, stored } from './form.ts';

const text = 'abcdefghij'.repeat(400);
const page = (...headers: string[]): OriginAnswer => ({
  ...fresh('Content-Type: text/html', 'ETag: "a"', ...headers),
  body: text,
});
const gzip = ['Accept-Encoding: gzip'];
const plain = { type: 'cached' as const, status: 200, body: text, missing: ['Content-Encoding'] };

export const codedCases: readonly Case[] = inSection('RFC 9110 §8.4', [
  {
    id: 'coded-plain',
    title: 'a client without Accept-Encoding gets plain text',
    requests: [stored(page()), { expect: { ...plain, headers: ['Content-Length: 4000', 'ETag: "a"'] } }],
  },
  {
    id: 'coded-refused',
    title: 'a client that refuses the coding gets plain text',
    requests: [stored(page()), { headers: ['Accept-Encoding: gzip;q=0, *;q=0'], expect: plain }],
  },
  {
    id: 'coded-plain-range',
    title: 'a range is of the form that is sent: here the plain text',
    requests: [
      stored(page()),
      {
        headers: ['Range: bytes=11-13'],
        expect: {
          type: 'cached',
          status: 206,
          body: 'bcd',
          headers: ['Content-Range: bytes 11-13/4000'],
          missing: ['Content-Encoding'],
        },
      },
    ],
  },
  {
    id: 'coded-plain-if-range',
    title: 'If-Range with its strong tag',
    requests: [
      stored(page()),
      {
        headers: ['Range: bytes=11-13', 'If-Range: "a"'],
        expect: { type: 'cached', status: 206, body: 'bcd' },
      },
    ],
  },
  {
    id: 'coded-if-range',
    title: 'a tag of the plain text does not match the compressed form: the whole is sent',
    requests: [
      stored(page()),
      {
        headers: [...gzip, 'Range: bytes=11-13', 'If-Range: W/"a"'],
        expect: { type: 'cached', status: 200, missing: ['Content-Range'] },
      },
    ],
  },
  {
    id: 'coded-not-modified',
    title: 'a condition holds for either form',
    requests: [
      stored(page()),
      { headers: [...gzip, 'If-None-Match: W/"a"'], expect: { type: 'cached', status: 304, body: '' } },
      { headers: ['If-None-Match: "a"'], expect: { type: 'cached', status: 304, body: '' } },
    ],
  },
  {
    id: 'coded-validated',
    title: 'validation is with the tag of the origin',
    requests: [
      stored({ ...brief('Content-Type: text/html', 'ETag: "a"'), body: text }),
      {
        pause: 3,
        headers: gzip,
        response: { status: 304, headers: ['ETag: "a"'] },
        expect: { type: 'etag_validated', status: 200, asked: { headers: ['If-None-Match: "a"'] } },
      },
      { expect: plain },
    ],
  },
  {
    id: 'coded-head',
    title: 'HEAD tells the length GET would have',
    requests: [
      stored(page()),
      { method: 'HEAD', expect: { type: 'cached', headers: ['Content-Length: 4000'], body: '' } },
    ],
  },
  {
    id: 'coded-head-freshens',
    title: 'a HEAD is compared with the length the origin sent',
    requests: [
      stored({ ...brief('Content-Type: text/html'), body: text }),
      {
        pause: 3,
        method: 'HEAD',
        response: { ...page(), headers: ['Cache-Control: max-age=3600', 'Content-Type: text/html'] },
        expect: { type: 'not_cached' },
      },
      { expect: plain },
    ],
  },
  {
    id: 'coded-no-transform',
    title: 'no-transform is obeyed',
    requests: [
      stored(page('Cache-Control: no-transform')),
      { headers: gzip, expect: { ...plain, headers: ['ETag: "a"'] } },
    ],
  },
  {
    id: 'coded-origin',
    title: 'a body coded by the origin is not changed',
    requests: [
      stored({ ...page('Content-Encoding: br', 'Vary: Accept-Encoding') }, ['Accept-Encoding: br']),
      {
        headers: ['Accept-Encoding: br'],
        expect: { type: 'cached', body: text, headers: ['Content-Encoding: br', 'ETag: "a"'] },
      },
      { headers: gzip, response: page('Vary: Accept-Encoding'), expect: { type: 'not_cached' } },
    ],
  },
]);
