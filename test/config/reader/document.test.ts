import t from 'tap';
import { problemsBelow, problemsIn, upstream } from '../fixture.ts';

t.test('aliases that multiply are refused, quickly', async (t) => {
  const levels = Array.from({ length: 9 }, (_, i) => {
    const value = i === 0 ? 'x' : `*a${i - 1}`;
    return `a${i}: &a${i} [${Array.from({ length: 9 }, () => value).join(', ')}]`;
  });
  const found = problemsIn(`${upstream}${levels.join('\n')}`);
  t.strictSame(
    found.filter((problem) => problem.endsWith('alias-limit')),
    ['6:35 alias-limit'],
  );
});

t.test('an alias within its own anchor is refused', async (t) => {
  t.strictSame(problemsBelow('routes: &r [*r]'), ['1:13 alias-limit']);
  t.strictSame(problemsBelow('content_types: &c { a: *c }'), ['1:24 alias-limit']);
});

t.test('an anchor given twice means the latest above the alias', async (t) => {
  const text = 'content_types:\n  a: &x { ttl: 5m }\n  b: &x { ttl: wrong }\n  c: *x\n';
  t.strictSame(problemsBelow(text), ['3:16 bad-duration']);
});

t.test('a repeated key is refused at the repetition, in every kind of mapping', async (t) => {
  t.strictSame(problemsBelow('log: { level: info, level: warn }'), ['1:21 duplicate-key']);
  t.strictSame(problemsBelow('log:\n  level: info\n  "level": warn\n'), ['3:3 duplicate-key']);
  t.strictSame(problemsBelow('upstream: http://b'), ['1:1 duplicate-key']);
});

t.test('one mistake is one problem, not a cascade', async (t) => {
  t.strictSame(problemsBelow('store: }\nlog: {}\nttl: {}\nroutes: []\n'), ['1:8 bad-yaml']);
});
