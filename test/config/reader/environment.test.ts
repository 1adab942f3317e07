import t from 'tap';
import { hideReferences, showReferences, substitute } from '../../../src/config/reader/environment.ts';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

const replace = (text: string, env: Record<string, string>) => substitute(hideReferences(text), env);

t.test('references are replaced; defaults apply to missing and empty variables', async (t) => {
  const cases = [
    ['${A}', 'a'],
    ['x${A}y${B:-b}z', 'xaybz'],
    ['${EMPTY}', ''],
    ['${EMPTY:-full}', 'full'],
    ['${NONE:-}', ''],
    ['${NONE:-a: [b]}', 'a: [b]'],
    ['$A', '$A'],
    ['$${A}', '${A}'],
    ['$$', '$$'],
    ['${HOSTILE}', '${A}: {'],
  ];
  for (const [text = '', value] of cases) {
    const result = replace(text, { A: 'a', EMPTY: '', HOSTILE: '${A}: {' });
    t.match(result, { kind: 'ok', text: value }, text);
  }
});

t.test('missing variables and malformed references are distinguished', async (t) => {
  t.match(replace('${NONE}', {}), { kind: 'missing', name: 'NONE', written: '${NONE}' });
  t.match(replace('${toString}', {}), { kind: 'missing', name: 'toString' });
  for (const text of ['${', '${}', '${1A}', '${A', '${A-b}', '${A:b}'])
    t.match(replace(text, {}), { kind: 'malformed' }, text);
});

t.test('hiding keeps every offset, showing undoes it', async (t) => {
  const text = '{ a: ${A}, b: "${B:-c}" } ${';
  t.equal(hideReferences(text).length, text.length);
  t.equal(showReferences(hideReferences(text)), text);
});

t.test('a reference may be within braces and brackets without quotes', async (t) => {
  const config = configIn(
    `upstream: { url: \${URL}, connections: \${N:-7} }\nidentity: { credentials: [\${C}] }`,
    {
      env: { URL: 'http://app:1', C: 'sid' },
    },
  );
  t.match(config.upstream, { url: 'http://app:1', connections: 7 });
  t.strictSame(config.identity.credentials, ['sid']);
});

t.test('a substituted value is one value, whatever it looks like', async (t) => {
  const secret = 'a: b, c } # "\n- x';
  const config = configIn(`${upstream}identity: { flask_session: { secret: \${S} } }`, {
    env: { S: secret },
  });
  t.equal(config.identity.flaskSession?.secret, secret);
});

t.test(
  'an unquoted value becomes a number or a switch where that is expected, a quoted one does not',
  async (t) => {
    const env = { N: '12', T: 'false', BAD: 'many' };
    const config = configIn(`upstream: { url: http://app, connections: \${N} }\nstore: { compress: \${T} }`, {
      env,
    });
    t.equal(config.upstream.connections, 12);
    t.equal(config.store.compress, false);
    t.strictSame(problemsBelow('store: { compress: "${T}" }', { env }), ['1:20 wrong-type']);
    t.strictSame(problemsBelow('ttl: { jitter: ${BAD} }', { env }), ['1:16 wrong-type']);
  },
);

t.test('a missing variable is reported where it is used', async (t) => {
  t.strictSame(problemsBelow('store:\n  redis: { url: "redis://:${PASS}@r:6379" }'), [
    '2:27 missing-variable',
  ]);
  t.strictSame(problemsBelow('control: { token: ${TOKEN} }'), ['1:19 missing-variable']);
  t.strictSame(problemsBelow('control: { token: "${TOKEN" }'), ['1:19 bad-environment']);
});
