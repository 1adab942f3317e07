/** RFC 9111 §2, RFC 9110 §7.6.2, RFC 9112: targets, hosts, Max-Forwards, old versions. */

import { type Case, fresh, inSection, stored } from './form.ts';

export const messageCases: readonly Case[] = [
  ...inSection('RFC 9111 §2', [
    {
      id: 'query-same',
      title: 'the same query is the same resource',
      requests: [
        { target: '?a=1&b=2', response: fresh(), expect: { type: 'not_cached' } },
        { target: '?a=1&b=2', expect: { type: 'cached' } },
      ],
    },
    {
      id: 'query-other',
      title: 'another query is another',
      requests: [
        { target: '?a=1', response: fresh(), expect: { type: 'not_cached' } },
        { target: '?a=2', expect: { type: 'not_cached' } },
        { expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'query-heuristic',
      title: 'a query does not forbid a heuristic lifetime',
      requests: [
        {
          target: '?a=1',
          response: { headers: ['Last-Modified: {date-86400}'] },
          expect: { type: 'not_cached' },
        },
        { target: '?a=1', expect: { type: 'cached' } },
      ],
    },
    {
      id: 'path-case',
      title: 'another spelling in case is another path',
      requests: [
        { target: '/a', response: fresh(), expect: { type: 'not_cached' } },
        { target: '/A', expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'path-escaped',
      title: 'another spelling of the same path is the same',
      requests: [
        { target: '/ab', response: fresh(), expect: { type: 'not_cached' } },
        { target: '/./%61b', expect: { type: 'cached' } },
      ],
    },
    {
      id: 'absolute-form',
      title: 'an absolute target is the same resource',
      requests: [stored(fresh()), { target: 'http://{host}{path}', expect: { type: 'cached' } }],
    },
    {
      id: 'get-content',
      title: 'a GET with content is passed: neither answered from the store nor stored',
      requests: [
        stored(fresh()),
        { body: 'abc', expect: { type: 'not_cached', cacheStatus: 'fwd=bypass; detail=request-body' } },
        { expect: { type: 'cached', of: 1 } },
      ],
    },
    {
      id: 'host-other',
      title: 'another host is another resource',
      requests: [
        { headers: ['Host: one.example'], response: fresh(), expect: { type: 'not_cached' } },
        { headers: ['Host: two.example'], expect: { type: 'not_cached' } },
        { headers: ['Host: ONE.example:80'], expect: { type: 'cached' } },
      ],
    },
    {
      id: 'options-asterisk',
      title: 'OPTIONS * is about the proxy',
      requests: [
        { method: 'OPTIONS', target: '*', expect: { type: 'error', status: 204, headers: ['Allow: *'] } },
      ],
    },
  ]),
  ...inSection('RFC 9110 §7.6.2', [
    ...['OPTIONS', 'TRACE'].map((method) => ({
      id: `max-forwards-0-${method}`,
      title: `${method} with Max-Forwards: 0 goes no further`,
      requests: [
        {
          method,
          headers: ['Max-Forwards: 0'],
          response: {},
          expect: { type: 'error' as const },
        },
      ],
    })),
    {
      id: 'max-forwards-1',
      title: 'one with more is counted down',
      requests: [
        {
          method: 'OPTIONS',
          headers: ['Max-Forwards: 5'],
          response: {},
          expect: { type: 'not_cached', asked: { headers: ['Max-Forwards: 4'] } },
        },
      ],
    },
  ]),
  ...inSection('RFC 9112 §9.3', [
    {
      id: 'old-client',
      title: 'an HTTP/1.0 client',
      requests: [
        { version: '1.0', response: fresh(), expect: { type: 'not_cached', status: 200, body: 'step 1' } },
        { version: '1.0', pause: 1, expect: { type: 'cached', body: 'step 1', headers: ['Age: 1'] } },
        { expect: { type: 'cached', body: 'step 1' } },
      ],
    },
    {
      id: 'old-client-chunked',
      title: 'gets no chunks',
      requests: [
        {
          version: '1.0',
          response: { ...fresh(), chunked: true, body: 'x'.repeat(50) },
          expect: { type: 'not_cached', body: 'x'.repeat(50), missing: ['Transfer-Encoding'] },
        },
      ],
    },
    {
      id: 'old-origin',
      title: 'an answer that ends with the connection is not stored: it may be truncated',
      requests: [
        { response: { ...fresh(), version: '1.0' }, expect: { type: 'not_cached', body: 'step 1' } },
        { response: fresh(), expect: { type: 'not_cached', body: 'step 2' } },
      ],
    },
    {
      id: 'old-origin-length',
      title: 'one of HTTP/1.0 with a length is',
      requests: [
        { response: { ...fresh('Content-Length: 6'), version: '1.0' }, expect: { type: 'not_cached' } },
        { expect: { type: 'cached', body: 'step 1' } },
      ],
    },
  ]),
];
