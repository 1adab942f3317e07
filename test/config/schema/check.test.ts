import fc from 'fast-check';
import t from 'tap';
import { builtInConfig, parseConfig } from '../../../src/config/schema/check.ts';
import { renderProblem } from '../../../src/config/reader/problem.ts';
import { configIn, problemsBelow, problemsIn, upstream, warningsIn } from '../fixture.ts';
import { anyCharacter } from '../../helpers/any-character.ts';

t.test('ten different mistakes are ten problems, each with its line and column', async (t) => {
  const text = [
    'upstream: ftp://127.0.0.1', // 1
    'listen: { address: 0.0.0.0:8080, workerz: 2 }', // 2
    'store:',
    '  memory: big', // 4
    '  lag: 1 minute', // 5
    'ttl:',
    '  time_zone: Moon/Crater', // 7
    '  default: 5m',
    '  default: 6m', // 9
    'content_types:',
    '  page: { scope: nobody }', // 11
    'routes:',
    '  - { match: GET /a/*, type: page }',
    '  - { match: GET /a/:id, type: page }', // 14
    '  - { match: GET /b, type: pege }', // 15
    '  - { match: GET /c, type: page, tags: ["c:{id}"] }', // 16
  ].join('\n');
  t.strictSame(problemsIn(text), [
    '1:11 bad-url',
    '2:34 unknown-key',
    '4:11 bad-size',
    '5:8 bad-duration',
    '7:14 bad-time-zone',
    '9:3 duplicate-key',
    '11:18 bad-value',
    '14:14 unreachable-route',
    '15:28 unknown-type',
    '16:41 unknown-placeholder',
  ]);
});

t.test('a problem shows file, place, code, line and pointer', async (t) => {
  const read = parseConfig(`${upstream}\tstore: 5`, { file: 'a.yaml', env: {} });
  t.equal(read.kind, 'problems');
  const other = parseConfig(`${upstream}store: 5`, { file: 'a.yaml', env: {} });
  if (other.kind === 'ok') return t.fail('5 is no store');
  const [first, ...rest] = other.problems.map(renderProblem);
  t.equal(rest.length, 0);
  t.match(first, /^a\.yaml:2:8 wrong-type .+\nstore: 5\n {7}\^$/);
});

for (const [what, text] of [
  ['an empty file', ''],
  ['comments only', '# nothing\n'],
  ['a null', '~'],
]) {
  t.test(`${what} is refused`, async (t) => {
    t.strictSame(problemsIn(text ?? ''), ['1:1 empty-file']);
  });
}

const wholeFile: readonly (readonly [string, string, readonly string[]])[] = [
  ['a list in place of a mapping', '- a\n', ['1:1 wrong-type']],
  ['a text in place of a mapping', 'hello', ['1:1 wrong-type']],
  ['no upstream', 'log: { level: info }', ['1:1 missing-key']],
  ['a second document', `${upstream}---\nlog: {}\n`, ['2:1 bad-yaml']],
  ['a tab as indentation', `${upstream}store:\n\tmemory: 1MiB\n`, ['3:1 bad-yaml']],
  ['an unclosed bracket', `${upstream}routes: [\n`, ['3:1 bad-yaml']],
  ['an unknown tag', `${upstream}log: { level: !shout info }\n`, ['2:15 bad-yaml']],
  ['an unknown anchor', `${upstream}store: *nothing\n`, ['2:8 bad-yaml']],
  ['a merge key', `${upstream}log: { <<: {} }\n`, ['2:8 unknown-key']],
];
for (const [what, text, expected] of wholeFile) {
  t.test(`${what} is a problem at its place`, async (t) => {
    t.strictSame(problemsIn(text), expected);
  });
}

const wrongTypes: readonly (readonly [string, readonly string[]])[] = [
  ['routes: {}', ['1:9 wrong-type']],
  ['routes:', ['1:8 empty-value']],
  ['store:\n  memory:', ['2:10 empty-value']],
  ['store: { compress: yes }', ['1:20 wrong-type']],
  ['store: { compress: "true" }', ['1:20 wrong-type']],
  ['upstream_: 1', ['1:1 unknown-key']],
  ['identity: { credentials: [1] }', ['1:27 wrong-type']],
  ['identity: { credentials: session }', ['1:26 wrong-type']],
  ['ttl: { jitter: "0.1" }', ['1:16 wrong-type']],
  ['ttl: { jitter: 2 }', ['1:16 out-of-range']],
  ['ttl: { jitter: .nan }', ['1:16 out-of-range']],
  ['ttl: { default: 1.5m }', ['1:17 bad-duration']],
  ['ttl: { default: 0 }', ['1:17 out-of-range']],
  ['ttl: { default: -5 }', ['1:17 bad-duration']],
  ['ttl: { default: [5m] }', ['1:17 wrong-type']],
  ['ttl: { min: 2h, max: 1h }', ['1:13 min-over-max']],
  ['ttl: { max: 10s }', ['1:13 min-over-max']],
  ['log: { level: on }', ['1:15 bad-value']],
  ['unmatched: cache', ['1:12 bad-value']],
];
for (const [text, expected] of wrongTypes) {
  t.test(`\`${text.replace('\n', '⏎')}\` is refused`, async (t) => {
    t.strictSame(problemsBelow(text), expected);
  });
}

t.test('after unparsable YAML nothing is checked, before it everything is', async (t) => {
  t.strictSame(
    problemsIn(`${upstream}log: { level: loud }\nstore: }\nroutes: [{ match: GET /, type: nope }]\n`),
    ['2:15 bad-value', '3:8 bad-yaml'],
  );
});

