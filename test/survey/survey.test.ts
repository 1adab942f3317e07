/** What a survey concludes, by table: templates of paths, causes of changes, roles of cookies, lines of logs. */

import t from 'tap';
import { readLogLine } from '../../src/survey/access-log.ts';
import { causesOf } from '../../src/survey/causes.ts';
import { cookieRoles } from '../../src/survey/cookie-roles.ts';
import { lifetimeOf } from '../../src/survey/draft.ts';
import { namesIn } from '../../src/survey/names-in.ts';
import type { Interval } from '../../src/survey/page-history.ts';
import { learnPatterns } from '../../src/survey/path-templates.ts';
import { parseExamples } from '../../src/config/examples/check-examples.ts';
import { createTryExample } from '../../src/explain/rule-examples.ts';
import { examplesText } from '../../src/survey/draft-examples.ts';
import { rulesText } from '../../src/survey/draft-yaml.ts';
import { survey } from '../../src/survey/survey.ts';
import { recordLine, type Seen, type TrafficRecord } from '../../src/survey/traffic-record.ts';
import { plainText } from '../../src/survey/yaml-text.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import { epochMs } from '../../src/kit/time.ts';

t.test('path templates', (t) => {
  const slugs = Array.from({ length: 20 }, (_, index) => `/blog/${'abcdefghijklmnopqrst'[index]}-post`);
  const paths = [
    '/',
    '/files',
    '/files/12',
    '/files/new',
    '/file/64a3/edit',
    '/read/notes.md',
    '/favicon.ico',
  ];
  const assets = ['/static/css/a.css', '/static/js/b.js', '/static/js/c.js'];
  const api = ['/api/v2/me', '/oauth2/start', '/u/%D7%90', '/a//b'];
  const patternOf = learnPatterns([...paths, ...slugs, ...assets, ...api]);
  for (const [path, pattern] of [
    ['/', '/'],
    ['/files', '/files'],
    ['/files/12', '/files/:id'],
    ['/files/new', '/files/new'],
    ['/files/other', '/files/:id'],
    ['/file/77ff/edit', '/file/:id/edit'],
    ['/read/notes.md', '/read/:id'],
    ['/favicon.ico', '/favicon.ico'],
    ['/blog/a-post', '/blog/:id'],
    ['/static/js/b.js', '/static/*'],
    ['/static/other/d.png', '/static/*'],
    ['/api/v2/me', '/api/v2/me'],
    ['/oauth2/start', '/oauth2/start'],
    ['/u/%D7%90', '/u/:id'],
    ['/a//b', '/a//b'],
  ] as const)
    t.equal(patternOf(path), pattern, path);
  t.end();
});

const interval = (isChanged: boolean, own: readonly string[], others: readonly string[] = []): Interval => ({
  pattern: '/list',
  parameters: '',
  isChanged,
  seconds: 10,
  own: new Set(own),
  others: new Set(others),
});

t.test('a rare write explains a change before the beacon that is always there', (t) => {
  const quiet = Array.from({ length: 30 }, () => interval(false, ['beacon']));
  const { causes, changes, byItself } = causesOf([
    ...quiet,
    interval(true, ['beacon', 'edit'], ['edit']),
    interval(true, ['beacon', 'edit']),
    interval(false, ['beacon'], ['edit']),
    interval(true, []),
  ]);
  const found = Object.fromEntries(causes.map(({ kind, whose, changed }) => [`${whose} ${kind}`, changed]));
  t.strictSame(found, { 'own beacon': 0, 'own edit': 2, 'others edit': 0 });
  t.strictSame([changes, byItself], [3, 1]);
  t.end();
});

t.test('lifetimes: 30 s to 2 h, shorter for each change by itself', (t) => {
  t.equal(lifetimeOf({ byItself: 0, seconds: 60 }), 30);
  t.equal(lifetimeOf({ byItself: 0, seconds: 75_000 }), 1000);
  t.equal(lifetimeOf({ byItself: 4, seconds: 75_000 }), 272);
  t.equal(lifetimeOf({ byItself: 0, seconds: 1e9 }), 7200);
  t.end();
});

const seen = (change: Partial<Seen> = {}): Seen => ({
  ...{ cookies: {}, fields: {}, sets: {}, body: 'b', contentType: 'text/html', encoding: '' },
  ...{ cacheControl: '', vary: '' },
  ...change,
});

