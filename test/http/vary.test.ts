import t from 'tap';
import {
  encodingMatches,
  languageMatches,
  normaliseEncodings,
  normaliseLanguages,
} from '../../src/http/preferences.ts';
import {
  matchesVariant,
  mostNames,
  parseVary,
  selectedVariant,
  selectingValues,
} from '../../src/http/vary.ts';

t.test('§12.5.5: names are lower-case, sorted and unique', async (t) => {
  t.same(parseVary([]), { kind: 'fields', names: [] });
  t.same(parseVary(['Vary', 'B, a', 'vary', 'b,,C']), { kind: 'fields', names: ['a', 'b', 'c'] });
  t.same(parseVary(['Vary', 'a', 'Vary', 'b, *']), { kind: 'any' });
  const many = Array.from({ length: mostNames }, (_, at) => `x${at}`).join();
  t.hasStrict(parseVary(['Vary', many]), { kind: 'fields' });
  t.same(parseVary(['Vary', `${many},y`]), { kind: 'any' }, 'too many names never match');
});

t.test('§4.1: selecting values, null where there is no field', async (t) => {
  const fields = ['Accept-Encoding', 'br , GZIP', 'X', 'a,  b', 'x', 'c', 'Empty', ''];
  t.same(selectingValues(['accept-encoding', 'empty', 'none', 'x'], fields), ['br,gzip', '', null, 'a,b,c']);
});

t.test('a stored variant key is plain data', async (t) => {
  const variant = selectedVariant(
    ['A', '1'],
    ['Vary', 'A, B', 'Content-Encoding', 'GZIP', 'Content-Language', 'DE'],
  );
  const kept = { names: ['a', 'b'], values: ['1', null], contentEncoding: 'gzip', contentLanguage: 'de' };
  t.same(variant, kept);
  t.same(JSON.parse(JSON.stringify(variant)), kept);
  t.equal(selectedVariant([], ['Vary', '*']), undefined);
  t.ok(matchesVariant(kept, ['a', '1']));
  t.notOk(matchesVariant(kept, ['a', '1', 'B', '']));
});

t.test('§12.5.3: encodings in one spelling', async (t) => {
  for (const [value, normalised] of [
    ['', ''],
    ['gzip, br', 'br,gzip'],
    ['br;q=1.0 , GZIP', 'br,gzip'],
    ['gzip;q=0.8, br;q=0.9, *;q=0', 'br,gzip;1,*;x'],
    ['gzip;q=0.4, br;q=0.5, *;q=0.0', 'br,gzip;1,*;x'],
    ['gzip;q=0', 'gzip;x'],
    ['gzip, gzip;q=0', 'gzip'],
    ['gzip;level=9;q=0.5, br', 'br,gzip;1'],
    ['gzip;q=2, br;q=x', 'br,gzip'],
    [';q=1', ''],
    ['x-gzip, x-compress', 'compress,gzip'],
    ['br;q=0, gzip;q=1, zstd;q=0., deflate; Q = 0.123', 'gzip,deflate;1,br;x,zstd;x'],
    ['gzip;q=0.0001, br;q=0.001', 'gzip,br;1'],
    ['gzip;q=-1, br;q=0.999', 'gzip,br;1'],
  ] as const) {
    t.equal(normaliseEncodings(value), normalised, value);
  }
});

t.test('§12.5.4: languages in one spelling', async (t) => {
  t.equal(normaliseLanguages('EN-gb, de;q=0.8'), 'en-gb,de;1');
  t.equal(normaliseLanguages('de;q=0.7,en-GB;q=0.9'), 'en-gb,de;1');
});

t.test('the coding the client prefers', async (t) => {
  t.ok(encodingMatches('gzip', { accepted: 'gzip,br', wanted: 'gzip, br;q=0.5' }));
  t.notOk(encodingMatches('gzip', { accepted: null, wanted: 'gzip' }));
  t.notOk(encodingMatches('gzip', { accepted: 'gzip', wanted: '' }));
  t.ok(encodingMatches('identity', { accepted: null, wanted: '' }));
  t.ok(encodingMatches('gzip', { accepted: 'gzip,identity', wanted: 'gzip, identity;q=0.5' }));
});

t.test('the language the client prefers', async (t) => {
  t.ok(languageMatches('de', 'de;q=0.4, en;q=0.3'));
  t.notOk(languageMatches('de', ''));
  t.notOk(languageMatches('de', '*'));
  t.notOk(languageMatches('de', 'de-AT'));
});
