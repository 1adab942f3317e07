/**
 * The lane reads a request only if node:http reads the same: method, target, fields, and where the request ends. A soak of
 * millions is `scripts/lane-soak.ts`.
 */

import t from 'tap';
import { diceOf, randomHead } from './heads.ts';
import { readPlain, shows } from './lane-reading.ts';
import { NodeReader } from './node-reading.ts';

const heads = 20_000;

t.test('15.4: what the lane takes node:http takes for the same, of twenty thousand heads', async (t) => {
  const node = new NodeReader();
  t.teardown(() => {
    node.close();
  });
  const dice = diceOf(20261130);
  const taken: string[] = [];
  for (let count = 0; count < heads; count += 1) {
    const head = randomHead(dice);
    if (readPlain(Buffer.from(head, 'latin1')).kind === 'plain') taken.push(head);
  }
  t.ok(taken.length > heads / 5, `${taken.length} were taken`);
  for (let at = 0; at < taken.length; at += 200) {
    const problems = await Promise.all(taken.slice(at, at + 200).map((head) => shows(head, node)));
    const found = problems.filter((problem) => problem !== undefined);
    if (found.length > 0) t.strictSame(found, []);
  }
});

t.test('a head that comes in two pieces is never taken for another, or for odd', (t) => {
  const dice = diceOf(77);
  for (let count = 0; count < 300; count += 1) {
    const bytes = Buffer.from(randomHead(dice), 'latin1');
    const whole = readPlain(bytes).kind;
    const cut = 1 + dice(bytes.length - 1);
    const part = readPlain(bytes.subarray(0, cut)).kind;
    if (whole === 'plain' && part !== 'incomplete' && part !== 'plain')
      t.fail(JSON.stringify([bytes.toString('latin1'), cut]));
  }
  t.end();
});

const get = (lines: readonly string[], start = 'GET /page HTTP/1.1'): string =>
  `${[start, 'Host: site.test', ...lines].join('\r\n')}\r\n\r\n`;

/** Each is left to node:http. */
const odd: readonly (readonly [name: string, head: string])[] = [
  ['two Host fields', get(['Host: site.test'])],
  ['two Cookie fields', get(['Cookie: a=1', 'Cookie: b=2'])],
  ['two Cookie fields in two spellings', get(['Cookie: a=1', 'cookie: b=2'])],
  ['a folded line', get(['X: a', ' b'])],
  ['a bare LF', get([]).replaceAll('\r\n', '\n')],
  ['a bare LF within a line', get(['X: a\nb'])],
  ['a bare CR', get(['X: a\rb'])],
  ['a space before the colon', get(['X : a'])],
  ['NUL', get(['X: a\0b'])],
  ['an absolute target', get([], 'GET http://site.test/page HTTP/1.1')],
  ['an asterisk', get([], 'OPTIONS * HTTP/1.1')],
  ['HTTP/1.0', get([], 'GET / HTTP/1.0')],
  ['a space in the target', get([], 'GET /a b HTTP/1.1')],
  ['a fragment', get([], 'GET /a#b HTTP/1.1')],
  ['Transfer-Encoding', get(['Transfer-Encoding: chunked'])],
  ['Upgrade', get(['Upgrade: websocket'])],
  ['Expect', get(['Expect: 100-continue'])],
  ['another Connection option', get(['Connection: keep-alive, cookie'])],
  ['a length that is a list', get(['Content-Length: 1, 1'])],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['an empty line first', `\r\n${get([])}`],
  ['a method of caches', get([], 'PURGE / HTTP/1.1')],
  ['TLS', '\x16\x03\x01\x02'],
];

t.test('what could be read in two ways is left to node:http', (t) => {
  for (const [name, head] of odd) t.equal(readPlain(Buffer.from(head, 'latin1')).kind, 'odd', name);
  t.end();
});
