/** Examples are judged by what the pipeline does with them. */

import t from 'tap';
import { parseExamples } from '../../src/config/examples/check-examples.ts';
import { createTryExample, failureLines } from '../../src/explain/rule-examples.ts';
import { configIn, upstream } from '../config/fixture.ts';

const rules = `${upstream}
identity: { credentials: [session], flask_session: { secret: s } }
content_types:
  list: { ttl: 2m, cache_control: override, vary: { cookies: [theme] }, statuses: [200], tags: ["list:{user}"] }
  open: { ttl: 5m, scope: public, unless: { json: { /ok: false }, smaller_than: 2B }, query: { cut: { v: "." } } }
routes:
  - { match: GET /*, when: { query: [fresh] }, type: pass }
  - { match: GET /list, type: list }
  - { match: "GET /open/:id", type: open, tags: ["open:{id}"] }
unmatched: pass
writes:
  - { match: "POST /open/:id", invalidate: ["open:{id}"] }
  - { match: POST /search, invalidate: [] }
  - { name: beacon, match: POST /prefs, when: { json: { /place: only } }, invalidate: [] }
  - { name: undone, match: POST /prefs, when: { response: { json: { /ok: false } } }, invalidate: [] }
  - { name: left, match: POST /prefs, when: { identity: anonymous }, invalidate: [] }
  - { match: POST /prefs, invalidate: ["list:{user}"] }
  - { match: POST /draft, when: { form: { mode: draft } }, invalidate: [] }
`;

const people = `people:
  dana: { session: { user_id: 7 } }
  dark: { session: { user_id: 7 }, cookies: { theme: dark } }
  omer: { session: { user_id: 8 } }
  forger: { cookies: { session: a.b.c } }
`;

async function resultsOf(examples: string) {
  const read = parseExamples(`${people}examples:\n${examples}`, 'x.test.yaml');
  if (read.kind !== 'ok') throw new Error(JSON.stringify(read.problems));
  const tryExample = createTryExample(configIn(rules), read.file);
  return Promise.all(read.file.examples.map(tryExample));
}

const mismatchesOf = async (example: string) =>
  (await resultsOf(`  - { name: n, ${example} }`))[0]?.mismatches ?? [];

t.test('an example holds if the proxy does what it says', async (t) => {
  for (const example of [
    'request: GET /list as dana, answer: { fields: { cache-control: no-store }, session: renewed }, expect: { type: list, scope: user, pass: false, stored: true, ttl: 2m, tags: ["list:7", "user:7"], route: GET /list }',
    'request: GET /list as dana, expect: { other_copy: [GET /list as omer, GET /list as dark, GET /list], same_copy: GET /./list as dana }',
    'request: GET /list as dana, answer: { session: omer }, expect: { stored: set-cookie }',
    'request: GET /list as dana, answer: { session: emptied }, expect: { stored: false }',
    'request: GET /list as dana, answer: { status: 302 }, expect: { stored: status-not-listed }',
    'request: GET /list as forger, expect: { pass: bad-session-signature }',
    'request: GET /list as forger, expect: { pass: identity }',
    'request: GET /list?fresh=1 as dana, expect: { pass: rule, route: "GET /*" }',
    'request: GET /nowhere, expect: { pass: unmatched, type: pass, route: none }',
    'request: GET /open/3?v=1.2 as dana, expect: { stored: true, scope: public, sent: "/open/3?v=1", same_copy: "GET /open/3?v=1", tags: ["open:3"] }',
    'request: GET /open/3, answer: { json: { ok: false } }, expect: { stored: unless }',
    'request: GET /open/3, answer: { size: 1 }, expect: { stored: unless }',
    'request: GET /open/3, answer: { fields: { cache-control: max-age=9 } }, expect: { ttl: 9 }',
    'request: POST /open/3 as dana, answer: { session: renewed }, expect: { write: "POST /open/:id", ends: GET /open/3, keeps: [GET /open/4, GET /list as dana] }',
    'request: POST /prefs as dana, sends: { json: { place: 1 } }, expect: { write: beacon, keeps: GET /list as dana }',
    'request: POST /prefs as dana, sends: { json: { theme: 1 } }, answer: { fields: { content-type: application/json }, json: { ok: true } }, expect: { write: POST /prefs, ends: GET /list as dana }',
    'request: POST /prefs as dana, sends: { json: { theme: 1 } }, answer: { fields: { content-type: application/json }, json: { ok: false } }, expect: { write: undone, keeps: GET /list as dana }',
    'request: POST /prefs, sends: { json: { theme: 1 } }, expect: { write: left }',
    'request: POST /prefs as dana, expect: { write: beacon, ends: GET /list as dana }',
    'request: POST /prefs as dana, sends: { body: "{}" }, expect: { ends: GET /list as dana }',
    'request: POST /draft as dana, sends: { form: { mode: draft } }, expect: { keeps: GET /list as dana }',
    'request: POST /draft as dana, sends: { form: { mode: real } }, expect: { ends: GET /list as dana }',
    'request: POST /search as dana, expect: { keeps: GET /list as dana }',
    'request: POST /list as dana, expect: { write: none, ends: [GET /list as dana, GET /list as dark, GET /list as omer], keeps: GET /open/3 }',
    'request: POST /other as dana, answer: { status: 400 }, expect: { keeps: GET /list as dana }',
  ])
    t.same(await mismatchesOf(example), [], example);
});

t.test('an example that fails shows what was expected and what was found', async (t) => {
  for (const [example, mismatch] of [
    ['request: GET /list, expect: { type: open }', { what: 'type', expected: 'open', found: 'list' }],
    ['request: GET /list, expect: { ttl: 9 }', { what: 'ttl', expected: '9 s', found: '120 s' }],
    [
      'request: GET /list, answer: { status: 404 }, expect: { ttl: 9 }',
      { found: 'not stored: status-not-listed' },
    ],
    ['request: GET /x, expect: { stored: true }', { what: 'stored', found: 'passed: unmatched' }],
    ['request: GET /list, expect: { stored: set-cookie }', { expected: 'set-cookie', found: 'true' }],
    ['request: GET /list as dana, expect: { tags: ["list:8"] }', { expected: 'list:8' }],
    ['request: GET /list, expect: { same_copy: GET /open/1 }', { what: 'sameCopy', expected: 'GET /open/1' }],
    ['request: GET /x, expect: { same_copy: GET /x }', { found: 'another copy or none' }],
    ['request: GET /list as dana, expect: { other_copy: GET /list as dana }', { found: 'the same copy' }],
    ['request: POST /open/3, expect: { ends: GET /open/4 }', { what: 'ends', found: 'keeps' }],
    ['request: POST /open/3, expect: { keeps: GET /open/3 }', { what: 'keeps', found: 'ends' }],
    ['request: POST /open/3, expect: { ends: GET /x }', { found: 'not stored: passed: unmatched' }],
    ['request: GET /a%zz, expect: { type: list }', { what: 'request', found: 'refused, 400 bad-target' }],
  ] as const) {
    const found = await mismatchesOf(example);
    t.equal(found.length, 1, example);
    t.match(found[0], mismatch, example);
  }
});

t.test('a failure names its place, the request, and what was found', async (t) => {
  const [result] = await resultsOf(
    '  - name: kept for long\n    request: GET /list as dana\n    expect: { ttl: 1h, same_copy: GET /x }',
  );
  t.same(result && failureLines('x.test.yaml', result), [
    'x.test.yaml:8:14 kept for long',
    '    GET /list as dana',
    '    ttl: expected 3600 s, got 120 s',
    '    same_copy: expected GET /x, got another copy or none',
  ]);
});
