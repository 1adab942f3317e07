/** What differs between two bodies, what of it is noise, what is shown of it, and how sure a share is. */
import t from 'tap';
import { compareBodies } from '../../src/trust/compare-bodies.ts';
import { maskSecrets, maskValue } from '../../src/trust/mask-secrets.ts';
import { beyondNoise, noiseOf } from '../../src/trust/noise.ts';
import { urlPattern } from '../../src/trust/url-pattern.ts';
import { wilson } from '../../src/kit/wilson.ts';

const namesOf = (copy: string, now: string, type: string): string[] | 'same' => {
  const found = compareBodies(Buffer.from(copy), Buffer.from(now), type);
  return found.kind === 'same' ? 'same' : found.places.map(({ name }) => name);
};

t.test('where bodies differ', (t) => {
  const json = 'application/json';
  const cases: readonly (readonly [string, string, string, string[] | 'same'])[] = [
    ['{"a":1}', '{"a":1}', json, 'same'],
    ['{"a":1,"b":2}', '{ "b": 2, "a": 1 }', json, 'same'],
    ['{"a":1}', '{"a":2}', json, ['/a']],
    ['{"a":[{"x":1},{"x":2}]}', '{"a":[{"x":1},{"x":3}]}', json, ['/a/*/x']],
    ['[1]', '[1,2]', json, ['/length']],
    ['{"a/b~":1}', '{"a/b~":null}', json, ['/a~1b~0']],
    ['{"__proto__":1}', '{}', json, ['/__proto__']],
    ['{"a":1', '{"a":2', json, ['{"a"…']],
    ['<p>one</p><b>1</b>', '<p>two</p><b>1</b>', 'text/html', ['<p>…</p>']],
    ['a\nb\nc', 'a\nc', 'text/plain', ['…']],
    ['\x00', '\x01', 'image/png', []],
  ];
  for (const [copy, now, type, wanted] of cases) t.same(namesOf(copy, now, type), wanted, `${copy} | ${now}`);
  t.same(namesOf('a'.repeat(600_000), 'b', 'text/plain'), [], 'too large to look for the place');
  const many = Array.from({ length: 5000 }, (_, at) => `line ${at}`);
  t.same(
    namesOf(many.join('\n'), many.map((line) => `${line}!`).join('\n'), 'text/plain'),
    [],
    'too much to look for',
  );
  const rows = (last: string) =>
    JSON.stringify(Array.from({ length: 50 }, (_, at) => ({ [`n${at}`]: last })));
  t.equal(namesOf(rows('x'), rows('y'), json).length, 20, 'no more than twenty places');
  t.end();
});

t.test('noise is what two answers in short succession differ by, and it hides nothing else', (t) => {
  const page = (csrf: string, price: string): string =>
    `<form><input name="csrf_token" value="${csrf}"></form><p>${price}</p>`;
  const places = (copy: string, now: string, type = 'text/html') => {
    const found = compareBodies(Buffer.from(copy), Buffer.from(now), type);
    return found.kind === 'same' ? [] : found.places;
  };
  const noise = noiseOf(places(page('aaa1', '5'), page('aab2', '5')));
  t.match(noise, [{ kind: 'csrf-token' }]);
  t.same(beyondNoise(places(page('zzz', '5'), page('q', '5')), noise), []);
  t.match(beyondNoise(places(page('zzz', '5'), page('q', '6')), noise), [{ name: '<p>…</p>' }]);
  const kinds: readonly (readonly [string, string, string])[] = [
    ['{"now":"2026-01-01T00:00:00Z"}', '{"now":"2026-01-01T00:00:01Z"}', 'clock'],
    ['{"x":"10:00:01"}', '{"x":"10:00:02"}', 'clock'],
    ['{"request_id":"a"}', '{"request_id":"b"}', 'request-id'],
    ['{"cspNonce":"a"}', '{"cspNonce":"b"}', 'nonce'],
    ['{"views":17}', '{"views":18}', 'number'],
    ['{"pick":"a"}', '{"pick":"b"}', 'other'],
  ];
  for (const [one, other, kind] of kinds)
    t.match(noiseOf(places(one, other, 'application/json')), [{ kind }], one);
  // A line of which nothing stays says nothing about where it is.
  t.equal(beyondNoise(places('a', 'b', 'text/plain'), noiseOf(places('c', 'd', 'text/plain'))).length, 1);
  t.end();
});

t.test('no secret is shown', (t) => {
  const hidden = [
    '<input name="csrf_token" value="s3cr3t">',
    'Set-Cookie: session=s3cr3t; Path=/',
    '{"api_key": "s3cr3t"}',
    'password=s3cr3t&x=1',
    'mail s3cr3t@example.com now',
    `<meta name="csrf-token" content="s3cr3t">`,
    'id s3cr3tAbCd1234567890ab',
    'eyJhbGciOi0s3cr3t.eyJzdWIiOiIxMjM0NTY3ODkwIn0.s3cr3tdozjgNryP4J3jVmNHl0w5',
  ];
  for (const text of hidden) t.notMatch(maskSecrets(text), /s3cr3t/, text);
  t.equal(maskValue('/user/auth_token', 's3cr3t'), '…');
  t.equal(maskSecrets('  a plain\n sentence '), 'a plain sentence');
  t.equal(maskSecrets('word '.repeat(100)).length, 161);
  t.end();
});

t.test('URLs that differ in numbers and identifiers have one pattern', (t) => {
  t.equal(urlPattern('/posts/12/edit?x=1'), '/posts/{n}/edit');
  t.equal(urlPattern('/u/550e8400-e29b-41d4-a716-446655440000'), '/u/{id}');
  t.equal(urlPattern('/api/decade/v2'), '/api/decade/v2');
  t.end();
});

t.test("a share has Wilson's interval", (t) => {
  t.same(wilson(0, 0), { low: 0, high: 1 });
  const { low, high } = wilson(10, 100);
  t.equal(low.toFixed(4), '0.0552');
  t.equal(high.toFixed(4), '0.1744');
  t.equal(wilson(0, 1000).low, 0);
  t.ok(wilson(0, 1000).high < 0.004);
  t.end();
});
