/** RFC 9111 §4.1: which requests a stored response was selected for. */
import { type AnsweredBy, type ExchangeCase, inSection } from './case.ts';

const fresh = 'Cache-Control: max-age=3600';

type Pair = {
  readonly first?: readonly string[];
  readonly second?: readonly string[];
  readonly extra?: readonly string[];
  readonly by: AnsweredBy;
};

/** A response with this `Vary`, and a second request with other fields. */
const pair = (
  id: string,
  title: string,
  vary: readonly string[],
  { first = [], second = [], extra = [], by }: Pair,
) => ({
  id: `vary-${id}`,
  title,
  steps: [
    {
      fields: first,
      origin: { fields: [fresh, ...vary.map((value) => `Vary: ${value}`), ...extra] },
      by: 'origin' as const,
    },
    { at: 1, fields: second, by },
  ],
});

const onFoo = (
  id: string,
  title: string,
  first: readonly string[],
  second: readonly string[],
  by: AnsweredBy,
) => pair(id, title, ['Foo'], { first, second, by });

const onLanguage = (
  id: string,
  title: string,
  first: string,
  second: string,
  by: AnsweredBy,
  extra: string[] = [],
) =>
  pair(`language-${id}`, title, ['Accept-Language'], {
    first: [`Accept-Language: ${first}`],
    second: [`Accept-Language: ${second}`],
    extra,
    by,
  });

const onEncoding = (
  id: string,
  title: string,
  first: string | undefined,
  second: string | undefined,
  by: AnsweredBy,
  coding?: string,
) =>
  pair(`encoding-${id}`, title, ['Accept-Encoding'], {
    first: first === undefined ? [] : [`Accept-Encoding: ${first}`],
    second: second === undefined ? [] : [`Accept-Encoding: ${second}`],
    extra: coding === undefined ? [] : [`Content-Encoding: ${coding}`],
    by,
  });

