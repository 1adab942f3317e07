import fc from 'fast-check';
import t from 'tap';
import { splitPayload } from '../../../src/policy/identity/ignored-claims.ts';

const names = ['flag', 'draft'];
const restOf = (json: string): string => JSON.stringify(splitPayload(json, names).rest);

const plain = '{"a":1,"b":"x"}';
const same: readonly string[] = [
  '{"a":1,"b":"x","flag":true}',
  '{"flag":{"a":2,"c":["}",",\\"b\\":"]},"a":1,"b":"x"}',
  '{"a":1,"draft":"64a1","b":"x"}',
  '{"a":1,"fl\\u0061g":1,"b":"x"}',
  '{"flag":1,"a":1,"b":"x","flag":2}',
];
const other: readonly string[] = [
  '{"a":2,"b":"x","flag":true}',
  '{"a":1,"b":"x","c":null}',
  '{"a":1,"b":"x,\\"flag\\":1"}',
  '{"a":1,"b":"x","c":{"flag":1}}',
  '{"a":1,"b":"x","Flag":1}',
  '{"a":1,"a":1,"b":"x"}',
];

t.test('payloads that differ in ignored claims alone have the same rest', async (t) => {
  for (const json of same) t.equal(restOf(json), restOf(plain), json);
});

t.test('any other difference counts, whatever it looks like', async (t) => {
  for (const json of other) t.not(restOf(json), restOf(plain), json);
  t.not(restOf('{"id":9007199254740993}'), restOf('{"id":9007199254740992}'), 'numbers past 2^53');
  t.not(restOf('{"id":1.0}'), restOf('{"id":1}'));
});

t.test('what is ignored is kept as it is written', async (t) => {
  const { ignored } = splitPayload('{"flag": [1],"a":1,"draft":"x"}', names);
  t.strictSame(
    [...ignored],
    [
      ['flag', '"flag": [1]'],
      ['draft', '"draft":"x"'],
    ],
  );
});

t.test('the rest is the object without them, for any object', async (t) => {
  const claims = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.jsonValue());
  fc.assert(
    fc.property(claims, fc.constantFrom(0, 1), (object, space) => {
      const { rest } = splitPayload(JSON.stringify(object, undefined, space), names);
      const kept = Object.entries(object).filter(([name]) => !names.includes(name));
      t.strictSame(
        Object.entries(JSON.parse(`{${rest.join(',')}}`) as object),
        JSON.parse(JSON.stringify(kept)),
      );
    }),
    { numRuns: 200 },
  );
});
