import t from 'tap';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

const rule = (when: string, match = 'POST /a') =>
  `writes: [{ match: ${match}, when: ${when}, invalidate: [] }]`;

t.test('conditions of every kind are read', async (t) => {
  const when = `{ query: { q: "1" }, request_header: [x-a], identity: known,
    json: { "": present, /a: only, /b~1c/m~0n: absent, /d: null, /e: "1" },
    response: { status: 201, json: [/x, /y], header: { X-Saved: "yes" } } }`;
  const [read] = configIn(`${upstream}${rule('{ json: { /a: only, /a/b: 1 } }')}`).writes;
  t.same(read?.exchangeWhen, [
    { kind: 'json', pointer: ['a'], expected: { kind: 'only' } },
    { kind: 'json', pointer: ['a', 'b'], expected: { kind: 'equal', value: 1 } },
  ]);
  const [all] = configIn(upstream + rule(when.replace('/a: only', '/a: present'))).writes;
  t.same(
    all?.when.map(({ kind }) => kind),
    ['query', 'any_request_header'],
  );
  t.same(all?.exchangeWhen, [
    { kind: 'identity', is: 'known' },
    { kind: 'json', pointer: [], expected: { kind: 'present' } },
    { kind: 'json', pointer: ['a'], expected: { kind: 'present' } },
    { kind: 'json', pointer: ['b/c', 'm~n'], expected: { kind: 'absent' } },
    { kind: 'json', pointer: ['d'], expected: { kind: 'equal', value: null } },
    { kind: 'json', pointer: ['e'], expected: { kind: 'equal', value: '1' } },
    { kind: 'response_status', statuses: [201] },
    { kind: 'any_response_json', pointers: [['x'], ['y']] },
    { kind: 'response_header', name: 'x-saved', value: 'yes' },
  ]);
  const [form] = configIn(upstream + rule('{ form: { mode: draft, n: absent } }')).writes;
  t.same(form?.exchangeWhen, [
    { kind: 'form', name: 'mode', expected: { kind: 'equal', value: 'draft' } },
    { kind: 'form', name: 'n', expected: { kind: 'absent' } },
  ]);
});

const refused: readonly (readonly [when: string, code: string, match?: string])[] = [
  ['{ json: { theme: present } }', 'bad-pointer'],
  ['{ json: { /a~2: present } }', 'bad-pointer'],
  ['{ json: [theme] }', 'bad-pointer'],
  ['{ json: {} }', 'empty-value'],
  ['{ json: [] }', 'empty-value'],
  ['{ json: { /a: { b: 1 } } }', 'wrong-type'],
  ['{ response: {} }', 'empty-value'],
  ['{ response: { json: { a: 1 } } }', 'bad-pointer'],
  ['{ response: { status: 404 } }', 'out-of-range'],
  ['{ response: { status: 503 } }', 'out-of-range'],
  ['{ response: { header: { "a b": x } } }', 'bad-name'],
  ['{ response: { body: x } }', 'unknown-key'],
  ['{ identity: someone }', 'bad-value'],
  // What no body can fulfil.
  ['{ json: { /a: 1 }, form: { a: "1" } }', 'conflicting-keys'],
  ['{ json: { /a: absent, /a/b: present } }', 'conflicting-keys'],
  ['{ json: { /a: 1, /a/b: 2 } }', 'conflicting-keys'],
  ['{ json: { /a: only, /b: present } }', 'conflicting-keys'],
  ['{ json: { /a: only, /b: only } }', 'conflicting-keys'],
  ['{ json: { /a/x: only, /a/y/z: 1 } }', 'conflicting-keys'],
  ['{ json: { "": only } }', 'bad-value'],
  // A GET's bodies are not read.
  ['{ json: { /a: 1 } }', 'conflicting-keys', '[POST /a, GET /b]'],
  ['{ response: { json: { /a: 1 } } }', 'conflicting-keys', 'GET /b'],
];

for (const [when, code, match] of refused) {
  t.test(`refused: ${when}${match === undefined ? '' : ` of ${match}`}`, async (t) => {
    t.match(problemsBelow(rule(when, match)), [new RegExp(`^1:\\d+ ${code}$`)]);
  });
}

t.test('what can be fulfilled together is not refused', async (t) => {
  for (const when of [
    '{ json: { /a: only, /b: absent } }',
    '{ json: { /a: only, /a/b: 1 } }',
    '{ json: { /a: present, /a/b: absent } }',
    '{ json: { /a/x: only, /b: present } }',
    '{ identity: known }',
    '{ response: { status: [200, 302], header: [location] } }',
  ])
    t.same(problemsBelow(rule(when)), [], when);
  t.same(problemsBelow(rule('{ identity: known }', 'GET /logout')), []);
});

t.test('rules have names: as given, or their first match, numbered', async (t) => {
  const { writes } = configIn(`${upstream}writes:
  - { match: POST /a, when: { json: [/a] }, invalidate: [] }
  - { name: beacon, match: POST /a, when: { json: [/b] }, invalidate: [] }
  - { match: [POST /a, POST /b], invalidate: [] }`);
  t.same(
    writes.map(({ name }) => name),
    ['POST /a', 'beacon', 'POST /a #2'],
  );
  const twice = `writes:
  - { name: a, match: POST /a, invalidate: [] }
  - { name: a, match: POST /b, invalidate: [] }`;
  t.same(problemsBelow(twice), ['3:13 duplicate-name']);
});

t.test(
  'a write rule that an earlier one leaves nothing to is refused, one with a condition takes only some',
  async (t) => {
    const rules = (first: string) => `writes:
  - { match: POST /a, ${first} invalidate: [] }
  - { match: POST /a, invalidate: [x] }`;
    t.same(problemsBelow(rules('')), ['3:14 unreachable-route']);
    for (const when of ['when: { json: [/a] },', 'when: { query: [a] },', 'when: { identity: known },'])
      t.same(problemsBelow(rules(when)), [], when);
  },
);
