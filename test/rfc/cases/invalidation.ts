/** RFC 9111 §4.4: what a write makes stale. */

import { type Case, fresh, inSection, type OriginAnswer, stored } from './form.ts';
import { cached, notCached, written } from './written.ts';

const unsafe = ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'PROPPATCH', 'LOCK', 'MKCOL', 'REPORT'];
const location = (name: string, value: string): OriginAnswer => ({ headers: [`${name}: ${value}`] });

const names = ['Location', 'Content-Location'];
export const invalidationCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.4', [
    ...unsafe.map((method) => written(method, `${method} makes its target stale`, { method }, notCached)),
    ...['OPTIONS'].map((method) => written(method, `${method} does not`, { method }, cached)),
    ...[200, 201, 202, 204, 205, 301, 302, 303, 307].map((status) =>
      written(`status-${status}`, `with ${status}`, { response: { status } }, notCached),
    ),
    ...[400, 403, 404, 409, 422, 500, 502, 503].map((status) =>
      written(`failed-${status}`, `not with ${status}`, { response: { status } }, cached),
    ),
    ...unsafe
      .slice(0, 5)
      .map((method) =>
        written(
          `failed-${method}`,
          `not by a ${method} that failed`,
          { method, response: { status: 500 } },
          cached,
        ),
      ),
    ...names.flatMap((name) => [
      ...unsafe
        .slice(0, 5)
        .map((method) =>
          written(
            `${name}-${method}`,
            `${name} of a ${method}`,
            { method, target: '/x', of: '/y', response: location(name, '{path}/y') },
            notCached,
          ),
        ),
      written(
        `${name}-absolute`,
        `${name} as a whole URL`,
        { target: '/x', of: '/y', response: location(name, 'http://{host}{path}/y') },
        notCached,
      ),
      written(
        `${name}-relative`,
        `${name} relative to the target`,
        { target: '/x', of: '/y', response: location(name, 'y') },
        notCached,
      ),
      written(
        `${name}-query`,
        `${name} with a query`,
        { target: '/x', of: '/y?a=1', response: location(name, '{path}/y?a=1') },
        notCached,
      ),
      written(
        `${name}-spelling`,
        `${name} in another spelling`,
        { target: '/x', of: '/y', response: location(name, '{path}/./%79') },
        notCached,
      ),
      written(
        `${name}-fragment`,
        `${name} with a fragment`,
        { target: '/x', of: '/y', response: location(name, '{path}/y#z') },
        notCached,
      ),
      written(
        `${name}-other-origin`,
        `not ${name} of another origin`,
        { target: '/x', of: '/y', response: location(name, 'http://other.example{path}/y') },
        cached,
      ),
      written(
        `${name}-other-port`,
        `nor of another port`,
        { target: '/x', of: '/y', response: location(name, 'http://127.0.0.1:1{path}/y') },
        cached,
      ),
      written(
        `${name}-failed`,
        `nor of a write that failed`,
        { target: '/x', of: '/y', response: { status: 500, ...location(name, '{path}/y') } },
        cached,
      ),
    ]),
    written('other-target', 'another target stays', { target: '/x', of: '/y' }, cached),
    written('other-query', 'so does another query', { target: '?a=1', of: '?a=2' }, cached),
    {
      id: 'invalidate-partitions',
      title: 'for all clients, not only the writer',
      requests: [
        stored(fresh(), ['Cookie: a=1']),
        stored(fresh()),
        { method: 'POST', headers: ['Cookie: b=2'], body: 'a', response: {}, expect: notCached },
        { headers: ['Cookie: a=1'], response: fresh(), expect: notCached },
        { expect: notCached },
      ],
    },
    {
      id: 'invalidate-variants',
      title: 'all variants are stale',
      requests: [
        stored(fresh('Vary: Foo'), ['Foo: 1']),
        stored(fresh('Vary: Foo'), ['Foo: 2']),
        { method: 'POST', headers: ['Foo: 1'], body: 'a', response: {}, expect: notCached },
        { headers: ['Foo: 1'], response: fresh('Vary: Foo'), expect: notCached },
        { headers: ['Foo: 2'], expect: notCached },
      ],
    },
    {
      id: 'invalidate-get-location',
      title: 'Location of a GET makes nothing stale',
      requests: [
        { target: '/y', response: fresh(), expect: notCached },
        { target: '/x', response: location('Content-Location', '{path}/y'), expect: notCached },
        { target: '/y', expect: cached },
      ],
    },
    {
      id: 'invalidate-lost',
      title: 'a write whose answer is lost may have been carried out',
      requests: [
        stored(fresh()),
        {
          method: 'POST',
          body: 'a',
          response: { breaks: 'before-head' },
          expect: { type: 'error', status: 502 },
        },
        { response: fresh(), expect: notCached },
      ],
    },
  ]),
];