t.test('a cookie is a choice by its name, or if people with different sessions share its few values', (t) => {
  const all = ['1', '2', '3'].map((who) =>
    seen({
      cookies: { session: who, ui_theme: 'd', side: 'l', device: who, csrftoken: 'same', _ga: who },
      flask: { cookie: 'session', claims: { user_id: who } },
    }),
  );
  t.match(cookieRoles(all, new Set(['remember_me'])), {
    framework: 'Flask',
    flask: { cookie: 'session', userClaim: 'user_id' },
    credentials: ['csrftoken', 'device', 'remember_me', 'session'],
    choices: ['side', 'ui_theme'],
  });
  for (const [name, framework] of [
    ['sessionid', 'Django'],
    ['_shop_session', 'Rails'],
    ['laravel_session', 'Laravel'],
    ['PHPSESSID', 'PHP'],
    ['connect.sid', 'Express'],
    ['koa.sess', 'Koa'],
    ['JSESSIONID', 'Spring'],
    ['.AspNetCore.Session', 'ASP.NET'],
    ['wordpress_logged_in_1', 'WordPress'],
  ] as const)
    t.equal(cookieRoles([seen({ cookies: { [name]: 'v' } })], new Set()).framework, framework);
  t.end();
});

t.test('names in a body', (t) => {
  const of = (type: string, text: string): readonly string[] | undefined => namesIn(type, Buffer.from(text));
  t.strictSame(of('application/json; charset=utf-8', '{"b":{"x":1},"a":2}'), ['json:/a', 'json:/b']);
  t.strictSame(of('text/plain', '{"a":2}'), ['json:/a']);
  t.strictSame(of('application/x-www-form-urlencoded', 'code=x&name=y&code=z'), ['form:code', 'form:name']);
  for (const [type, text] of [
    ['application/json', '[1]'],
    ['application/json', '{"a":'],
    ['application/json', '{"one two":1}'],
    ['multipart/form-data', 'a=1'],
  ] as const)
    t.equal(of(type, text), undefined);
  t.end();
});

t.test('lines of logs', (t) => {
  const expected = {
    method: 'GET',
    target: '/files?page=2',
    status: 200,
    bytes: 512,
    at: Date.UTC(2026, 10, 30, 17, 26, 10),
  };
  for (const line of [
    '10.0.0.1 - dana [30/Nov/2026:17:26:10 +0000] "GET /files?page=2 HTTP/1.1" 200 512 "-" "curl/8"',
    '{"time_iso8601":"2026-11-30T17:26:10+00:00","request_method":"GET","request_uri":"/files?page=2","status":"200","body_bytes_sent":"512"}',
    '{"time_local":"30/Nov/2026:17:26:10 +0000","request":"GET /files?page=2 HTTP/1.1","status":200,"bytes_sent":512}',
    '{"level":"info","ts":1796059570.0,"request":{"method":"GET","uri":"/files?page=2"},"status":200,"size":512}',
    '{"accept_date":1796059570,"http_method":"GET","http_uri":"http://app.example/files?page=2","status_code":200,"bytes_read":512}',
    '{"@timestamp":"2026-11-30T17:26:10Z","http.request.method":"GET","url":{"original":"/files?page=2"},"http":{"response":{"status_code":200,"body":{"bytes":512}}}}',
    '{"time":1796059570000,"method":"GET","target":"/files?page=2","status":200,"size":512}',
  ])
    t.strictSame(readLogLine(line), expected, line);
  const record = { ...expected, at: epochMs(expected.at), seen: seen({ names: ['json:/a'] }) };
  t.strictSame(readLogLine(recordLine(record)), record, 'a traffic record');
  for (const ts of ['1796059570000000', '1796059570000000000'])
    t.match(
      readLogLine(`{"ts":${ts},"request":{"method":"GET","uri":"/"},"status":200}`),
      { at: expected.at },
      ts,
    );
  for (const line of [
    '{"ts":1e30,"request":{"method":"GET","uri":"/"},"status":200}',
    '[20/Nov/-1'.repeat(20_000),
    '',
    'hello',
    '{"a":1}',
    '{',
    '{"shelflife_traffic":2}',
    recordLine(record).replace('"sets":{}', '"sets":7'),
  ])
    t.notMatch(readLogLine(line), { seen: {} }, `nothing is seen in: ${line}`);
  t.end();
});

const minute = (index: number): number => Date.UTC(2026, 10, 30) + index * 60_000;

