import t from 'tap';
import { parseExamples } from '../../../src/config/examples/check-examples.ts';

const problemsIn = (text: string): readonly string[] => {
  const read = parseExamples(text, 'x.test.yaml');
  return read.kind === 'ok' ? [] : read.problems.map(({ line, column, code }) => `${line}:${column} ${code}`);
};

const header = `people:
  dana: { session: { user_id: 7 }, cookies: { theme: dark } }
answers:
  usual: { fields: { vary: Cookie } }
  page: { status: 203, body: hello, session: renewed }
`;

t.test(
  'an example is read with its people, its answer and its place; several requests become several examples',
  async (t) => {
    const read = parseExamples(
      `${header}examples:
  - name: a page
    request: [GET /a as dana, GET /b?c=1]
    cookies: { other: "1" }
    answer: page
    at: 2026-03-01T12:00:00+02:00
    expect: { type: page, stored: true, ttl: 5m, ends: GET /c as dana, pass: false }
  - { name: plain, request: POST /a, answer: { json: { ok: false } }, expect: { stored: unless } }
  - { name: usual, request: GET /a, expect: { pass: rule } }
`,
      'x.test.yaml',
    );
    if (read.kind !== 'ok') return t.fail('problems', { problems: read.problems });
    const [first, second, third, fourth] = read.file.examples;
    t.match(first, {
      name: 'a page',
      line: 8,
      column: 15,
      request: { method: 'GET', url: '/a', as: 'dana' },
      answer: { status: 203, body: 'hello', session: 'renewed' },
      at: Date.UTC(2026, 2, 1, 10),
      expect: { type: 'page', stored: true, ttl: 300, pass: false },
    });
    t.same(first?.expect.ends, [{ method: 'GET', url: '/c', as: 'dana' }]);
    t.same(second?.request, { method: 'GET', url: '/b?c=1', as: undefined });
    t.match(third?.answer, { status: 200, body: '{"ok":false}' });
    t.same(fourth?.answer.fields, [['vary', 'Cookie']]);
    t.same(read.file.people.get('dana')?.session, { user_id: 7 });
  },
);

for (const [what, text, problems] of [
  ['an empty file', '', ['1:1 empty-file']],
  ['no examples', 'examples: []', ['1:11 empty-value']],
  ['an example without a request', 'examples:\n  - { name: a, expect: { type: b } }', ['2:5 missing-key']],
  ['an invalid request', 'examples:\n  - { name: a, request: /a, expect: { type: b } }', ['2:25 bad-match']],
  ['nothing expected', 'examples:\n  - { name: a, request: GET /a, expect: {} }', ['2:41 empty-value']],
  [
    'an unknown key',
    'examples:\n  - { name: a, request: GET /a, expect: { tpye: b } }',
    ['2:43 unknown-key'],
  ],
  [
    'nobody of that name',
    'examples:\n  - { name: a, request: GET /a as b, expect: { type: c } }',
    ['2:25 bad-value'],
  ],
  [
    'an unknown name further on',
    'examples:\n  - { name: a, request: GET /a, expect: { keeps: [GET /a as b] } }',
    ['2:51 bad-value'],
  ],
  [
    'an unknown answer',
    'examples:\n  - { name: a, request: GET /a, answer: b, expect: { type: c } }',
    ['2:41 bad-value'],
  ],
  [
    'two bodies',
    'answers: { a: { body: b, json: c } }\nexamples:\n  - { name: a, request: GET /a, expect: { type: c } }',
    ['1:15 conflicting-keys'],
  ],
  ['pass: true', 'examples:\n  - { name: a, request: GET /a, expect: { pass: true } }', ['2:49 bad-value']],
  [
    'no instant',
    'now: today\nexamples:\n  - { name: a, request: GET /a, expect: { type: c } }',
    ['1:6 bad-time'],
  ],
] as const) {
  t.test(`refused with its place: ${what}`, async (t) => {
    t.strictSame(problemsIn(text), problems);
  });
}
