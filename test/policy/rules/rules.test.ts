import fc from 'fast-check';
import t from 'tap';
import type { Route } from '../../../src/config/config.ts';
import { compileRules } from '../../../src/policy/rules/rules.ts';
import { configOf } from '../config-of.ts';

const config = configOf(`
content_types:
  file_list: { tags: ["files:{user}"] }
  markdown_render: { }
routes:
  - { match: GET /api/files, type: file_list, tags: ["page:{query.page}"] }
  - { match: GET /md/new, type: pass }
  - { match: GET /md/:file_id, type: markdown_render }
  - { match: GET /api/export/*, type: pass }
  - { match: POST /api/search, type: file_list }
  - { match: GET /:lang/about, type: file_list }
writes:
  - match: [POST /api/files, PUT /api/files/:id, DELETE /api/files/:id]
    invalidate: ["files:{user}"]
  - { match: DELETE /api/files/*, invalidate: [] }
  - { match: GET /logout, invalidate: ["user:{user}"] }
`);
const rules = compileRules(config);
const plain = { query: undefined, fields: [] };

t.test('the first route that matches wins, with its groups', (t) => {
  for (const [method, path, type, params] of [
    ['GET', '/api/files', 'file_list', {}],
    ['HEAD', '/api/files', 'file_list', {}],
    ['GET', '/md/new', 'pass', {}],
    ['GET', '/md/7', 'markdown_render', { file_id: '7' }],
    ['GET', '/md/7/8', 'standard', {}],
    ['GET', '/api/export/a/b', 'pass', { 0: 'a/b' }],
    ['GET', '/he/about', 'file_list', { lang: 'he' }],
    ['POST', '/api/search', 'file_list', {}],
    ['GET', '/api/search', 'standard', {}],
    ['POST', '/md/7', 'standard', {}],
    ['get', '/md/7', 'standard', {}],
    ['GET', '/', 'standard', {}],
    ['OPTIONS', '*', 'standard', {}],
  ] as const) {
    const match = rules.match(method, path, plain);
    t.equal(match.contentType.name, type, `${method} ${path}`);
    t.same({ ...match.params }, params, `${method} ${path}`);
    t.equal(match.route === undefined, type === 'standard');
  }
  t.end();
});

t.test("a match has its content type's tags, then its route's", (t) => {
  const { tags } = rules.match('GET', '/api/files', plain);
  t.same(
    tags.map(({ raw }) => raw),
    ['files:{user}', 'page:{query.page}'],
  );
  t.end();
});

t.test('`unmatched: pass` passes what no route matches', (t) => {
  const strict = compileRules({ ...config, unmatched: 'pass' });
  t.equal(strict.match('GET', '/nowhere', plain).contentType.kind, 'pass');
  t.end();
});

t.test('the first write rule that lists a request wins; a GET may be listed', (t) => {
  t.same({ ...rules.matchWrites('PUT', '/api/files/3', plain)[0]?.[0]?.params }, { id: '3' });
  t.equal(rules.matchWrites('DELETE', '/api/files/3', plain)[0]?.[0]?.rule, config.writes[0]);
  t.equal(rules.matchWrites('DELETE', '/api/files/3/4', plain)[0]?.[0]?.rule, config.writes[1]);
  t.equal(rules.matchWrites('GET', '/logout', plain)[0]?.[0]?.rule, config.writes[2]);
  t.same(rules.matchWrites('POST', '/logout', plain), [[]]);
  t.end();
});

const plainRoute: Route = {
  methods: ['GET'],
  pattern: '/',
  when: [],
  type: 'standard',
  tags: [],
  shadow: false,
  rollout: undefined,
  line: 1,
  column: 1,
};
const routesOf = (patterns: readonly string[]): readonly Route[] =>
  patterns.map((pattern, line) => ({ ...plainRoute, pattern, line }));

t.test('a pattern that cannot be matched in linear time is a problem with its place', (t) => {
  const broken = { ...config, routes: routesOf(['/a', '/:x(a(?=b).*)']) };
  t.throws(() => compileRules(broken), /cannot be used/);
  t.throws(() => configOf('routes:\n  - { match: "GET /:x(a(?=b).*)", type: pass }'), /bad-pattern/);
  t.end();
});

