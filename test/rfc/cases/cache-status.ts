/** RFC 9211, RFC 9209: what the proxy reports about itself. */

import { brief, type Case, fresh, inSection, notModified, stored } from './form.ts';

export const cacheStatusCases: readonly Case[] = [
  ...inSection('RFC 9211 §2', [
    {
      id: 'cache-status-miss',
      title: 'uri-miss and stored; then hit and ttl',
      requests: [
        {
          response: { headers: ['Cache-Control: max-age=60'] },
          expect: { type: 'not_cached', cacheStatus: 'fwd=uri-miss; stored' },
        },
        { expect: { type: 'cached', cacheStatus: 'hit; ttl=60' } },
        { pause: 13, expect: { type: 'cached', cacheStatus: 'hit; ttl=47' } },
      ],
    },
    {
      id: 'cache-status-not-stored',
      title: 'why it is not stored',
      requests: [
        {
          response: { headers: ['Cache-Control: no-store'] },
          expect: { type: 'not_cached', cacheStatus: 'fwd=uri-miss; detail=no-store' },
        },
      ],
    },
    {
      id: 'cache-status-append',
      title: 'appended to the Cache-Status of the origin’s own cache',
      requests: [
        {
          response: fresh('Cache-Status: inner; hit'),
          expect: {
            type: 'not_cached',
            headers: ['Cache-Status: inner; hit, shelflife; fwd=uri-miss; stored'],
          },
        },
        { expect: { type: 'cached', headers: ['Cache-Status: inner; hit, shelflife; hit; ttl=3600'] } },
      ],
    },
    {
      id: 'cache-status-stale',
      title: 'stale, with the status of the origin',
      requests: [
        stored(brief('ETag: "a"')),
        {
          pause: 3,
          response: notModified('ETag: "a"'),
          expect: { type: 'etag_validated', cacheStatus: 'fwd=stale; fwd-status=304; stored' },
        },
      ],
    },
    {
      id: 'cache-status-request',
      title: 'what the client asked for',
      requests: [
        stored(fresh()),
        {
          headers: ['Cache-Control: no-cache'],
          expect: { type: 'not_cached', cacheStatus: 'fwd=request; stored' },
        },
      ],
    },
    {
      id: 'cache-status-method',
      title: 'method',
      requests: [
        {
          method: 'POST',
          body: 'a',
          response: {},
          expect: { type: 'not_cached', cacheStatus: 'fwd=method' },
        },
      ],
    },
    {
      id: 'cache-status-partial',
      title: 'partial, when the stored part is not enough',
      requests: [
        {
          headers: ['Range: bytes=0-4'],
          response: {
            status: 206,
            headers: ['Cache-Control: max-age=60', 'ETag: "a"', 'Content-Range: bytes 0-4/10'],
            body: '01234',
          },
          expect: { type: 'not_cached' },
        },
        {
          response: {
            status: 206,
            headers: ['Cache-Control: max-age=60', 'ETag: "a"', 'Content-Range: bytes 5-9/10'],
            body: '56789',
          },
          expect: { type: 'completed', status: 200, cacheStatus: 'fwd=partial; fwd-status=206; stored' },
        },
      ],
    },
    {
      id: 'cache-status-failed',
      title: 'on an error of ours, beside Proxy-Status',
      requests: [
        {
          response: { breaks: 'before-head' },
          expect: {
            type: 'error',
            status: 502,
            headers: ['Proxy-Status: shelflife; error=connection_terminated', 'Cache-Status: *'],
          },
        },
      ],
    },
  ]),
];