export const varyCases: readonly ExchangeCase[] = inSection('RFC 9111 §4.1', [
  onFoo('match', 'the same value matches', ['Foo: 1'], ['Foo: 1'], 'store'),
  onFoo('name-case', 'in a name of other case', ['Foo: 1'], ['fOO: 1'], 'store'),
  onFoo('differ', 'another does not', ['Foo: 1'], ['Foo: 2'], 'origin'),
  onFoo('value-case', 'values are compared as they are', ['Foo: a'], ['Foo: A'], 'origin'),
  onFoo('absent-absent', 'missing matches missing', [], [], 'store'),
  onFoo('absent-present', 'missing does not match present', [], ['Foo: 1'], 'origin'),
  onFoo('present-absent', 'present does not match missing', ['Foo: 1'], [], 'origin'),
  onFoo('absent-empty', 'missing does not match empty', [], ['Foo: '], 'origin'),
  onFoo('space', 'whitespace around commas does not matter', ['Foo: 1,2'], ['Foo: 1 ,  2'], 'store'),
  onFoo('space-inside', 'more of it inside does not either', ['Foo: a b'], ['Foo: a \t b'], 'store'),
  onFoo('space-none', 'but having any does', ['Foo: a b'], ['Foo: ab'], 'origin'),
  onFoo('space-quoted', 'and inside quotes it does', ['Foo: "a b"'], ['Foo: "a  b"'], 'origin'),
  onFoo('combine', 'two lines are one list', ['Foo: 1', 'Foo: 2'], ['Foo: 1, 2'], 'store'),
  onFoo('order', 'the order of an unknown list matters', ['Foo: 1, 2'], ['Foo: 2, 1'], 'origin'),
  pair('star', '* never matches', ['*'], { by: 'origin' }),
  pair('star-after', 'also behind a name', ['Foo, *'], { by: 'origin' }),
  pair('star-before', 'also before one', ['*, Foo'], { by: 'origin' }),
  pair('star-line', 'also on another line', ['Foo', '*'], { by: 'origin' }),
  pair('two-names', 'all names have to match', ['Foo, Bar'], {
    first: ['Foo: 1', 'Bar: a'],
    second: ['Foo: 1', 'Bar: b'],
    by: 'origin',
  }),
  pair('two-lines', 'also those of other lines', ['Foo', 'Bar'], {
    first: ['Foo: 1', 'Bar: a'],
    second: ['Foo: 1', 'Bar: b'],
    by: 'origin',
  }),
  pair('two-match', 'and when all do it is reused', ['Foo', 'bAR'], {
    first: ['Foo: 1', 'Bar: a'],
    second: ['Bar: a', 'Foo: 1'],
    by: 'store',
  }),
  pair('empty', 'an empty Vary selects nothing', ['', ', ,'], { second: ['Foo: 1'], by: 'store' }),
  pair('not-listed', 'fields not listed do not matter', ['Foo'], { second: ['Bar: 1'], by: 'store' }),
  {
    id: 'vary-variants',
    title: 'several variants are kept',
    steps: [
      { fields: ['Foo: 1'], origin: { fields: [fresh, 'Vary: Foo'] }, by: 'origin' },
      { fields: ['Foo: 2'], origin: { fields: [fresh, 'Vary: Foo'] }, by: 'origin' },
      { at: 1, fields: ['Foo: 1'], by: 'store', of: 1 },
      { at: 1, fields: ['Foo: 2'], by: 'store', of: 2 },
    ],
  },
  {
    id: 'vary-changes',
    title: 'a Vary that changes between responses rules each by its own',
    steps: [
      { fields: ['Foo: 1', 'Bar: 1'], origin: { fields: [fresh, 'Vary: Foo'] }, by: 'origin' },
      { fields: ['Foo: 2', 'Bar: 1'], origin: { fields: [fresh, 'Vary: Bar'] }, by: 'origin' },
      { at: 1, fields: ['Foo: 3', 'Bar: 1'], by: 'store', of: 2 },
      { at: 1, fields: ['Foo: 1', 'Bar: 2'], by: 'store', of: 1 },
      { at: 1, fields: ['Foo: 3', 'Bar: 2'], by: 'origin' },
    ],
  },
  onLanguage('space', 'Accept-Language: spaces', 'en, de;q=0.5', 'en,de ; q=0.5', 'store'),
  onLanguage('case', 'Accept-Language: case', 'en-GB, de', 'EN-gb, DE', 'store'),
  onLanguage('equal-order', 'Accept-Language: order of equal weights', 'en, de', 'de, en', 'store'),
  onLanguage(
    'weight-order',
    'Accept-Language: order of members with weights',
    'en;q=0.5, de',
    'de, en;q=0.5',
    'store',
  ),
  onLanguage(
    'weight-spelling',
    'Accept-Language: spelling of weights',
    'en;q=1.0, de;q=0.50',
    'en, de;Q=0.5',
    'store',
  ),
  onLanguage('weights-differ', 'Accept-Language: other preference', 'en, de;q=0.5', 'de, en;q=0.5', 'origin'),
  onLanguage(
    'content',
    'Content-Language that the request likes best',
    'en, de',
    'fr;q=0.5, de;q=1.0',
    'store',
    ['Content-Language: de'],
  ),
  onLanguage(
    'content-range',
    'Content-Language within the range asked for',
    'en, de',
    'de, fr;q=0.1',
    'store',
    ['Content-Language: de-AT'],
  ),
  onLanguage('content-prefix', 'a prefix of another language is none', 'en', 'd', 'origin', [
    'Content-Language: de',
  ]),
  onLanguage('content-less', 'Content-Language that it likes less', 'en, de', 'fr, de;q=0.5', 'origin', [
    'Content-Language: de',
  ]),
  onLanguage(
    'content-equal',
    'Content-Language that it likes as much as another',
    'en, de',
    'fr, de',
    'origin',
    ['Content-Language: de'],
  ),
  onLanguage('content-equal-first', 'also when it stands first', 'en, de', 'de, fr', 'origin', [
    'Content-Language: de',
  ]),
  onLanguage('content-refused', 'Content-Language that it refuses', 'de', 'de;q=0', 'origin', [
    'Content-Language: de',
  ]),
  onLanguage('content-two', 'two Content-Languages tell nothing', 'en', 'de', 'origin', [
    'Content-Language: de, en',
  ]),
  onEncoding('order', 'Accept-Encoding: order, case, space', 'gzip, br', 'BR,GZIP', 'store', 'gzip'),
  onEncoding(
    'fewer',
    'a coding chosen from more is chosen from fewer',
    'gzip, deflate, br',
    'gzip',
    'store',
    'gzip',
  ),
  onEncoding('more', 'but from more another might be', 'gzip', 'gzip, br', 'origin', 'gzip'),
  onEncoding('not-accepted', 'a coding not accepted does not match', 'gzip, br', 'br', 'origin', 'gzip'),
  onEncoding('preferred', 'nor one that is liked less', 'gzip, br', 'gzip;q=0.5, br', 'origin', 'gzip'),
  onEncoding(
    'none-accepted',
    'a coded response is not for a request without the field',
    'gzip',
    undefined,
    'origin',
    'gzip',
  ),
  onEncoding('refused', 'nor for one that refuses it', 'gzip', 'gzip;q=0', 'origin', 'gzip'),
  onEncoding('identity', 'a response left plain is plain for fewer codings', 'gzip, br', 'gzip', 'store'),
  onEncoding('identity-none', 'and without the field', 'gzip, br', undefined, 'store'),
  onEncoding('identity-more', 'not for more codings', undefined, 'gzip', 'origin'),
  onEncoding(
    'identity-refused',
    'not for a request that refuses it plain',
    'gzip',
    'gzip, identity;q=0',
    'origin',
  ),
  onEncoding('identity-refused-star', 'not when * refuses it', 'gzip', 'gzip, *;q=0.0', 'origin'),
  onEncoding(
    'identity-allowed',
    'identity with a weight is allowed',
    'gzip',
    'gzip, identity;q=0.1',
    'store',
  ),
  onEncoding('x-gzip', 'x-gzip is gzip', 'x-gzip', 'gzip', 'store', 'gzip'),
]);