t.test('a mistake in an anchor is reported once, however many aliases repeat it', async (t) => {
  const text = 'content_types:\n  a: &a { ttl: long }\n  b: *a\n  c: *a\nroutes: []';
  t.strictSame(problemsBelow(text), ['2:16 bad-duration']);
});

t.test('anchors and aliases are resolved', async (t) => {
  const config = configIn(`${upstream}content_types:\n  a: &a { ttl: 90 }\n  b: *a\n`);
  t.equal(config.contentTypes.get('b')?.ttl, 90);
  t.equal(config.contentTypes.get('b')?.name, 'b');
});

t.test('without a file the defaults apply, with upstream and address from the command line', async (t) => {
  const read = builtInConfig({ env: {}, upstream: 'http://app:5000/', listen: '[::1]:0' });
  if (read.kind === 'problems') return t.fail(JSON.stringify(read.problems));
  const { config } = read;
  t.equal(config.upstream.url, 'http://app:5000');
  t.match(config.listen, { host: '::1', port: 0, hosts: undefined });
  t.match(config.control, { host: '127.0.0.1', port: 8081, token: undefined });
  t.equal(config.identity.credentials, undefined);
  t.equal(config.store.redis, undefined);
  t.equal(config.unmatched, 'standard');
  t.strictSame(config.routes, []);
  t.strictSame([...config.contentTypes.keys()], ['standard', 'pass']);
  t.match(config.ttl, {
    default: 300,
    min: 30,
    max: 7200,
    jitter: 0.05,
    timeZone: 'UTC',
    hours: [],
    factors: [],
  });
});

t.test('the command line wins over the file, and its mistakes are problems too', async (t) => {
  const config = configIn(`${upstream}listen: 127.0.0.1:1\n`, {
    upstream: 'https://other',
    listen: '0.0.0.0:9',
  });
  t.equal(config.upstream.url, 'https://other');
  t.match(config.listen, { host: '0.0.0.0', port: 9 });
  t.strictSame(problemsIn(upstream, { upstream: 'other:5000', listen: '8080' }), [
    '1:1 bad-url',
    '1:1 bad-address',
  ]);
});

t.test('a file without upstream gives only a warning when it may come from elsewhere', async (t) => {
  t.strictSame(warningsIn('log: {}', { upstreamMayBeMissing: true }), ['1:1 upstream-missing']);
  t.strictSame(warningsIn('log: {}', { upstream: 'http://app' }), []);
});

t.test('the control token comes from the file, else from SHELFLIFE_TOKEN, and is long enough', async (t) => {
  const long = 'x'.repeat(32);
  const other = 'y'.repeat(32);
  t.equal(configIn(upstream).control.token, undefined);
  t.equal(configIn(upstream, { env: { SHELFLIFE_TOKEN: '' } }).control.token, undefined);
  t.equal(configIn(upstream, { env: { SHELFLIFE_TOKEN: long } }).control.token, long);
  t.equal(
    configIn(`${upstream}control: { token: ${other} }`, { env: { SHELFLIFE_TOKEN: long } }).control.token,
    other,
  );
  t.strictSame(problemsIn(upstream, { env: { SHELFLIFE_TOKEN: 'short' } }), ['1:1 token-too-short']);
  t.strictSame(problemsBelow('control: { token: short }'), ['1:19 token-too-short']);
});

t.test('the control listener never has the address of the public one', async (t) => {
  t.strictSame(problemsBelow('control: { address: 127.0.0.1:8080 }'), ['1:10 conflicting-keys']);
  t.strictSame(problemsBelow('listen: 127.0.0.1:0\ncontrol: { address: 127.0.0.1:0 }'), []);
});

const words = [
  'upstream',
  'ttl',
  'hours',
  'routes',
  'match',
  'GET /:a',
  'content_types',
  'standard',
  'tags',
  '{user}',
  '${A}',
];
const marks = [
  ':',
  ' ',
  '\n',
  '  ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '&a ',
  '*a',
  '"',
  "'",
  '!',
  '|',
  '>',
  '#',
  '~',
  '0',
  '%',
  '\t',
];

t.test('no text makes it throw, and every problem is within the text', async (t) => {
  const yamlish = fc
    .array(fc.constantFrom(...words, ...marks), { maxLength: 40 })
    .map((parts) => parts.join(''));
  const sound = (text: string): boolean => {
    const read = parseConfig(text, { file: 'f', env: { A: '}: [' } });
    const lines = text.split('\n').length;
    return (
      read.kind === 'ok' ||
      read.problems.every((problem) => problem.line <= lines && renderProblem(problem) !== '')
    );
  };
  fc.assert(fc.property(fc.oneof(yamlish, fc.string({ unit: anyCharacter }), fc.string()), sound), {
    numRuns: 400,
  });
  t.ok(sound('['.repeat(50_000)));
  t.ok(sound('{a: '.repeat(5000)));
  const deep = parseConfig(`a: ${'['.repeat(4000)}${']'.repeat(4000)}`, { file: 'f', env: {} });
  t.match(deep, { problems: [{ code: 'bad-yaml', message: 'nested too deeply' }] });
});

t.test('a valid file with one piece changed is read or refused, and never throws', async (t) => {
  const good = `${upstream}ttl: { jitter: 0.1, hours: [{ name: a, from: "00:00", to: "24:00", factor: 1 }] }\nroutes: [{ match: GET /a/:b, type: pass }]\n`;
  const changed = fc.tuple(fc.nat(good.length), fc.nat(5), fc.constantFrom(...words, ...marks));
  fc.assert(
    fc.property(changed, ([at, length, piece]) => {
      const text = good.slice(0, at) + piece + good.slice(at + length);
      return ['ok', 'problems'].includes(parseConfig(text, { file: 'f', env: {} }).kind);
    }),
    { numRuns: 400 },
  );
  t.strictSame(problemsIn(good), []);
});
