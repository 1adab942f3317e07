import t from 'tap';
import { problemsBelow, upstream, warningsIn } from '../fixture.ts';

const placeholders: readonly (readonly [string, string, readonly string[]])[] = [
  ['{user} in a route', 'routes: [{ match: GET /a, type: tags, tags: ["{user}"] }]', []],
  ['its path parameter in a route', 'routes: [{ match: GET /a/:id, type: tags, tags: ["{id}"] }]', []],
  [
    'another’s path parameter in a route',
    'routes: [{ match: GET /a/:id, type: tags, tags: ["x{ID}"] }]',
    ['1:50 unknown-placeholder'],
  ],
  [
    'a parameter of one of two matches',
    'routes: [{ match: [GET /a/:id, GET /b], type: tags, tags: ["{id}"] }]',
    ['1:60 unknown-placeholder'],
  ],
  [
    '{query.x} and {header.x}',
    'routes: [{ match: GET /a, type: tags, tags: ["{query.a[]}{header.X-A}"] }]',
    [],
  ],
  [
    'an invalid field name',
    'routes: [{ match: GET /a, type: tags, tags: ["{header.x y}"] }]',
    ['1:46 unknown-placeholder'],
  ],
  ['{query.}', 'routes: [{ match: GET /a, type: tags, tags: ["{query.}"] }]', ['1:46 unknown-placeholder']],
  [
    '{cookie.x}',
    'routes: [{ match: GET /a, type: tags, tags: ["{cookie.x}"] }]',
    ['1:46 unknown-placeholder'],
  ],
  ['{}', 'routes: [{ match: GET /a, type: tags, tags: ["{}"] }]', ['1:46 unknown-placeholder']],
  ['an open brace', 'routes: [{ match: GET /a, type: tags, tags: ["a{user"] }]', ['1:46 bad-tag']],
  ['a closing brace', 'routes: [{ match: GET /a, type: tags, tags: ["user}"] }]', ['1:46 bad-tag']],
  ['an empty tag', 'routes: [{ match: GET /a, type: tags, tags: [""] }]', ['1:46 empty-value']],
  [
    'a type’s path parameter that every route of it has',
    'content_types: { a: { tags: ["{id}"] } }\nroutes: [{ match: GET /a/:id, type: a }, { match: GET /b/:id, type: a }]',
    [],
  ],
  [
    'a type’s path parameter that one route of it lacks',
    'content_types: { a: { tags: ["{id}"] } }\nroutes: [{ match: GET /a/:id, type: a }, { match: GET /b, type: a }]',
    ['1:30 unknown-placeholder'],
  ],
  [
    'a path parameter of `standard`, which unmatched requests are',
    'content_types: { standard: { tags: ["{id}"] } }',
    ['1:37 unknown-placeholder'],
  ],
  [
    'a path parameter of `standard`, unmatched ones passed',
    'unmatched: pass\ncontent_types: { standard: { tags: ["{id}"] } }',
    [],
  ],
  [
    'a write’s parameter that one of its matches has',
    'writes: [{ match: [POST /a, PUT /a/:id], invalidate: ["{id}"] }]',
    [],
  ],
  [
    'a write’s parameter that none of its matches has',
    'writes: [{ match: [POST /a, PUT /a/:id], invalidate: ["{key}"] }]',
    ['1:55 unknown-placeholder'],
  ],
];
for (const [what, text, expected] of placeholders) {
  t.test(`placeholders: ${what}`, async (t) => {
    t.strictSame(problemsBelow(text), expected);
  });
}

t.test('content types must exist; the guide’s, standard and pass always do', async (t) => {
  for (const name of ['pass', 'standard', 'file_list']) {
    t.strictSame(problemsBelow(`routes: [{ match: GET /a, type: ${name} }]`), [], name);
  }
  t.strictSame(problemsBelow('routes: [{ match: GET /a, type: nope }]'), ['1:33 unknown-type']);
  t.strictSame(problemsBelow('refresh: [{ type: nope, every: 5m }, { type: pass, every: 5m }]'), [
    '1:19 unknown-type',
    '1:46 bad-value',
  ]);
});

t.test('a type that could not be read is not also reported as unknown', async (t) => {
  t.strictSame(problemsBelow('content_types: { a: 5 }\nroutes: [{ match: GET /a, type: a }]'), [
    '1:21 wrong-type',
  ]);
  t.strictSame(problemsBelow('content_types: 5\nroutes: [{ match: GET /a, type: a }]'), ['1:16 wrong-type']);
});

t.test('a public type cannot vary by a credential', async (t) => {
  const text = (scope: string) =>
    `identity: { credentials: [sid] }\ncontent_types: { a: { scope: ${scope}, vary: { cookies: [theme, sid] } } }`;
  t.strictSame(problemsBelow(text('public')), ['2:63 bad-value']);
  t.strictSame(problemsBelow(text('user')), []);
});

t.test('settings that are allowed but probably a mistake give a warning', async (t) => {
  const used = 'routes: [{ match: GET /a, type: a }]\n';
  t.strictSame(warningsIn(`${upstream}content_types: { a: {} }`), ['2:18 unused-type']);
  t.strictSame(warningsIn(`${upstream}${used}content_types: { a: { ttl: 5s } }`), [
    '3:18 ttl-outside-bounds',
  ]);
  t.strictSame(warningsIn(`${upstream}${used}content_types: { a: { ttl: 3h } }`), [
    '3:18 ttl-outside-bounds',
  ]);
  t.strictSame(warningsIn(`${upstream}${used}content_types: { a: { ttl: 5s, min: 1s } }`), []);
  t.strictSame(warningsIn(`${upstream}${used}content_types: { a: { scope: public, tags: ["x:{user}"] } }`), [
    '3:45 user-tag-on-public',
  ]);
});
