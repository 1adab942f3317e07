import fc from 'fast-check';
import t from 'tap';
import { comparable, covers } from '../../src/pattern/cover.ts';
import { parseMatch } from '../../src/pattern/match.ts';
import { processorTime } from '../helpers/stopwatch.ts';

function coversText(earlier: string, later: string): boolean {
  const [one, two] = [parseMatch(`GET ${earlier}`), parseMatch(`GET ${later}`)];
  if (one.kind === 'bad' || two.kind === 'bad') throw new Error(`${earlier} ${later}`);
  return covers(comparable(one.match.compiled.parts), comparable(two.match.compiled.parts));
}

const yes: readonly (readonly [string, string])[] = [
  ['/*', '/'],
  ['/*', '*'],
  ['/*', '/:x?'],
  ['/a*', '/a/:x?'],
  ['/*', '/:a/x/*'],
  ['*', '/a'],
  ['/a*', '/ab/c'],
  ['/a/*', '/a/'],
  ['/:a', '/x-:b'],
  ['/:a.json', '/x.json'],
  ['/*.png', '/img/a.png'],
  ['/*.png', '/img/*.png'],
  ['/*/b/*', '/a/b/b/c'],
  ['/:a/:b', '/x/:y'],
  ['/caf%C3%A9', '/café'],
  ['/*', '/(a|b)'],
  ['/*', '/{a/:b}?/c'],
  ['/a\\:b', '/a\\:b'],
];
for (const [earlier, later] of yes) {
  t.test(`\`${earlier}\` covers \`${later}\``, async (t) => {
    t.ok(coversText(earlier, later));
  });
}

const no: readonly (readonly [string, string])[] = [
  ['/:a', '/'],
  ['/:a', '/*'],
  ['/:a', '/:b/'],
  ['/a/*', '/a/:x*'],
  ['/a/*', '/a/:x?'],
  ['/a/:x', '/a{/:x}?'],
  ['/a/*', '/a{/b}?'],
  ['/*.png', '/img/:name'],
  ['/:a.json', '/:b'],
  ['/x-:a', '/:b'],
  ['/(a|b)', '/a'],
  ['/:a(\\d+)', '/:b'],
  ['/*/b', '/a/:x'],
];
for (const [earlier, later] of no) {
  t.test(`\`${earlier}\` does not cover \`${later}\``, async (t) => {
    t.notOk(coversText(earlier, later));
  });
}

const piece = fc.constantFrom('/', 'a', 'b', '*', '/:x', '/:y', 'a/', '/b', '{/a}?', '/:z(a+)', '/:w?');
const pattern = fc
  .array(piece, { maxLength: 4 })
  .map((parts) => `/${parts.join('')}`)
  .filter((text) => parseMatch(`GET ${text}`).kind === 'ok');
const path = fc
  .array(fc.constantFrom('/', 'a', 'b', 'c', '/a', '/b'), { maxLength: 6 })
  .map((parts) => `/${parts.join('')}`);

t.test('no false alarm: a path that matches a covered pattern matches the covering one too', async (t) => {
  let covered = 0;
  fc.assert(
    fc.property(
      pattern,
      pattern,
      fc.array(path, { minLength: 20, maxLength: 20 }),
      (earlier, later, paths) => {
        if (!coversText(earlier, later)) return true;
        covered++;
        const [one, two] = [new URLPattern({ pathname: earlier }), new URLPattern({ pathname: later })];
        return paths.every((pathname) => !two.test({ pathname }) || one.test({ pathname }));
      },
    ),
    { numRuns: 1500 },
  );
  t.ok(covered > 50, `${covered} pairs covered`);
});

t.test('the comparison of patterns built to be slow is given up, not waited for', async (t) => {
  const spentMs = processorTime();
  coversText(`/${'*a'.repeat(40)}`, `/${'*b*a'.repeat(40)}`);
  coversText(`/${'*a:x'.repeat(1)}${'*b'.repeat(30)}`, `/${'*'.concat('b*a').repeat(30)}`);
  t.ok(spentMs() < 3000);
});

t.test('the parameters of a pattern include those in groups and with expressions', async (t) => {
  const parameters = (text: string) => {
    const result = parseMatch(`GET ${text}`);
    return result.kind === 'ok' ? result.match.parameters : result.why;
  };
  t.strictSame(parameters('/a/:b/c-:d.json'), ['b', 'd']);
  t.strictSame(parameters('/:a(\\d+)/:b?'), ['a', 'b']);
  t.strictSame(parameters('{/:lang}?/docs/:page'), ['lang', 'page']);
  t.strictSame(parameters('/a/(:no)/*'), []);
  t.strictSame(parameters('/a\\:no'), []);
});
