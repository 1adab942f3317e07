/** What `shelflife diff` finds between two configurations. */

import t from 'tap';
import { diffConfigs } from '../../src/explain/config-diff.ts';
import { configIn } from '../config/fixture.ts';

const before = `
upstream: http://127.0.0.1:5000
control: { token: ${'a'.repeat(32)} }
identity: { flask_session: { secret: old-secret } }
content_types:
  list: { ttl: 60s, tags: ["files:{user}"], query: { only: [page] } }
  page: { scope: public, ttl: 5m }
routes:
  - { match: [GET /a, GET /b], type: list }
  - { match: GET /c, type: page }
writes:
  - { match: POST /a, invalidate: ["files:{user}"] }
alerts:
  - { name: low, when: { hit_rate_below: 0.5 }, webhook: "https://h/secret-path" }
`;

const diff = (edits: readonly (readonly [string, string])[]) => {
  const [old, now] = [configIn(before), configIn(edits.reduce((text, [a, b]) => text.replace(a, b), before))];
  return diffConfigs(old, now, now);
};

const lines = ({ routes, writes, settings, reordered }: ReturnType<typeof diff>): readonly string[] => [
  ...[...routes, ...writes].flatMap(({ change, rule, differences }) =>
    differences.length === 0
      ? [`${change} ${rule}`]
      : differences.map(({ key, before: old, after }) => `${change} ${rule} ${key}: ${old} → ${after}`),
  ),
  ...reordered,
  ...settings.map(({ key, before: old, after }) => `${key}: ${old} → ${after}`),
];

type Edit = readonly [string, string];
const cases: readonly (readonly [
  edits: readonly Edit[],
  found: readonly string[],
  ends: string | readonly string[],
])[] = [
  [[['http://127.0.0.1:5000', 'http://127.0.0.1:5000 # the app']], [], 'nothing'],
  [[['ttl: 60s', 'ttl: 2m']], ['changed GET /a ttl: 1m → 2m', 'changed GET /b ttl: 1m → 2m'], 'nothing'],
  [
    [['[page] }', '[page, sort] }']],
    ['changed GET /a query.names: page → page, sort', 'changed GET /b query.names: page → page, sort'],
    ['list'],
  ],
  [[['scope: public', 'scope: user']], ['changed GET /c scope: public → user'], ['page']],
  [
    [['POST /a, invalidate: ["files:{user}"]', 'POST /a, invalidate: ["files:{user}", lists]']],
    ['changed POST /a invalidate: files:{user} → files:{user}, lists'],
    ['standard', 'pass', 'list', 'page'],
  ],
  [[['  - { match: GET /c, type: page }\n', '']], ['removed GET /c'], ['standard', 'pass', 'list', 'page']],
  [[['[GET /a, GET /b]', '[GET /b, GET /a]']], ['routes'], ['standard', 'pass', 'list', 'page']],
  [[['old-secret', 'new-secret']], ['identity.flask_session.secret: not shown → not shown'], 'everything'],
  [
    [
      ['/secret-path', '/other-secret'],
      ['a'.repeat(32), 'b'.repeat(32)],
    ],
    ['control.token: not shown → not shown', 'alerts.low.webhook: not shown → not shown'],
    'nothing',
  ],
];
for (const [edits, found, ends] of cases) {
  t.test(
    `diff: ${edits
      .map((edit) => edit.join(' → '))
      .join(', ')
      .trim()}`,
    async (t) => {
      const result = diff(edits);
      t.strictSame(lines(result), found);
      t.strictSame(result.ends, ends);
      t.notMatch(JSON.stringify(result), /secret-path|(old|new|other)-secret|a{32}|b{32}/);
    },
  );
}
