import t from 'tap';
import { locatorOf, renderProblem } from '../../../src/config/reader/problem.ts';

const at = (text: string, start: number, end: number) =>
  locatorOf(text, 'f.yaml')('bad-url', 'no', [start, end]);

t.test('places become lines and columns, with any line ending', async (t) => {
  t.match(at('ab\ncd\r\nef', 4, 5), { line: 2, column: 2, length: 1, source: 'cd' });
  t.match(at('ab\ncd\r\nef', 7, 9), { line: 3, column: 1, length: 2, source: 'ef' });
  t.match(at('', 0, 5), { line: 1, column: 1, length: 1, source: '' });
  t.match(at('ab', 99, 100), { line: 1, column: 3 });
});

t.test('a place over several lines is marked in the first line', async (t) => {
  t.match(at('ab\ncd', 1, 5), { line: 1, column: 2, length: 1 });
});

t.test('the pointer is under the marked text, tabs included', async (t) => {
  t.equal(renderProblem(at('\ta: bcd', 4, 7)), 'f.yaml:1:5 bad-url no\n\ta: bcd\n\t   ^^^');
});

t.test('a long line is shown in part, with the pointer still right', async (t) => {
  const [, line = '', pointer = ''] = renderProblem(
    at(`${'x'.repeat(5000)}HERE${'y'.repeat(5000)}`, 5000, 5004),
  ).split('\n');
  t.ok(line.length <= 160);
  t.equal(line.slice(pointer.indexOf('^'), pointer.length), 'HERE');
});

t.test('secrets in the line are masked, references are not', async (t) => {
  const shown = (line: string) => at(line, 0, 1).source;
  t.equal(shown('  token: abc'), '  token: ***');
  t.equal(shown('x: { secret: "a,b", cookie: c }'), 'x: { secret: *****, cookie: c }');
  t.equal(shown('url: redis://u:pass@host/0'), 'url: redis://u:****@host/0');
  t.equal(shown('token: ${SHELFLIFE_TOKEN}'), 'token: ${SHELFLIFE_TOKEN}');
  t.equal(shown('webhook: https://h/T0/B1'), 'webhook: ***************');
});

t.test('control characters do not reach the terminal', async (t) => {
  t.notMatch(renderProblem(at('a\u001b[2J', 0, 1)), /\u001b/);
});