t.test('texts in YAML are never references to the environment', (t) => {
  t.equal(plainText('/a/${HOME}'), '"/a/$${HOME}"');
  t.equal(plainText('true'), '"true"');
  t.equal(plainText('GET /files'), 'GET /files');
  t.end();
});

t.test('what an access log shows is kept for a moment, and every write ends it', (t) => {
  const logged: TrafficRecord[] = Array.from({ length: 40 }, (_, index) => ({
    at: epochMs(minute(index)),
    ...{
      method: index % 20 === 19 ? 'POST' : 'GET',
      target: index % 2 === 0 ? '/posts/1' : '/logout',
      status: 200,
      bytes: 1,
    },
  }));
  const draft = survey(logged, []);
  t.match(draft.cautious.pages, [{ pattern: '/posts/:id', said: 'not asked' }]);
  t.equal(draft.cautious.pages.length, 1, 'who logs somebody out is asked nothing');
  const text = rulesText({ draft, upstream: 'http://127.0.0.1:1', from: 'a log' });
  const parsed = parseConfig(text, { file: 'rules.yaml', env: {} });
  t.equal(parsed.kind, 'ok', text);
  t.match(text, /POST \/logout, invalidate: \[logged_page, "user:\{user\}"\]/);
  t.end();
});

/** What is recorded of a page: twenty looks, which were all the same. */
const looks = (target: string, shown: Partial<Seen> = {}, count = 20): readonly TrafficRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    at: epochMs(minute(index)),
    ...{ method: 'GET', target, status: 200, bytes: 1, seen: seen({ body: 'a page', ...shown }) },
  }));
const asLogged = (records: readonly TrafficRecord[]): readonly TrafficRecord[] =>
  records.map(({ seen: _, ...record }) => record);
const written = (method: string, target: string): readonly TrafficRecord[] =>
  looks(target, {}, 3).map((record) => ({ ...record, method }));

t.test('whatever was seen, the draft passes `check`, and its examples pass', async (t) => {
  const odd = ['a b', 'a:b', '"q"', 'a\nb: c'];
  const long = [`/${'x/'.repeat(200)}`, `/${'a1/'.repeat(60)}`];
  for (const [what, records] of [
    ['a wide route that is asked for most', [...looks('/f/12'), ...looks('/f/12'), ...looks('/f/new')]],
    ['the same in a log', asLogged([...looks('/f/12'), ...looks('/f/12'), ...looks('/f/new')])],
    ['dots', ['/.', '/..', '/a/../b'].flatMap((path) => [...looks(path), ...written('PUT', path)])],
    [
      'a GET that acts beside pages',
      [
        ...[...looks('/7'), ...looks('/new')],
        ...looks('/8', { sets: { sid: 'new' } }, 5).map((one) => ({ ...one, status: 302 })),
      ],
    ],
    [
      'routes that cross',
      [
        ...['/a/12/x', '/a/b/77', '/a/b/x', '/12/b/x', '/12', '/'].flatMap((path) => looks(path)),
        ...asLogged(['/a/b/x', '/a/c/x', '/a/logout'].flatMap((path) => looks(path))),
      ],
    ],
    ['a wide write', [...looks('/p'), ...written('POST', '/f/12'), ...written('POST', '/f/new')]],
    [
      'the same in a log',
      asLogged([...looks('/p'), ...written('PUT', '/f/12'), ...written('PUT', '/f/new')]),
    ],
    ['paths that give one name', [...looks('/page-3'), ...looks('/page'), ...looks('/Page')]],
    [
      'names with a meaning',
      ['/true', '/null', '/user', '/type', '/pass', '/é'].flatMap((path) => looks(path)),
    ],
    ['long paths', long.flatMap((path) => looks(path))],
    [
      'odd paths',
      ['//a', '/a/../b', '/%D7%A9', '/a%2Fb', '/a*(b', '/{x}/${X}'].flatMap((path) => looks(path)),
    ],
    [
      'odd cookies',
      looks('/p', { cookies: Object.fromEntries([...odd, 'theme'].map((name) => [name, 'v'])) }),
    ],
    ['a Flask session with an odd name', looks('/p', { flask: { cookie: 'a b', claims: {} } })],
    ['odd fields in Vary', looks('/p', { vary: 'X Foo, "x", :path, Referer' })],
    ['odd parameters', [...looks('/p'), ...odd.flatMap((name) => looks(`/p?${encodeURIComponent(name)}=1`))]],
    [
      'methods of caches',
      [...looks('/p'), ...['PURGE', 'BAN', 'CONNECT', 'M-SEARCH'].flatMap((method) => written(method, '/p'))],
    ],
    [
      'a log and a record',
      [
        ...looks('/p'),
        ...looks('/logged-page'),
        ...asLogged([...looks('/p'), ...looks('/q'), ...written('POST', '/p')]),
        ...written('POST', '/p'),
      ],
    ],
    ['nothing but failures', asLogged(looks('/p')).map((record) => ({ ...record, status: 404 }))],
    ['nothing but assets', asLogged(['/s/a.css', '/s/b.css', '/s/c.css'].flatMap((path) => looks(path)))],
  ] as const) {
    const draft = survey(records, []);
    const rules = rulesText({ draft, upstream: 'http://127.0.0.1:1', from: 'a test' });
    const parsed = parseConfig(rules, { file: 'rules.yaml', env: {} });
    t.match(parsed, { kind: 'ok', warnings: [] }, `${what}\n${rules}`);
    const examples = examplesText(draft, 'rules.yaml');
    if (parsed.kind !== 'ok' || examples === undefined) continue;
    const read = parseExamples(examples, 'rules.test.yaml');
    t.match(read, { kind: 'ok' }, `${what}\n${examples}`);
    if (read.kind !== 'ok') continue;
    const tryExample = createTryExample(parsed.config, read.file);
    for (const example of read.file.examples)
      t.strictSame((await tryExample(example)).mismatches, [], `${what}: ${example.name}`);
  }
});

