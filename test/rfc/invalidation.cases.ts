/** RFC 9111 §4.4, RFC 9875: what a write makes stale. */
import { type AnsweredBy, type ExchangeCase, inSection } from './case.ts';

const fresh = 'Cache-Control: max-age=3600';

type Write = {
  readonly method?: string;
  readonly status?: number;
  readonly fields?: readonly string[];
  readonly target?: string;
};

/** `/` is stored with these fields, a write passes, `/` is asked for again. */
const written = (
  id: string,
  title: string,
  { method = 'POST', status = 200, fields = [], target = '/' }: Write,
  by: AnsweredBy,
  stored: string[] = [],
) => ({
  id: `invalidate-${id}`,
  title,
  steps: [
    { origin: { fields: [fresh, ...stored] }, by: 'origin' as const },
    { at: 1, method, target, origin: { status, fields }, by: 'origin' as const },
    { at: 2, origin: { fields: [fresh] }, by },
  ],
});

const groups = (
  id: string,
  title: string,
  of: string,
  invalidated: string,
  by: AnsweredBy,
  method = 'POST',
) =>
  written(
    `group-${id}`,
    title,
    { method, target: '/x', fields: [`Cache-Group-Invalidation: ${invalidated}`] },
    by,
    [`Cache-Groups: ${of}`],
  );

const many = Array.from({ length: 40 }, (_, at) => `"${String(at).padStart(32, 'g')}"`).join(', ');

export const invalidationCases: readonly ExchangeCase[] = [
  ...inSection('RFC 9111 §4.4', [
    ...['POST', 'PUT', 'DELETE', 'PATCH', 'FOO', 'post'].map((method) =>
      written(`method-${method}`, `${method} makes its target stale`, { method }, 'origin'),
    ),
    ...['OPTIONS', 'TRACE'].map((method) =>
      written(`method-${method}`, `${method} is safe`, { method }, 'store'),
    ),
    ...[201, 204, 302, 303].map((status) =>
      written(`status-${status}`, `also with ${status}`, { status }, 'origin'),
    ),
    ...[400, 404, 500, 503].map((status) =>
      written(`status-${status}`, `not with ${status}`, { status }, 'store'),
    ),
    written('elsewhere', 'another target stays', { target: '/x' }, 'store'),
    ...['Location', 'Content-Location'].flatMap((name) => [
      written(`${name}-path`, `${name} with a path`, { target: '/x', fields: [`${name}: /`] }, 'origin'),
      written(
        `${name}-relative`,
        `${name} relative to the target`,
        { target: '/x/y', fields: [`${name}: ..`] },
        'origin',
      ),
      written(
        `${name}-absolute`,
        `${name} with an absolute URL of the same origin`,
        { target: '/x', fields: [`${name}: http://WWW.example.org:80/`] },
        'origin',
      ),
      written(
        `${name}-spelling`,
        `${name} in another spelling`,
        { target: '/x', fields: [`${name}: //www.example.org/a/%2E%2e/`] },
        'origin',
      ),
      written(
        `${name}-other-host`,
        `${name} of another host`,
        { target: '/x', fields: [`${name}: http://other.example.org/`] },
        'store',
      ),
      written(
        `${name}-other-port`,
        `${name} of another port`,
        { target: '/x', fields: [`${name}: http://www.example.org:81/`] },
        'store',
      ),
      written(
        `${name}-other-scheme`,
        `${name} of another scheme`,
        { target: '/x', fields: [`${name}: https://www.example.org/`] },
        'store',
      ),
      written(
        `${name}-error`,
        `${name} of an error`,
        { target: '/x', status: 404, fields: [`${name}: /`] },
        'store',
      ),
      written(`${name}-bad`, `invalid ${name}`, { target: '/x', fields: [`${name}: http://[`] }, 'store'),
    ]),
    written(
      'get-location',
      'Location of a safe request makes nothing stale',
      { method: 'OPTIONS', target: '/x', fields: ['Location: /'] },
      'store',
    ),
  ]),
  ...inSection('RFC 9875 §3', [
    groups('one', 'a group that is named', '"a"', '"a"', 'origin'),
    groups('other', 'another group', '"a"', '"b"', 'store'),
    groups('case', 'names are case-sensitive', '"a"', '"A"', 'store'),
    groups('several', 'one of several', '"a", "b"', '"c", "b";x=1', 'origin'),
    groups('safe', 'a safe method', '"a"', '"a"', 'store', 'OPTIONS'),
    groups('not-strings', 'tokens are no groups', 'a', 'a', 'store'),
    groups('inner-list', 'lists are no groups', '("a")', '("a")', 'store'),
    groups('bad', 'a field that does not parse', '"a"', '"a', 'store'),
    groups('32', 'at least 32 groups of 32 characters', many, `"${'39'.padStart(32, 'g')}"`, 'origin'),
    {
      id: 'invalidate-group-no-cascade',
      title: 'a response that a group makes stale makes no other stale',
      steps: [
        { origin: { fields: [fresh, 'Cache-Groups: "a"'] }, by: 'origin' },
        { target: '/b', origin: { fields: [fresh, 'Cache-Groups: "a", "b"'] }, by: 'origin' },
        { target: '/c', origin: { fields: [fresh, 'Cache-Groups: "b"'] }, by: 'origin' },
        {
          at: 1,
          method: 'POST',
          target: '/x',
          origin: { fields: ['Cache-Group-Invalidation: "a"'] },
          by: 'origin',
        },
        { at: 2, target: '/c', by: 'store' },
        { at: 2, target: '/b', by: 'origin' },
      ],
    },
  ]),
];
