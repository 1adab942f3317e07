/** `diff` of two files: its output and exit codes. */

import { writeFileSync } from 'node:fs';
import t from 'tap';
import { fileOf, run } from './command.ts';

const rules =
  'upstream: http://127.0.0.1:9\nlisten: 127.0.0.1:80\ncontent_types: { list: { ttl: 60s } }\nroutes: [{ match: GET /a, type: list }]\n';

t.test('`diff` says what changes and what a reload ends, in text and JSON, and ends with 3', async (t) => {
  const old = fileOf(t, rules);
  const now = fileOf(t, rules.replace('60s', '2m, scope: public').replace(':80', ':81'));
  const text = await run(['diff', old, now]);
  t.strictSame(text, {
    code: 3,
    stdout: `changed GET /a
  ttl: 1m → 2m
  scope: user → public
listen.port: 80 → 81

A reload ends: what is stored as list
Takes effect after a restart: listen
`,
    stderr: '',
  });
  const json = await run(['diff', old, now, '--format', 'json']);
  t.match(JSON.parse(json.stdout), { routes: [{ rule: 'GET /a' }], ends: ['list'], restart: ['listen'] });
});

t.test('`diff` ends with 0 when nothing changes, and with 1 and every problem on a bad file', async (t) => {
  const old = fileOf(t, rules);
  const now = fileOf(t, `# a comment\n${rules}`);
  t.match(await run(['diff', old, now]), { code: 0, stdout: 'nothing changes\n' });
  writeFileSync(now, 'ttl: { default: soon }\n');
  t.match(await run(['diff', old, now]), { code: 1, stdout: '', stderr: 'bad-duration' });
});
