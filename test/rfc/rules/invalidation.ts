/** RFC 9111 §4.4, RFC 9875: what a write makes stale. */
import { type AnswerType, type Case, inSection } from '../cases/form.ts';

const fresh = 'Cache-Control: max-age=3600';

type Write = {
  readonly method?: string;
  readonly status?: number;
  readonly headers?: readonly string[];
  readonly target?: string;
};

/** `/` is stored with these fields, a write passes, `/` is asked for again. */
const written = (
  id: string,
  title: string,
  { method = 'POST', status = 200, headers = [], target = '/' }: Write,
  type: AnswerType,
  stored: string[] = [],
) => ({
  id: `invalidate-${id}`,
  title,
  requests: [
    { response: { headers: [fresh, ...stored] }, expect: { type: 'not_cached' as const } },
    { at: 1, method, target, response: { status, headers }, expect: { type: 'not_cached' as const } },
    { at: 2, response: { headers: [fresh] }, expect: { type } },
  ],
});

const groups = (
  id: string,
  title: string,
  of: string,
  invalidated: string,
  type: AnswerType,
  method = 'POST',
) =>
  written(
    `group-${id}`,
    title,
    { method, target: '/x', headers: [`Cache-Group-Invalidation: ${invalidated}`] },
    type,
    [`Cache-Groups: ${of}`],
  );

const many = Array.from({ length: 40 }, (_, at) => `"${String(at).padStart(32, 'g')}"`).join(', ');

export const invalidationCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.4', [
    ...['POST', 'PUT', 'DELETE', 'PATCH', 'FOO', 'post'].map((method) =>
      written(`method-${method}`, `${method} makes its target stale`, { method }, 'not_cached'),
    ),
    ...['OPTIONS', 'TRACE'].map((method) =>
      written(`method-${method}`, `${method} is safe`, { method }, 'cached'),
    ),
    ...[201, 204, 302, 303].map((status) =>
      written(`status-${status}`, `also with ${status}`, { status }, 'not_cached'),
    ),
    ...[400, 404, 500, 503].map((status) =>
      written(`status-${status}`, `not with ${status}`, { status }, 'cached'),
    ),
    written('elsewhere', 'another target stays', { target: '/x' }, 'cached'),
    ...['Location', 'Content-Location'].flatMap((name) => [
      written(`${name}-path`, `${name} with a path`, { target: '/x', headers: [`${name}: /`] }, 'not_cached'),
      written(
        `${name}-relative`,
        `${name} relative to the target`,
        { target: '/x/y', headers: [`${name}: ..`] },
        'not_cached',
      ),
      written(
        `${name}-absolute`,
        `${name} with an absolute URL of the same origin`,
        { target: '/x', headers: [`${name}: http://{HOST}:80/`] },
        'not_cached',
      ),
      written(
        `${name}-spelling`,
        `${name} in another spelling`,
        { target: '/x', headers: [`${name}: //{host}/a/%2E%2e/`] },
        'not_cached',
      ),
      written(
        `${name}-other-host`,
        `${name} of another host`,
        { target: '/x', headers: [`${name}: http://other.example.org/`] },
        'cached',
      ),
      written(
        `${name}-other-port`,
        `${name} of another port`,
        { target: '/x', headers: [`${name}: http://{host}:81/`] },
        'cached',
      ),
      written(
        `${name}-other-scheme`,
        `${name} of another scheme`,
        { target: '/x', headers: [`${name}: https://{host}/`] },
        'cached',
      ),
      written(
        `${name}-error`,
        `${name} of an error`,
        { target: '/x', status: 404, headers: [`${name}: /`] },
        'cached',
      ),
      written(`${name}-bad`, `invalid ${name}`, { target: '/x', headers: [`${name}: http://[`] }, 'cached'),
    ]),
    written(
      'get-location',
      'Location of a safe request makes nothing stale',
      { method: 'OPTIONS', target: '/x', headers: ['Location: /'] },
      'cached',
    ),
  ]),
  ...inSection('RFC 9875 §3', [
    groups('one', 'a group that is named', '"a"', '"a"', 'not_cached'),
    groups('other', 'another group', '"a"', '"b"', 'cached'),
    groups('case', 'names are case-sensitive', '"a"', '"A"', 'cached'),
    groups('several', 'one of several', '"a", "b"', '"c", "b";x=1', 'not_cached'),
    groups('safe', 'a safe method', '"a"', '"a"', 'cached', 'OPTIONS'),
    groups('not-strings', 'tokens are no groups', 'a', 'a', 'cached'),
    groups('inner-list', 'lists are no groups', '("a")', '("a")', 'cached'),
    groups('bad', 'a field that does not parse', '"a"', '"a', 'cached'),
    groups('32', 'at least 32 groups of 32 characters', many, `"${'39'.padStart(32, 'g')}"`, 'not_cached'),
    {
      id: 'invalidate-group-no-cascade',
      title: 'a response that a group makes stale makes no other stale',
      requests: [
        { response: { headers: [fresh, 'Cache-Groups: "a"'] }, expect: { type: 'not_cached' } },
        {
          target: '/b',
          response: { headers: [fresh, 'Cache-Groups: "a", "b"'] },
          expect: { type: 'not_cached' },
        },
        { target: '/c', response: { headers: [fresh, 'Cache-Groups: "b"'] }, expect: { type: 'not_cached' } },
        {
          at: 1,
          method: 'POST',
          target: '/x',
          response: { headers: ['Cache-Group-Invalidation: "a"'] },
          expect: { type: 'not_cached' },
        },
        { at: 2, target: '/c', expect: { type: 'cached' } },
        { at: 2, target: '/b', expect: { type: 'not_cached' } },
      ],
    },
  ]),
];
