/** RFC 9111 §4.1: which requests a stored response was selected for. */
import { type AnswerType, type Case, inSection } from '../cases/form.ts';

const fresh = 'Cache-Control: max-age=3600';

type Pair = {
  readonly first?: readonly string[];
  readonly second?: readonly string[];
  readonly extra?: readonly string[];
  readonly type: AnswerType;
};

/** A response with this `Vary`, and a second request with other fields. */
const pair = (
  id: string,
  title: string,
  vary: readonly string[],
  { first = [], second = [], extra = [], type }: Pair,
) => ({
  id: `vary-${id}`,
  title,
  requests: [
    {
      headers: first,
      response: { headers: [fresh, ...vary.map((value) => `Vary: ${value}`), ...extra] },
      expect: { type: 'not_cached' as const },
    },
    { at: 1, headers: second, expect: { type } },
  ],
});

const onFoo = (
  id: string,
  title: string,
  first: readonly string[],
  second: readonly string[],
  type: AnswerType,
) => pair(id, title, ['Foo'], { first, second, type });

const onLanguage = (
  id: string,
  title: string,
  first: string,
  second: string,
  type: AnswerType,
  extra: string[] = [],
) =>
  pair(`language-${id}`, title, ['Accept-Language'], {
    first: [`Accept-Language: ${first}`],
    second: [`Accept-Language: ${second}`],
    extra,
    type,
  });

const onEncoding = (
  id: string,
  title: string,
  first: string | undefined,
  second: string | undefined,
  type: AnswerType,
  coding?: string,
) =>
  pair(`encoding-${id}`, title, ['Accept-Encoding'], {
    first: first === undefined ? [] : [`Accept-Encoding: ${first}`],
    second: second === undefined ? [] : [`Accept-Encoding: ${second}`],
    extra: coding === undefined ? [] : [`Content-Encoding: ${coding}`],
    type,
  });

