/** RFC 9111 §5.2.2, RFC 8246: response directives and their spellings. */

import { type Case, fresh, inSection, notModified, notReused, reused, stored } from './form.ts';

const refused = (value: string): string[] => ['Cache-Control: max-age=3600', `Cache-Control: ${value}`];

export const responseDirectiveCases: readonly Case[] = [
  ...inSection('RFC 9111 §5.2.2.5', [
    notReused('no-store', 'no-store is not stored', { headers: ['Cache-Control: no-store'] }),
    notReused('no-store-case', 'in any case', { headers: ['Cache-Control: max-age=3600, No-StOrE'] }),
    notReused('no-store-fresh', 'whatever freshness stands beside it', {
      headers: ['Cache-Control: no-store, max-age=3600, s-maxage=3600, public', 'Expires: {date+3600}'],
    }),
    notReused('no-store-line', 'in a line of its own', { headers: refused('no-store') }),
    notReused('no-store-line-first', 'in the first of several lines', {
      headers: ['Cache-Control: no-store', 'Cache-Control: max-age=3600'],
    }),
    notReused('no-store-argument', 'with an argument that means nothing', { headers: refused('no-store=0') }),
    notReused('no-store-behind-quote', 'behind a quote that never closes', {
      headers: ['Cache-Control: max-age=3600, foo="bar, no-store'],
    }),
    notReused('no-store-spaces', 'between odd spaces', {
      headers: ['Cache-Control:   max-age=3600 ,,  \t no-store  ,'],
    }),
    reused('no-store-quoted', 'but not inside an argument', {
      headers: ['Cache-Control: foo="no-store", max-age=3600'],
    }),
    reused('no-store-prefix', 'nor as a part of a longer name', {
      headers: ['Cache-Control: max-age=3600, no-storeroom, x-no-store'],
    }),
    {
      id: 'no-store-old',
      title: 'a newer response with no-store leaves the stored one alone',
      requests: [
        stored(fresh()),
        {
          headers: ['Cache-Control: no-cache'],
          response: { headers: ['Cache-Control: no-store'] },
          expect: { type: 'not_cached' },
        },
        { expect: { type: 'cached', of: 1 } },
      ],
    },
    {
      id: 'no-store-old-max-age',
      title: 'also one with max-age=0 besides',
      requests: [
        stored(fresh()),
        {
          headers: ['Cache-Control: no-cache'],
          response: { headers: ['Cache-Control: no-store, max-age=0'] },
          expect: { type: 'not_cached' },
        },
        { expect: { type: 'cached', of: 1 } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §5.2.2.7', [
    notReused('private', 'private is not for a shared cache', { headers: refused('private') }),
    notReused('private-case', 'in any case', { headers: refused('PRIVATE') }),
    notReused('private-public', 'public beside it does not help', { headers: refused('public, private') }),
    notReused('private-s-maxage', 'nor does s-maxage', { headers: refused('private, s-maxage=60') }),
    notReused('private-empty', 'an empty list of names is none', { headers: refused('private=""') }),
    notReused('private-both', 'the unqualified form rules', { headers: refused('private="x-a", private') }),
    reused('private-fields', 'with names the rest is reused without those fields', {
      headers: [...refused('private="X-A, x-b"'), 'X-A: 1', 'X-B: 2', 'X-C: 3'],
      expect: { headers: ['X-C: 3'], missing: ['X-A', 'X-B'] },
    }),
    reused('private-fields-token', 'also where the name is not quoted', {
      headers: [...refused('private=x-a'), 'X-A: 1'],
      expect: { missing: ['X-A'] },
    }),
  ]),
  ...inSection('RFC 9111 §5.2.2.4', [
    notReused('no-cache', 'no-cache is never reused without validation', { headers: refused('no-cache') }),
    notReused('no-cache-case', 'in any case', { headers: refused('No-CaChE') }),
    notReused('no-cache-s-maxage', 's-maxage beside it does not help', {
      headers: refused('no-cache, s-maxage=60'),
    }),
    {
      id: 'no-cache-validated',
      title: 'with a validator it is reused after validation',
      requests: [
        stored({ headers: ['Cache-Control: no-cache', 'ETag: "a"'] }),
        {
          response: notModified('ETag: "a"', 'Cache-Control: no-cache'),
          expect: { type: 'etag_validated', status: 200, body: 'step 1' },
        },
      ],
    },
    {
      id: 'no-cache-validated-fresh',
      title: 'also when it is fresh',
      requests: [
        stored(fresh('Cache-Control: no-cache', 'Last-Modified: {start-60}')),
        {
          response: notModified('Cache-Control: max-age=3600, no-cache'),
          expect: { type: 'lm_validated', status: 200, body: 'step 1' },
        },
        {
          response: notModified('Cache-Control: max-age=3600, no-cache'),
          expect: { type: 'lm_validated', status: 200, body: 'step 1' },
        },
      ],
    },
    reused('no-cache-fields', 'with names the rest is reused without those fields', {
      headers: [...refused('no-cache="x-a, X-B"'), 'X-A: 1', 'X-B: 2', 'X-C: 3'],
      expect: { headers: ['X-C: 3'], missing: ['X-A', 'X-B'] },
    }),
    reused('no-cache-field-single', 'with one name as well', {
      headers: [...refused('no-cache="x-a"'), 'X-A: 1'],
      expect: { missing: ['X-A'] },
    }),
    reused('no-cache-field-spaces', 'with odd spaces in the list', {
      headers: [...refused('no-cache=" x-a ,, x-b "'), 'X-A: 1', 'X-B: 1', 'X-C: 3'],
      expect: { missing: ['X-A', 'X-B'], headers: ['X-C: 3'] },
    }),
  ]),
  ...inSection('RFC 9111 §5.2.2.2', [
    reused('must-revalidate-fresh', 'must-revalidate does not matter while fresh', {
      headers: refused('must-revalidate'),
    }),
    notReused('must-revalidate-stale', 'once stale it does', {
      headers: ['Cache-Control: max-age=2, must-revalidate'],
      second: ['Cache-Control: max-stale=100'],
      pause: 3,
    }),
    reused('proxy-revalidate-fresh', 'nor does proxy-revalidate', { headers: refused('proxy-revalidate') }),
    {
      id: 'must-revalidate-validated',
      title: 'a stale one is validated',
      requests: [
        stored({ headers: ['Cache-Control: max-age=2, must-revalidate', 'ETag: "a"'] }),
        { pause: 3, response: notModified('ETag: "a"'), expect: { type: 'etag_validated', body: 'step 1' } },
      ],
    },
  ]),
  ...inSection('RFC 8246 §2', [
    reused('immutable', 'immutable is reused while fresh', { headers: refused('immutable') }),
    reused('immutable-reload', 'also when the client reloads with max-age=0', {
      headers: refused('immutable'),
      second: ['Cache-Control: max-age=0'],
    }),
    notReused('immutable-stale', 'not once stale', {
      headers: ['Cache-Control: max-age=2, immutable'],
      pause: 3,
    }),
    notReused('immutable-no-cache', 'not when the client says no-cache', {
      headers: refused('immutable'),
      second: ['Cache-Control: no-cache'],
    }),
  ]),
  ...inSection('RFC 9111 §5.2.3', [
    reused('extension', 'an unknown directive is ignored', { headers: refused('foobar') }),
    reused('extension-argument', 'also with an argument', { headers: refused('foobar="a, b"; x=y') }),
    reused('no-transform', 'no-transform has no bearing on storing', { headers: refused('no-transform') }),
    reused('post-check', 'nor have pre-check and post-check', {
      headers: refused('post-check=0, pre-check=0'),
    }),
  ]),
];
