import fc from 'fast-check';
import t from 'tap';
import { firstGroup } from '../../src/pattern/first-group.ts';
import { compilePattern } from '../../src/pattern/pattern.ts';
import { processorTime } from '../helpers/stopwatch.ts';

const compiled = (pathname: string) => {
  const result = compilePattern(pathname);
  if (result.kind === 'refused') throw new Error(`${pathname}: ${result.reason}`);
  return result.pattern;
};

const standard = (pattern: URLPattern, path: string) => {
  const groups = pattern.exec({ pathname: path })?.pathname.groups;
  return groups && Object.fromEntries(Object.entries(groups).filter(([, value]) => value !== undefined));
};

const sorted = (groups: Readonly<Record<string, string | undefined>> | undefined) =>
  groups && Object.entries(groups).sort(([a], [b]) => (a < b ? -1 : 1));

/** A URL's own spelling, in which both see a path. */
const asPath = (text: string) => new URL(`http://x/${text}`).pathname;

const literal = fc.constantFrom(
  '/',
  '/a',
  '/b',
  'a',
  '-',
  '.',
  '/a/b',
  '.json',
  '/é',
  'b c',
  '~',
  '%2F',
  '/../',
  '/./a',
  '\\:',
  '\\*',
);
const matcher = fc.constantFrom(
  ...[
    '(\\d+)',
    '([a-b]+)',
    '(a|b|ab)',
    '(.*)',
    '([^\\/]+?)',
    '(a+)',
    '(a{1,2})',
    '(a{2}b?)',
    '((?:a|ab)*b)',
    '(a??b)',
    '(b*)',
    '(\\w+-?)',
  ],
);
const modifier = fc.constantFrom('', '', '', '?', '+', '*');
const name = fc.integer({ min: 0, max: 99_999 }).map((n) => `:n${n}_`);
const group = fc.oneof(
  name,
  fc.constant('*'),
  matcher,
  fc.tuple(name, matcher).map(([n, m]) => n + m),
);
const braces = fc
  .tuple(
    fc.constantFrom('', '/', 'a', '-'),
    fc.oneof(group, fc.constant('')),
    fc.constantFrom('', 'b', '/', '-'),
  )
  .map(([prefix, inner, suffix]) => `{${prefix}${inner}${suffix}}`);
const piece = fc.tuple(fc.oneof(literal, group, braces), modifier).map(([text, sign]) => text + sign);
const pathname = fc
  .tuple(fc.constantFrom('/', '/', '/a', ''), fc.array(piece, { maxLength: 5 }))
  .map(([start, pieces]) => start + pieces.join(''));
/** Short: the reference itself backtracks for ever on some of these patterns. */
const path = fc
  .array(fc.constantFrom('a', 'b', 'ab', '-', '/', '.json', '1', '%2F', '%C3%A9', '.', '~', ':', '*'), {
    maxLength: 9,
  })
  .map((pieces) => asPath(pieces.join('').slice(0, 14)));

t.test('agrees with URLPattern on random patterns and paths, groups included', (t) => {
  let hits = 0;
  let engines: Record<string, number> = {};
  fc.assert(
    fc.property(pathname, fc.array(path, { minLength: 12, maxLength: 12 }), (written, paths) => {
      let pattern: URLPattern | undefined;
      try {
        pattern = new URLPattern({ pathname: written });
      } catch {
        // Refused by the standard: so must it be here.
      }
      const own = compilePattern(written);
      if (pattern === undefined) return own.kind === 'refused';
      if (own.kind === 'refused' && own.reason.includes('`..`')) return true;
      if (own.kind === 'refused') throw new Error(`${written}: ${own.reason}`);
      engines = { ...engines, [own.pattern.engine]: (engines[own.pattern.engine] ?? 0) + 1 };
      for (const candidate of paths) {
        const expected = standard(pattern, candidate);
        const params = own.pattern.match(candidate);
        hits += expected === undefined ? 0 : 1;
        if (JSON.stringify(sorted(expected)) !== JSON.stringify(sorted(params))) {
          throw new Error(
            `${written} on ${candidate}: ${JSON.stringify(params)}, not ${JSON.stringify(expected)}`,
          );
        }
      }
      return true;
    }),
    { numRuns: 4000 },
  );
  t.ok(hits > 1500, `${hits} of the pairs match`);
  t.ok((engines['native'] ?? 0) > 300 && (engines['linear'] ?? 0) > 300, JSON.stringify(engines));
  t.end();
});

t.test('groups, modifiers and literals behave as in URLPattern', (t) => {
  const cases: readonly (readonly [string, string, Record<string, string> | undefined])[] = [
    ['/md/:file_id', '/md/a%2Fb', { file_id: 'a%2Fb' }],
    ['/md/:file_id', '/md/', undefined],
    ['/md/:file_id', '/md/a/b', undefined],
    ['/api/export/*', '/api/export/', { 0: '' }],
    ['/api/export/*', '/api/export', undefined],
    ['/a/:b?', '/a', {}],
    ['/a/:b+', '/a/x/y', { b: 'x/y' }],
    ['/a/:b*', '/a', {}],
    ['/:year(\\d{4})/:slug.html', '/2024/x.html', { year: '2024', slug: 'x' }],
    ['/:file.:ext(html|json)', '/a.b.json', { file: 'a.b', ext: 'json' }],
    ['/:a-:b', '/x-y-z', { a: 'x', b: 'y-z' }],
    ['/caf\u00e9 au lait', '/caf%C3%A9%20au%20lait', {}],
    ['/:constructor/:__proto__', '/a/b', { constructor: 'a', ['__proto__']: 'b' }],
  ];
  for (const [pattern, path, params] of cases) {
    t.strictSame(sorted(compiled(pattern).match(path)), sorted(params), `${pattern} on ${path}`);
  }
  t.end();
});