t.test('what was seen too seldom, or sounds like an action, gets nothing of a wider route', (t) => {
  const textOf = (records: readonly TrafficRecord[]): string =>
    rulesText({ draft: survey(records, []), upstream: 'http://127.0.0.1:1', from: 'a test' });
  const seldom = (cacheControl: string): string =>
    textOf([...looks('/f/12'), ...looks('/f/me', { cacheControl }, 2)]);
  t.match(seldom('max-age=60'), /GET \/f\/me, type: standard[^]*GET \/f\/:id/);
  t.match(seldom('public'), /GET \/f\/me, type: pass[^]*GET \/f\/:id/, 'HTTP would guess a lifetime');
  const logged = asLogged([...looks('/f/12'), ...looks('/f/logout')]);
  t.match(textOf(logged), /GET \/f\/logout, type: pass[^]*"GET \/f\/:id"/);
  t.notMatch(textOf(asLogged(looks('/logout'))), /logout/);
  t.end();
});

t.test('a parameter that changed nothing is named, one that did is not', (t) => {
  const records = Array.from({ length: 60 }, (_, index): TrafficRecord => ({
    at: epochMs(minute(index)),
    ...{ method: 'GET', target: `/list?from=${index % 5}&page=${index % 2}`, status: 200, bytes: 1 },
    seen: seen({ body: `page ${index % 2}` }),
  }));
  const draft = survey(records, []);
  t.match(draft.types[0]?.idle, [{ name: 'from', values: 5 }]);
  t.equal(draft.types[0]?.idle.length, 1);
  t.match(
    rulesText({ draft, upstream: 'http://127.0.0.1:1', from: 'a test' }),
    /# query: { ignore: \[from\] }/,
  );
  t.end();
});

t.test('a page that people do not share is never drafted as public', (t) => {
  const of = (who: string | undefined, body: string, index: number): TrafficRecord => ({
    at: epochMs(minute(index)),
    ...{ method: 'GET', target: '/home', status: 200, bytes: 1 },
    seen: seen({ body, cookies: who === undefined ? {} : { 'connect.sid': who } }),
  });
  const people = ['1', '2', '3', undefined];
  const look = (bodyOf: (who: string | undefined) => string): readonly TrafficRecord[] =>
    Array.from({ length: 60 }, (_, index) => of(people[index % 4], bodyOf(people[index % 4]), index));
  const scopeOf = (records: readonly TrafficRecord[]): string | undefined =>
    survey(records, []).types[0]?.scope;
  t.equal(scopeOf(look(() => 'same')), 'public');
  t.equal(scopeOf(look((who) => (who === '3' ? 'mine' : 'same'))), 'user', 'one has another');
  t.equal(
    scopeOf(look(() => 'same').filter(({ seen: of }) => 'connect.sid' in (of?.cookies ?? {}))),
    'user',
    'nobody came without a session',
  );
  t.end();
});
