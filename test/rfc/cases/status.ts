/** RFC 9111 §3, RFC 9110 §15: which statuses are stored, and with what lifetime. */

import { type Case, inSection, notReused, reused } from './form.ts';

const explicit = [
  200, 201, 202, 203, 204, 299, 300, 301, 302, 303, 307, 308, 400, 402, 403, 404, 405, 406, 409, 410, 414,
  418, 422, 451, 499, 500, 501, 502, 503, 504, 505, 599,
];
const byDefault = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
const notByDefault = [201, 202, 302, 303, 307, 400, 403, 418, 499, 500, 502, 503, 504, 599];
const neverStored = [401, 407, 408, 411, 412, 413, 415, 416, 417, 421, 425, 426, 428, 429, 431, 511];

const lm = 'Last-Modified: {date-86400}';

export const statusCases: readonly Case[] = [
  ...inSection('RFC 9111 §3', [
    ...explicit.map((status) =>
      reused(`status-${status}-fresh`, `${status} with max-age is reused while fresh`, {
        status,
        headers: ['Cache-Control: max-age=60'],
        expect: { status },
      }),
    ),
    ...explicit.map((status) =>
      notReused(`status-${status}-stale`, `${status} is not reused once stale`, {
        status,
        headers: ['Cache-Control: max-age=2'],
        pause: 3,
        expect: { status },
      }),
    ),
    ...explicit.map((status) =>
      reused(`status-${status}-expires`, `${status} with Expires alone is reused`, {
        status,
        headers: ['Expires: {date+60}'],
      }),
    ),
    ...neverStored.map((status) =>
      notReused(`status-${status}-never`, `${status} speaks of one request and is not stored`, {
        status,
        headers: ['Cache-Control: max-age=60'],
        expect: { status },
      }),
    ),
    notReused('status-304-unasked', 'a 304 nobody asked for is passed on and not stored', {
      status: 304,
      headers: ['Cache-Control: max-age=60', 'ETag: "a"'],
    }),
  ]),
  ...inSection('RFC 9111 §4.2.2', [
    ...byDefault.map((status) =>
      reused(`heuristic-${status}`, `${status} is cacheable by default: a heuristic lifetime is given`, {
        status,
        headers: [lm],
        pause: 10,
        expect: { status },
      }),
    ),
    ...notByDefault.map((status) =>
      notReused(`heuristic-${status}-not`, `${status} is not: no lifetime is guessed`, {
        status,
        headers: [lm],
        expect: { status },
      }),
    ),
    ...notByDefault.map((status) =>
      reused(`heuristic-${status}-public`, `${status} with public is: one may be guessed`, {
        status,
        headers: [lm, 'Cache-Control: public'],
        expect: { status },
      }),
    ),
    reused('heuristic-tenth', 'a tenth of the time since Last-Modified', {
      headers: ['Last-Modified: {date-100}'],
      pause: 9,
    }),
    notReused('heuristic-tenth-over', 'and not longer', {
      headers: ['Last-Modified: {date-100}'],
      pause: 10,
    }),
    reused('heuristic-capped', 'at most a day', {
      headers: ['Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT'],
      pause: 86_399,
    }),
    notReused('heuristic-capped-over', 'and not longer than that', {
      headers: ['Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT'],
      pause: 86_400,
    }),
    notReused('heuristic-future', 'a Last-Modified in the future gives none', {
      headers: ['Last-Modified: {date+600}'],
    }),
    notReused('heuristic-none', 'without Last-Modified there is none', { headers: [] }),
    notReused('heuristic-public-none', 'nor does public alone give one', {
      headers: ['Cache-Control: public'],
    }),
    notReused('heuristic-age', 'the age counts against it', {
      headers: ['Last-Modified: {date-100}', 'Age: 20'],
    }),
    notReused('heuristic-bad-date', 'an unreadable Last-Modified gives none', {
      headers: ['Last-Modified: yesterday'],
    }),
  ]),
  ...inSection('RFC 9111 §5.2.2.3', [
    reused('must-understand-200', 'must-understand lets a 200 be stored despite no-store', {
      headers: ['Cache-Control: max-age=60, no-store, must-understand'],
    }),
    notReused('must-understand-599', 'and keeps a status nobody understands out of the store', {
      status: 599,
      headers: ['Cache-Control: max-age=60, must-understand'],
    }),
    notReused('must-understand-599-no-store', 'with no-store as well', {
      status: 599,
      headers: ['Cache-Control: max-age=60, no-store, must-understand'],
    }),
    notReused('must-understand-299', 'a 2xx nobody knows is not understood either', {
      status: 299,
      headers: ['Cache-Control: max-age=60, must-understand'],
    }),
    notReused('must-understand-private', 'it does not lift private', {
      headers: ['Cache-Control: max-age=60, private, must-understand'],
    }),
  ]),
];