export const varyCases: readonly Case[] = inSection('RFC 9111 §4.1', [
  onFoo('match', 'the same value matches', ['Foo: 1'], ['Foo: 1'], 'cached'),
  onFoo('name-case', 'in a name of other case', ['Foo: 1'], ['fOO: 1'], 'cached'),
  onFoo('differ', 'another does not', ['Foo: 1'], ['Foo: 2'], 'not_cached'),
  onFoo('value-case', 'values are compared as they are', ['Foo: a'], ['Foo: A'], 'not_cached'),
  onFoo('absent-absent', 'missing matches missing', [], [], 'cached'),
  onFoo('absent-present', 'missing does not match present', [], ['Foo: 1'], 'not_cached'),
  onFoo('present-absent', 'present does not match missing', ['Foo: 1'], [], 'not_cached'),
  onFoo('absent-empty', 'missing does not match empty', [], ['Foo: '], 'not_cached'),
  onFoo('space', 'whitespace around commas does not matter', ['Foo: 1,2'], ['Foo: 1 ,  2'], 'cached'),
  onFoo('space-inside', 'more of it inside does not either', ['Foo: a b'], ['Foo: a \t b'], 'cached'),
  onFoo('space-none', 'but having any does', ['Foo: a b'], ['Foo: ab'], 'not_cached'),
  onFoo('space-quoted', 'and inside quotes it does', ['Foo: "a b"'], ['Foo: "a  b"'], 'not_cached'),
  onFoo('combine', 'two lines are one list', ['Foo: 1', 'Foo: 2'], ['Foo: 1, 2'], 'cached'),
  onFoo('order', 'the order of an unknown list matters', ['Foo: 1, 2'], ['Foo: 2, 1'], 'not_cached'),
  pair('star', '* never matches', ['*'], { type: 'not_cached' }),
  pair('star-after', 'also behind a name', ['Foo, *'], { type: 'not_cached' }),
  pair('star-before', 'also before one', ['*, Foo'], { type: 'not_cached' }),
  pair('star-line', 'also on another line', ['Foo', '*'], { type: 'not_cached' }),
  pair('two-names', 'all names have to match', ['Foo, Bar'], {
    first: ['Foo: 1', 'Bar: a'],
    second: ['Foo: 1', 'Bar: b'],
    type: 'not_cached',
  }),
  pair('two-lines', 'also those of other lines', ['Foo', 'Bar'], {
    first: ['Foo: 1', 'Bar: a'],
    second: ['Foo: 1', 'Bar: b'],
    type: 'not_cached',
  }),
  pair('two-match', 'and when all do it is reused', ['Foo', 'bAR'], {
    first: ['Foo: 1', 'Bar: a'],
    second: ['Bar: a', 'Foo: 1'],
    type: 'cached',
  }),
  pair('empty', 'an empty Vary selects nothing', ['', ', ,'], { second: ['Foo: 1'], type: 'cached' }),
  pair('not-listed', 'fields not listed do not matter', ['Foo'], { second: ['Bar: 1'], type: 'cached' }),
  {
    id: 'vary-variants',
    title: 'several variants are kept',
    requests: [
      { headers: ['Foo: 1'], response: { headers: [fresh, 'Vary: Foo'] }, expect: { type: 'not_cached' } },
      { headers: ['Foo: 2'], response: { headers: [fresh, 'Vary: Foo'] }, expect: { type: 'not_cached' } },
      { at: 1, headers: ['Foo: 1'], expect: { type: 'cached', of: 1 } },
      { at: 1, headers: ['Foo: 2'], expect: { type: 'cached', of: 2 } },
    ],
  },
  {
    id: 'vary-changes',
    title: 'a Vary that changes between responses rules each by its own',
    requests: [
      {
        headers: ['Foo: 1', 'Bar: 1'],
        response: { headers: [fresh, 'Vary: Foo'] },
        expect: { type: 'not_cached' },
      },
      {
        headers: ['Foo: 2', 'Bar: 1'],
        response: { headers: [fresh, 'Vary: Bar'] },
        expect: { type: 'not_cached' },
      },
      { at: 1, headers: ['Foo: 3', 'Bar: 1'], expect: { type: 'cached', of: 2 } },
      { at: 1, headers: ['Foo: 1', 'Bar: 2'], expect: { type: 'cached', of: 1 } },
      { at: 1, headers: ['Foo: 3', 'Bar: 2'], expect: { type: 'not_cached' } },
    ],
  },
  onLanguage('space', 'Accept-Language: spaces', 'en, de;q=0.5', 'en,de ; q=0.5', 'cached'),
  onLanguage('case', 'Accept-Language: case', 'en-GB, de', 'EN-gb, DE', 'cached'),
  onLanguage('equal-order', 'Accept-Language: order of equal weights', 'en, de', 'de, en', 'cached'),
  onLanguage(
    'weight-order',
    'Accept-Language: order of members with weights',
    'en;q=0.5, de',
    'de, en;q=0.5',
    'cached',
  ),
  onLanguage(
    'weight-spelling',
    'Accept-Language: spelling of weights',
    'en;q=1.0, de;q=0.50',
    'en, de;Q=0.5',
    'cached',
  ),
  onLanguage(
    'weights-differ',
    'Accept-Language: other preference',
    'en, de;q=0.5',
    'de, en;q=0.5',
    'not_cached',
  ),
  onLanguage(
    'content',
    'Content-Language that the request likes best',
    'en, de',
    'fr;q=0.5, de;q=1.0',
    'cached',
    ['Content-Language: de'],
  ),
  onLanguage(
    'content-range',
    'Content-Language within the range asked for',
    'en, de',
    'de, fr;q=0.1',
    'cached',
    ['Content-Language: de-AT'],
  ),
  onLanguage('content-prefix', 'a prefix of another language is none', 'en', 'd', 'not_cached', [
    'Content-Language: de',
  ]),
  onLanguage('content-less', 'Content-Language that it likes less', 'en, de', 'fr, de;q=0.5', 'not_cached', [
    'Content-Language: de',
  ]),
  onLanguage(
    'content-equal',
    'Content-Language that it likes as much as another',
    'en, de',
    'fr, de',
    'not_cached',
    ['Content-Language: de'],
  ),
  onLanguage('content-equal-first', 'also when it stands first', 'en, de', 'de, fr', 'not_cached', [
    'Content-Language: de',
  ]),
  onLanguage('content-refused', 'Content-Language that it refuses', 'de', 'de;q=0', 'not_cached', [
    'Content-Language: de',
  ]),
  onLanguage('content-two', 'two Content-Languages tell nothing', 'en', 'de', 'not_cached', [
    'Content-Language: de, en',
  ]),
  onEncoding('order', 'Accept-Encoding: order, case, space', 'gzip, br', 'BR,GZIP', 'cached', 'gzip'),
  onEncoding(
    'fewer',
    'a coding chosen from more is chosen from fewer',
    'gzip, deflate, br',
    'gzip',
    'cached',
    'gzip',
  ),
  onEncoding('more', 'but from more another might be', 'gzip', 'gzip, br', 'not_cached', 'gzip'),
  onEncoding('not-accepted', 'a coding not accepted does not match', 'gzip, br', 'br', 'not_cached', 'gzip'),
  onEncoding('preferred', 'nor one that is liked less', 'gzip, br', 'gzip;q=0.5, br', 'not_cached', 'gzip'),
  onEncoding(
    'none-accepted',
    'a coded response is not for a request without the field',
    'gzip',
    undefined,
    'not_cached',
    'gzip',
  ),
  onEncoding('refused', 'nor for one that refuses it', 'gzip', 'gzip;q=0', 'not_cached', 'gzip'),
  onEncoding('identity', 'a response left plain is plain for fewer codings', 'gzip, br', 'gzip', 'cached'),
  onEncoding('identity-none', 'and without the field', 'gzip, br', undefined, 'cached'),
  onEncoding('identity-more', 'not for more codings', undefined, 'gzip', 'not_cached'),
  onEncoding(
    'identity-refused',
    'not for a request that refuses it plain',
    'gzip',
    'gzip, identity;q=0',
    'not_cached',
  ),
  onEncoding('identity-refused-star', 'not when * refuses it', 'gzip', 'gzip, *;q=0.0', 'not_cached'),
  onEncoding(
    'identity-allowed',
    'identity with a weight is allowed',
    'gzip',
    'gzip, identity;q=0.1',
    'cached',
  ),
  onEncoding('x-gzip', 'x-gzip is gzip', 'x-gzip', 'gzip', 'cached', 'gzip'),
]);
