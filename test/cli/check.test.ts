/**
 * `check`: the compiled rules as a table, or every problem with its place.
 */
import t from 'tap';
import { fileOf, run } from './command.ts';

t.test('a good file is shown as a table', async (t) => {
  const { code, stdout, stderr } = await run(['check', 'config/demo.yaml']);
  t.equal(code, 0);
  t.equal(stderr, '');
  const lines = stdout.split('\n');
  t.match(lines[0], /^ROUTE +CONTENT TYPE +SCOPE +TTL NOW +TAGS$/);
  t.ok(lines.some((line) => /^GET \/files +file_list +user +\d+ s +files:\{user\}$/.test(line)));
  t.ok(
    lines.some((line) => /^GET \/md\/:file_id +markdown_render +user +\d+ s +file:\{file_id\}$/.test(line)),
  );
  t.ok(lines.some((line) => /^\(anything else\) +pass +- +never stored$/.test(line)));
  t.ok(lines.some((line) => /^GET \/logout +user:\{user\}$/.test(line)));
});

t.test('--json gives the same data, with the lifetime of this hour', async (t) => {
  const file = fileOf(
    t,
    'content_types: { page: { ttl: 50s } }\nroutes: [{ match: GET /p, type: page, tags: [a] }]\n',
  );
  const { code, stdout } = await run(['check', file, '--json']);
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    routes: [
      { route: 'GET /p', content_type: 'page', scope: 'user', ttl_seconds: 50, tags: ['a'] },
      { route: '(anything else)', content_type: 'standard' },
    ],
    writes: [{ write: '(any other)' }],
    warnings: [{ code: 'upstream-missing' }],
  });
});

t.test('a bad file: every problem, with its place, its line and a pointer, on stderr', async (t) => {
  const file = fileOf(
    t,
    'upstream: http://h\nttl: { default: soon }\nroutes:\n  - { match: GET /a, type: nothing }\nmore: 1\n',
  );
  const { code, stdout, stderr } = await run(['check', file]);
  t.equal(code, 1);
  t.equal(stdout, '');
  for (const place of [`${file}:2:17 bad-duration`, `${file}:4:28 unknown-type`, `${file}:5:1 unknown-key`])
    t.match(stderr, place);
  t.match(stderr, /\nttl: \{ default: soon \}\n {16}\^{4}\n/);
});

t.test('a pattern that parses but cannot be matched is reported with its place', async (t) => {
  const file = fileOf(
    t,
    'upstream: http://h\nroutes:\n  - { match: "GET /a/:b(x(?=y).*)", type: standard }\n',
  );
  const { code, stderr } = await run(['check', file]);
  t.equal(code, 1);
  t.match(stderr, `${file}:3:`);
  t.match(stderr, 'bad-pattern');
});

t.test('a missing file is reported in one line', async (t) => {
  const { code, stderr } = await run(['check', 'nowhere.yaml']);
  t.equal(code, 1);
  t.match(stderr, /^shelflife: nowhere\.yaml cannot be read: no such file\n$/);
});

t.test('--format: problems and warnings for machines, on stdout', async (t) => {
  const bad = fileOf(t, 'upstream: http://a\nlog: { level: "100%" }\n');
  const github = await run(['check', bad, '--format', 'github']);
  t.equal(github.code, 1);
  t.match(
    github.stdout,
    /^::error file=[^,]+,line=2,col=15,endColumn=21,title=shelflife%3A bad-value::`100%25` is/,
  );
  const json = await run(['check', bad, '--format', 'json']);
  t.equal(json.code, 1);
  t.match(JSON.parse(json.stdout), { problems: [{ line: 2, column: 15, code: 'bad-value' }], warnings: [] });
  const none = await run(['check', 'nowhere.yaml', '--format', 'json']);
  t.match([none.code, none.stderr], [1, '']);
  t.match(JSON.parse(none.stdout), {
    problems: [{ file: 'nowhere.yaml', line: 1, column: 1, code: 'bad-file', message: /no such file/ }],
  });
  const good = await run(['check', fileOf(t, 'log: { level: info }\n'), '--format', 'github']);
  t.equal(good.code, 0);
  t.match(good.stdout, /^::warning file=.*title=shelflife%3A upstream-missing::/);
});
