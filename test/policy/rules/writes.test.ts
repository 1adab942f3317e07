import t from 'tap';
import { compileRules } from '../../../src/policy/rules/rules.ts';
import {
  nothingStale,
  writeEffect,
  type WriteOutcome,
  type WriteQuestion,
} from '../../../src/policy/rules/writes.ts';
import { configOf } from '../config-of.ts';

const rules = compileRules(
  configOf(`
writes:
  - match: [POST /api/files, PUT /api/files/:id]
    invalidate: ["file:{id}", "files:{user}", "made:{header.x-id}", "page:{query.page}"]
  - { match: POST /api/search, invalidate: [] }
  - { match: GET /logout, invalidate: ["user:{user}"] }
`),
);

const isNothing = ({ tags, urls, user }: ReturnType<typeof effectOf>): boolean =>
  tags.length === 0 && urls.length === 0 && !user;

const status = (code: number, fields: readonly string[] = []): WriteOutcome => ({
  kind: 'response',
  status: code,
  fields,
});
const unknown: WriteOutcome = { kind: 'unknown' };
const neverSent: WriteOutcome = { kind: 'never-sent' };

const effectOf = (method: string, target: string, change: Partial<WriteQuestion> = {}) =>
  writeEffect({
    matches: rules.matchWrites(method, target.replace(/\?.*/, ''), { query: undefined, fields: [] }),
    decide: () => ({ decision: 'holds', because: undefined }),
    method,
    outcome: status(200),
    unmatchedWrites: { url: true, user: true },
    target,
    related: [],
    user: 'u1',
    ...change,
  });

t.test('a matched write purges its list and, if unsafe, its URL and those named in the answer', (t) => {
  const outcome = status(201, ['X-Id', '9']);
  t.same(effectOf('PUT', '/api/files/7?page=2', { outcome, related: ['/file/7', '/api/files/7?page=2'] }), {
    tags: ['file:7', 'files:u1', 'made:9', 'page:2'],
    urls: ['/api/files/7?page=2', '/file/7'],
    reach: 'both',
    user: false,
    skipped: [],
    rule: 'POST /api/files',
  });
  t.end();
});

t.test('a placeholder without a value makes no tag, and is reported', (t) => {
  const { tags, skipped } = effectOf('POST', '/api/files', { user: undefined });
  t.same(tags, []);
  t.same(skipped, ['file:{id}', 'files:{user}', 'made:{header.x-id}', 'page:{query.page}']);
  t.end();
});

t.test('a GET listed as a write purges only its list', (t) => {
  for (const outcome of [status(302), status(500), unknown]) {
    t.match(effectOf('GET', '/logout', { outcome, related: ['/login'] }), {
      tags: ['user:u1'],
      urls: [],
      user: false,
    });
  }
  t.ok(isNothing(effectOf('GET', '/logout', { outcome: status(403) })));
  t.end();
});

t.test('a write that only reads purges only its own URL', (t) => {
  t.match(effectOf('POST', '/api/search'), { tags: [], urls: ['/api/search'], user: false });
  t.end();
});

t.test('an unmatched unsafe request purges what `unmatched_writes` says', (t) => {
  for (const [unmatchedWrites, urls, reach, user] of [
    [{ url: true, user: true }, ['/x', '/y'], 'both', true],
    [{ url: true, user: false }, ['/x', '/y'], 'both', false],
    // RFC 9111 §4.4 is not the operator's to turn off: entries of `standard` go all the same.
    [{ url: false, user: true }, ['/x', '/y'], 'standard', true],
    [{ url: false, user: false }, ['/x', '/y'], 'standard', false],
  ] as const) {
    t.same(effectOf('DELETE', '/x', { unmatchedWrites, related: ['/y'] }), {
      tags: [],
      urls,
      reach,
      user,
      skipped: [],
      rule: undefined,
    });
  }
  const none = { unmatchedWrites: { url: false, user: false } };
  t.ok(isNothing(effectOf('DELETE', '/x', { ...none, outcome: status(500) })));
  t.end();
});

t.test('a safe request without a write rule purges nothing', (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE'])
    t.equal(effectOf(method, '/x'), nothingStale, method);
  for (const method of ['POST', 'PATCH', 'MKCOL', 'get']) t.notOk(isNothing(effectOf(method, '/x')), method);
  t.end();
});

t.test(
  'only a 4xx and a request that never reached the origin purge nothing; §4.4 needs a non-error or unknown answer',
  (t) => {
    for (const [outcome, ends, reach] of [
      [status(200), true, 'both'],
      [status(204), true, 'both'],
      [status(303), true, 'both'],
      [status(101), true, 'rules'],
      [status(400), false],
      [status(409), false],
      [status(499), false],
      [status(500), true, 'rules'],
      [status(503), true, 'rules'],
      [status(599), true, 'rules'],
      [unknown, true, 'both'],
      [neverSent, false],
    ] as const) {
      for (const [method, target] of [
        ['PUT', '/api/files/7'],
        ['POST', '/unmatched'],
      ] as const) {
        const effect = effectOf(method, target, { outcome });
        t.equal(!isNothing(effect), ends, `${method} ${JSON.stringify(outcome)}`);
        if (ends) t.match(effect, { urls: [target], reach }, `${method} ${JSON.stringify(outcome)}`);
      }
    }
    t.end();
  },
);