t.test('the index gives the same result as trying every pattern in file order', (t) => {
  const segment = fc.constantFrom(
    '/a',
    '/b',
    '/:x',
    '/*',
    '{/a}?',
    '/:y?',
    '/a:z',
    '/a.b',
    '/a-:q-:r',
    '/:p+',
    '(.*)',
    '{/a/b}',
    '/',
  );
  const pattern = fc.array(segment, { maxLength: 4 }).map((segments) => segments.join('') || '/');
  const path = fc.array(fc.constantFrom('/a', '/b', '/c', '/a.b', '/ab', '/a-b-c', '/'), { maxLength: 5 });
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 12 }),
      fc.array(path, { minLength: 8, maxLength: 8 }),
      (written, paths) => {
        const usable = written.filter(compiles);
        const { match } = compileRules({ ...config, routes: routesOf(usable) });
        for (const pieces of paths) {
          const pathname = `/${pieces.join('').slice(1)}`;
          const first = usable.findIndex((text) => new URLPattern({ pathname: text }).test({ pathname }));
          const found = match('GET', pathname, plain).route?.line ?? -1;
          if (found !== first) throw new Error(`${pathname}: ${found}, not ${first} of ${usable.join('  ')}`);
          hits += first >= 0 ? 1 : 0;
        }
      },
    ),
    { numRuns: 600 },
  );
  t.ok(hits > 1000, `${hits} of the paths match`);
  t.end();
});

/** Names used twice make a pattern that is none. */
function compiles(pathname: string): boolean {
  try {
    new URLPattern({ pathname });
    return true;
  } catch {
    return false;
  }
}

t.test('a route with a condition takes only the requests that meet it; others go on to the next', (t) => {
  const { match, matchWrites } = compileRules(
    configOf(`
content_types: { file_list: {}, app_list: {}, recent: {} }
routes:
  - { match: GET /*, when: { query: [no_cache, _t] }, type: pass }
  - { match: GET /files/:name, when: { query: { sort: recent, page: "1" } }, type: recent }
  - { match: GET /files, type: file_list }
  - { match: "GET /:any", when: { request_header: { x-client: app } }, type: app_list }
  - { match: "GET /:any", when: { request_header: [x-debug] }, type: pass }
  - { match: GET /other, type: file_list }
writes:
  - { match: GET /files, when: { query: { reset: "1" } }, invalidate: ["a"] }
  - { match: [GET /files/*, POST /files], invalidate: ["b"] }
`),
  );
  for (const [path, query, fields, type] of [
    ['/files', undefined, [], 'file_list'],
    ['/files', 'no_cache=1', [], 'pass'],
    ['/files', 'a=1&no%5Fcache', [], 'pass'],
    ['/files', 'x=_t', [], 'file_list'],
    ['/files/a', 'page=1&sort=recent', [], 'recent'],
    ['/files/a', 'page=2&sort=recent', [], 'standard'],
    ['/files/a', 'sort=old&sort=recent&page=1', [], 'recent'],
    ['/files', undefined, ['X-Client', 'app'], 'file_list'],
    ['/other', undefined, ['X-Client', 'app'], 'app_list'],
    ['/other', undefined, ['X-Client', 'web'], 'file_list'],
    ['/other', undefined, ['X-Debug', ''], 'pass'],
  ] as const) {
    const found = match('GET', path, { query, fields });
    t.equal(found.contentType.name, type, `${path}?${query ?? ''} ${fields.join(': ')}`);
  }
  t.same(match('GET', '/files/a', { query: 'sort=recent&page=1', fields: [] }).params, { name: 'a' });
  const tagsOf = (method: string, path: string, query?: string) =>
    matchWrites(method, path, { query, fields: [] })[0]?.[0]?.rule.invalidate.map(({ raw }) => raw);
  t.same(tagsOf('GET', '/files'), undefined);
  t.same(tagsOf('GET', '/files', 'reset=1'), ['a']);
  t.same(tagsOf('GET', '/files/x', 'reset=1'), ['b']);
  t.same(tagsOf('POST', '/files', 'reset=1'), ['b']);
  t.end();
});