t.test('a literal is compared in the canonical spelling of a path', (t) => {
  for (const [pattern, path] of [
    ['/fil%65s', '/files'],
    ['/a%c3%a9', '/a%C3%A9'],
    ['/a%2Cb', '/a,b'],
    ['/a|b', '/a%7Cb'],
    ['/a^b', '/a%5Eb'],
    ["/it's", "/it's"],
    ['/%7Euser/:id', '/~user/1'],
    ['/a/./b', '/a/b'],
  ] as const) {
    t.ok(compiled(pattern).match(path), pattern);
  }
  t.end();
});

t.test('ordinary patterns run natively; those that could backtrack do not', (t) => {
  const native = [
    '/md/:id',
    '/a/*',
    '/a/*/b',
    '/:name.:ext(html|json)',
    '/:id(\\d+)',
    '/:id([0-9a-f]{8}-[0-9a-f]{4})',
  ];
  const nativeToo = ['/a/:rest*', '/a/:b?', '/*.png', '/:user/files/:id/edit', '/*/x/*', '/:a-x/:b'];
  const linear = [
    '/:a-:b-:c',
    '/*x*y',
    '/*/a/*/b',
    '/:a+/x',
    '/(a+)+',
    '/((?:a|a)*)',
    '{a:b}*',
    '/*/:p+',
    '/*x:b/c',
    '/:a-:b/z',
    '/:a{/b}?:c?',
    '/{a:b}?/:c?{:d/}',
  ];
  for (const pattern of [...native, ...nativeToo]) t.equal(compiled(pattern).engine, 'native', pattern);
  for (const pattern of linear) t.equal(compiled(pattern).engine, 'linear', pattern);
  t.equal(compiled('/a/b').engine, 'text');
  t.end();
});

t.test('no pattern takes more than linear time on a long hostile path', (t) => {
  const patterns = [
    ...[
      '/((?:a+)+)!',
      '/:a+!',
      '/:a-:b-:c-:d-:e!',
      '/*a*a*a*a!',
      '{/a:b}*!',
      '/((?:a|a)*)!',
      '/(.*)+!',
      '/*/a/*/a/*/!',
    ],
    ...[
      '/*/a/:b/:c/!',
      '/a/:rest+',
      '/:x.:y(a|aa)',
      '/*a/:b/!',
      '{/:a}?{/:b}?{/:c}?/!',
      '/:d(a*)/!',
      '/:e{/a}?:f?!',
      '/{a:g}?/:h?{/a}?{:i/}!',
    ],
  ];
  const size = 8000;
  for (const unit of ['a', '-', '/a', '/', 'a-', 'a/']) {
    const path = `/${unit.repeat(size / unit.length)}`;
    for (const pattern of patterns) {
      const { match } = compiled(pattern);
      const spentMs = processorTime();
      match(path);
      const ms = spentMs();
      // Quadratic is over a second for the worst of these, exponential never ends; linear is a few milliseconds.
      if (ms > 500) t.fail(`${pattern} took ${ms} ms on ${unit}…`);
    }
  }
  t.pass();
  t.end();
});

t.test(
  'a pattern that cannot be matched in linear time, or is not valid in URLPattern, is refused with a reason',
  (t) => {
    const refused = [
      '/:a(x(?=y).*)',
      '/:a((?<!x)y)',
      '/:a((?:x)\\1)',
      '/:a((?:a{1,90}){1,90})',
      '/:a(x',
      '/:a/:a',
      '/{a',
      '/:',
      '/(?x)',
      '/:a((x))',
    ];
    for (const pattern of [...refused, '/:a([)']) {
      const result = compilePattern(pattern);
      t.equal(result.kind, 'refused', pattern);
      if (result.kind === 'refused') t.ok(result.reason.length > 5, result.reason);
    }
    t.end();
  },
);

t.test('an expression gives its first group wherever it matches, in linear time', (t) => {
  t.equal(firstGroup('user:([^:]+):')?.('web:user:7:x'), '7');
  t.equal(firstGroup('^user:([^:]+)$')?.('web:user:7'), undefined);
  t.equal(firstGroup('a(?:x|(b))')?.('ax'), undefined, 'a group that takes no part');
  t.equal(firstGroup('user')?.('user'), undefined, 'no group');
  for (const source of ['(', '(?=a)(b)', '(a)\\1']) t.equal(firstGroup(source), undefined, source);
  const find = firstGroup('^((?:a+)+)b$');
  const spentMs = processorTime();
  t.equal(find?.('a'.repeat(5000)), undefined);
  t.ok(spentMs() < 500);
  t.end();
});
