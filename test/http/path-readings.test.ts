import fc from 'fast-check';
import t from 'tap';
import { readingsOf, targetReadings } from '../../src/http/path-readings.ts';
import { normaliseTarget } from '../../src/http/target.ts';
import { processorTime } from '../helpers/stopwatch.ts';

t.test('all readings of a path that an origin may use', async (t) => {
  const cases: readonly (readonly [path: string, others: readonly string[]])[] = [
    ['/a/b', []],
    ['/%D7%A9/100%25/a%20b', []],
    ['/caf%E9', []],
    ['/a%2Fb', ['/a/b']],
    ['/a%5Cb', ['/a/b']],
    ['/a%3Bb', ['/a;b', '/a']],
    ['/a;v=1/b', ['/a/b']],
    ['/a//b', ['/a/b']],
    ['/a%2F%2Fb', ['/a//b', '/a/b']],
    ['/a%252fb', ['/a%2Fb', '/a/b']],
    ['/a%2541', ['/aA']],
    ['/a%25252Fb', ['/a%252Fb', '/a%2Fb', '/a/b']],
    ['/a%C0%AFb', ['/a/b']],
    ['/a%E0%80%AFb', ['/a/b']],
    ['/a%F0%80%80%AFb', ['/a/b']],
    ['/img//https://h/a.jpg', ['/img/https:/h/a.jpg']],
    ['//h/a', ['/a', '/h/a']],
    ['///h/a', ['/a', '/h/a']],
    ['//h', ['/', '/h']],
    ['/%2Fh/a', ['//h/a', '/a', '/h/a']],
  ];
  for (const [path, others] of cases) {
    t.same(readingsOf(path), { paths: [path, ...others], isClear: true, isWhole: true }, path);
  }
});

t.test('hidden dots in a path never count as clear', async (t) => {
  for (const [path, reading] of [
    ['/a/..%2Fb', '/b'],
    ['/a%2F..%2Fb', '/b'],
    ['/a/..%5Cb', '/b'],
    ['/a/..%3B/b', '/b'],
    ['/a/..%3Bx=y/b', '/b'],
    ['/a/%252e%252e/b', '/b'],
    ['/a/%C0%AE%C0%AE/b', '/b'],
    ['/a/%25c0%25ae./b', '/b'],
    ['/a/.%2Fb', '/a/b'],
    ['/a%2F..', '/'],
  ] as const) {
    const { paths, isClear } = readingsOf(path);
    t.notOk(isClear, path);
    t.ok(paths.includes(reading), `${path}: ${paths.join(' ')}`);
  }
});

t.test('a target’s readings include its query', async (t) => {
  t.same(targetReadings('/a%2Fb?c=%2F'), ['/a%2Fb?c=%2F', '/a/b?c=%2F']);
  t.same(targetReadings('/a?b//c'), ['/a?b//c']);
});

/** The characters, each escape decoded once. */
const decode = (path: string) =>
  path.replace(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
/** Characters as they are written in a canonical path. */
const escape = (text: string) =>
  text.replace(
    /[^\w.~!$&'()*+,;=:@/-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
const resolve = (path: string) => decode(new URL(`http://h${escape(path)}`).pathname);
const merge = (path: string) => path.replace(/\/+/g, '/');
const cut = (path: string) => path.replace(/;[^/]*/g, '');
const turn = (path: string) => path.replaceAll('\\', '/');

/** `new URL(path, base)`: what follows two slashes is a host. */
const afterHost = (path: string) => URL.parse(path, 'http://h')?.pathname ?? path;

/** Origins as there are: each makes of a path the text that it routes by. */
const origins: Readonly<Record<string, (path: string) => string>> = {
  'decodes, then splits (WSGI)': (path) => escape(decode(path)),
  'keeps escaped slashes (Apache NoDecode)': (path) =>
    path
      .split('%2F')
      .map((part) => escape(decode(part)))
      .join('%2F'),
  'decodes and merges (nginx)': (path) => escape(resolve(merge(decode(path)))),
  'cuts, then decodes (Tomcat)': (path) => escape(resolve(decode(cut(path)))),
  'decodes, then cuts': (path) => escape(resolve(cut(decode(path)))),
  'decodes twice': (path) => escape(resolve(decode(decode(path)))),
  'backslash is a slash (IIS)': (path) => escape(resolve(merge(turn(decode(path))))),
  'takes the first segment for a host (Node, PHP)': afterHost,
  'takes it for a host, then decodes': (path) => escape(decode(afterHost(path))),
  'all of it': (path) => escape(resolve(merge(cut(turn(decode(decode(path))))))),
};
const piece = fc.constantFrom(
  ...[
    'a',
    'b',
    '/',
    '/',
    '//',
    '..',
    '.',
    '%2f',
    '%2F',
    '%5c',
    '%3B',
    ';',
    ';x=1',
    '%252F',
    '%252e',
    '%25',
    '%41',
    '..;',
    '%D7%A9',
    '%ff',
  ],
);

t.test('every path that an origin may route by is among the readings', async () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const target = normaliseTarget(`/${pieces.join('')}`);
      if (target.kind !== 'ok') return true;
      const readings: readonly string[] = readingsOf(target.path).paths;
      for (const [name, route] of Object.entries(origins)) {
        const routed = route(target.path);
        if (!readings.includes(routed))
          throw new Error(`${name} takes ${target.path} for ${routed}, not in ${readings.join(' ')}`);
      }
      return true;
    }),
    { numRuns: 5000 },
  );
});

t.test('hostile paths are read or refused in bounded time', async (t) => {
  for (const unit of [
    '%252F',
    '%25',
    ';',
    '//',
    '%2F..',
    '%5C;%3B',
    '%C0%AF',
    '/..%2f%5c;%3b//%252e%c0%af',
  ]) {
    const path = `/${unit.repeat(8000 / unit.length)}`;
    const spentMs = processorTime();
    const { paths } = readingsOf(path);
    t.ok(paths.length <= 64, `${unit}: ${paths.length}`);
    const ms = spentMs();
    // Without a bound the worst of these takes over a hundred.
    if (ms > 60) t.fail(`${unit}… took ${ms} ms`);
  }
  t.notOk(readingsOf('/%2525252541').isWhole);
  t.ok(readingsOf('/%25252541').isWhole);
});
