/** The canonical layout of a configuration: what moves, what stays, and what is left alone. */

import { deepStrictEqual, equal } from 'node:assert';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { parseDocument } from 'yaml';
import { commentsOf, layOut } from '../../../src/config/reader/layout.ts';
import { formatRules } from '../../../src/config/schema/format-rules.ts';

const format = (text: string) =>
  formatRules(text, { file: 'rules.yaml', env: {}, upstreamMayBeMissing: true });

t.test('the layout: indentation, blank lines, brackets, and comments in one column', (t) => {
  const before = `mode: full # all of it
upstream:      "http://127.0.0.1:9" # the app
control: {token: \${TOKEN:-01234567890123456789012345678901},   address: 127.0.0.1:1}
log:
    level: info    # all of it
    # level: debug



# ── Content
content_types: { a: {ttl: 60s,scope: user}, b: { statuses: [ 200,404 ] } } # beside
routes:          # the first match wins
- {match: [ 'GET /a', "GET /b/:id" ], type: a}
-   match: GET /c  # one line
                   # and another

    type: b
    # the end of the list
store:
   memory: 1MiB   # little
   compress: true # text
`;
  const after = `mode: full                     # all of it
upstream: "http://127.0.0.1:9" # the app
control: { token: \${TOKEN:-01234567890123456789012345678901}, address: 127.0.0.1:1 }
log:
  level: info # all of it
  # level: debug

# ── Content
content_types: { a: { ttl: 60s, scope: user }, b: { statuses: [200, 404] } } # beside
routes:
  # the first match wins
  - { match: ['GET /a', "GET /b/:id"], type: a }
  # one line
  # and another
  - match: GET /c

    type: b
    # the end of the list
store:
  memory: 1MiB   # little
  compress: true # text
`;
  t.strictSame(format(before), { kind: 'ok', text: after });
  t.strictSame(format(after), { kind: 'ok', text: after });
  // yaml takes U+2028 in a comment for the end of a line.
  t.strictSame(format('mode: full\n# a \u2028 b\n'), { kind: 'refused' });
  t.end();
});

t.test('a variable that is missing here does not matter, any other problem does', (t) => {
  t.match(format('upstream:   ${APP}\n'), { kind: 'ok', text: 'upstream: ${APP}\n' });
  t.match(format('upstream: [\n'), { kind: 'problems', problems: [{ code: 'bad-yaml' }] });
  t.match(format('{ routes: *no }'), { kind: 'problems', problems: [{ code: 'bad-yaml' }] });
  t.match(format('ttl: { default: soon }'), { kind: 'problems', problems: [{ code: 'bad-duration' }] });
  t.end();
});

const pieces = ['shelflife', 'codebot', 'demo'].map((name) => readFileSync(`config/${name}.yaml`, 'utf8'));
const literals =
  'a: |\n  x\n\n\n  y # no\nb: >-\n  c\n  d\ne: "q # no\n  s"\nf: { g: [1, 2] }\ni:\n- j: 1\n-   - l\n- []\n';

t.test('comments anywhere: none is lost, no value changes, and a second pass changes nothing', (t) => {
  const change = fc.record({
    at: fc.nat(60),
    what: fc.constantFrom('above', 'beside', 'within', 'blank'),
    indent: fc.constantFrom(0, 2, 5),
  });
  const text = fc
    .record({ piece: fc.constantFrom(...pieces, literals), from: fc.nat(500), changes: fc.array(change) })
    .map(({ piece, from, changes }) => {
      const all = piece.split('\n');
      const lines = all.slice(from % all.length, (from % all.length) + 30);
      for (const { at, what, indent } of changes) {
        const line = lines[at] ?? '';
        if (what === 'above') lines.splice(at, 0, `${' '.repeat(indent)}# above`);
        if (what === 'blank') lines.splice(at, 0, '', '');
        if (what === 'beside') lines[at] = `${line} # beside`;
        if (what === 'within') lines[at] = line.replace(/[,[{] /, `$&# within\n${' '.repeat(indent + 8)}`);
      }
      return lines.join('\n');
    })
    .filter((one) => {
      const { errors, warnings } = parseDocument(one, { logLevel: 'error' });
      return errors.length + warnings.length === 0 && !/: \*/.test(one);
    });
  fc.assert(
    fc.property(text, (before) => {
      const after = layOut(before);
      deepStrictEqual(commentsOf(after), commentsOf(before));
      deepStrictEqual(parseDocument(after).toJSON(), parseDocument(before).toJSON());
      equal(layOut(after), after);
    }),
    { numRuns: 30 },
  );
  for (const piece of pieces) t.equal(format(piece).kind, 'ok');
  t.end();
});
