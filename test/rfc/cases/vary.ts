/** RFC 9111 §4.1: one URL, several responses. */

import { type Case, type Expectation, fresh, inSection, notReused, stored } from './form.ts';

type Pair = {
  readonly vary: readonly string[];
  readonly first: readonly string[];
  readonly second: readonly string[];
  readonly more?: readonly string[];
};

const pair =
  (type: 'cached' | 'not_cached') =>
  (id: string, title: string, { vary, first, second, more = [] }: Pair) => ({
    id: `vary-${id}`,
    title,
    requests: [
      stored(fresh(...vary.map((line) => `Vary: ${line}`), ...more), first),
      { headers: second, expect: { type } as Expectation },
    ],
  });
const match = pair('cached');
const noMatch = pair('not_cached');

const star = (id: string, ...lines: string[]) =>
  notReused(`vary-star-${id}`, lines.map((line) => `Vary: ${line}`).join('; '), {
    headers: ['Cache-Control: max-age=3600', ...lines.map((line) => `Vary: ${line}`)],
    request: ['Foo: 1', '*: 2'],
  });

const language = (id: string, title: string, first: string, second: string, more: readonly string[] = []) =>
  match(`language-${id}`, title, {
    vary: ['Accept-Language'],
    first: [`Accept-Language: ${first}`],
    second: [`Accept-Language: ${second}`],
    more,
  });

const three = ['Foo: 1', 'Bar: abc', 'Baz: 789'];

export const varyCases: readonly Case[] = [
  ...inSection('RFC 9111 §4.1', [
    match('match', 'the same value matches', { vary: ['Foo'], first: ['Foo: 1'], second: ['Foo: 1'] }),
    noMatch('no-match', 'another does not', { vary: ['Foo'], first: ['Foo: 1'], second: ['Foo: 2'] }),
    noMatch('omit', 'missing against present does not', { vary: ['Foo'], first: ['Foo: 1'], second: [] }),
    noMatch('omit-stored', 'nor present against missing', { vary: ['Foo'], first: [], second: ['Foo: 1'] }),
    match('omit-both', 'missing against missing does', { vary: ['Foo'], first: [], second: [] }),
    noMatch('empty', 'missing is not empty', { vary: ['Foo'], first: ['Foo: '], second: [] }),
    match('name-case', 'names in any case', { vary: ['fOO'], first: ['Foo: 1'], second: ['foo: 1'] }),
    noMatch('value-case', 'values as they are', { vary: ['Foo'], first: ['Foo: a'], second: ['Foo: A'] }),
    match('unlisted', 'other fields do not matter', {
      vary: ['Foo'],
      first: ['Foo: 1', 'Other: 2'],
      second: ['Foo: 1', 'Other: 3'],
    }),
    match('lines', 'lines are combined', {
      vary: ['Foo'],
      first: ['Foo: 1, 2'],
      second: ['Foo: 1', 'Foo: 2'],
    }),
    match('space', 'spaces around commas do not matter', {
      vary: ['Foo'],
      first: ['Foo: 1,2'],
      second: ['Foo:   1 ,  2  '],
    }),
    match('2', 'two fields', {
      vary: ['Foo, Bar'],
      first: ['Foo: 1', 'Bar: a'],
      second: ['Foo: 1', 'Bar: a'],
    }),
    noMatch('2-no-match', 'one of two differs', {
      vary: ['Foo, Bar'],
      first: ['Foo: 1', 'Bar: a'],
      second: ['Foo: 1', 'Bar: b'],
    }),
    noMatch('2-omit', 'one of two is missing', {
      vary: ['Foo, Bar'],
      first: ['Foo: 1', 'Bar: a'],
      second: ['Foo: 1'],
    }),
    match('2-omit-both', 'one of two is missing both times', {
      vary: ['Foo, Bar'],
      first: ['Foo: 1'],
      second: ['Foo: 1'],
    }),
    match('2-lines', 'in two lines', { vary: ['Foo', 'Bar'], first: ['Foo: 1'], second: ['Foo: 1'] }),
    noMatch('2-lines-no-match', 'in two lines, the second differs', {
      vary: ['Foo', 'Bar'],
      first: ['Foo: 1', 'Bar: 1'],
      second: ['Foo: 1', 'Bar: 2'],
    }),
    match('3', 'three fields', { vary: ['Foo, Bar, Baz'], first: three, second: three }),
    noMatch('3-no-match', 'the last of three differs', {
      vary: ['Foo, Bar, Baz'],
      first: three,
      second: ['Foo: 1', 'Bar: abc', 'Baz: 788'],
    }),
    noMatch('3-omit', 'the middle one is missing', {
      vary: ['Foo, Bar, Baz'],
      first: three,
      second: ['Foo: 1', 'Baz: 789'],
    }),
    match('3-order', 'the order of the request does not matter', {
      vary: ['Foo, Bar, Baz'],
      first: three,
      second: [...three].reverse(),
    }),
    {
      id: 'vary-several',
      title: 'variants are kept beside each other',
      requests: [
        stored(fresh('Vary: Foo'), ['Foo: 1']),
        { headers: ['Foo: 2'], expect: { type: 'not_cached', cacheStatus: 'fwd=vary-miss; stored' } },
        { headers: ['Foo: 1'], expect: { type: 'cached', of: 1, body: 'step 1' } },
        { headers: ['Foo: 2'], expect: { type: 'cached', of: 2, body: 'step 2' } },
      ],
    },
    {
      id: 'vary-changing',
      title: 'the latest of several that match',
      requests: [
        stored(fresh('Vary: Foo'), ['Foo: 1', 'Bar: 1']),
        { headers: ['Foo: 2', 'Bar: 1'], response: fresh('Vary: Bar'), expect: { type: 'not_cached' } },
        { headers: ['Foo: 1', 'Bar: 1'], expect: { type: 'cached', of: 2 } },
        { headers: ['Foo: 1', 'Bar: 2'], expect: { type: 'cached', of: 1 } },
        { headers: ['Foo: 3', 'Bar: 3'], expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'vary-star-later',
      title: 'a later Vary: * leaves the variants stored before',
      requests: [
        stored(fresh('Vary: Foo'), ['Foo: 1']),
        { headers: ['Foo: 2'], response: fresh('Vary: *'), expect: { type: 'not_cached' } },
        { headers: ['Foo: 1'], expect: { type: 'cached', of: 1 } },
        { headers: ['Foo: 2'], expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'vary-bounded',
      title: 'no more variants are kept than the bound allows, the latest stay',
      requests: [
        ...Array.from({ length: 20 }, (_, at) => stored(fresh('Vary: Foo'), [`Foo: ${at}`])),
        { headers: ['Foo: 19'], expect: { type: 'cached' } },
        { headers: ['Foo: 0'], expect: { type: 'not_cached' } },
      ],
    },
    {
      id: 'vary-bounded-used',
      title: 'the one used least recently goes first',
      requests: [
        ...Array.from({ length: 16 }, (_, at) => stored(fresh('Vary: Foo'), [`Foo: ${at}`])),
        { headers: ['Foo: 0'], expect: { type: 'cached' } },
        stored(fresh('Vary: Foo'), ['Foo: new']),
        { headers: ['Foo: 0'], expect: { type: 'cached' } },
        { headers: ['Foo: 1'], expect: { type: 'not_cached' } },
      ],
    },
    ...['Test-ID', 'Req-Num'].map((name) =>
      match(`of-tools-${name}`, `${name} is a field like any other`, {
        vary: ['Foo'],
        first: [`${name}: 1`],
        second: [`${name}: 2`],
      }),
    ),
  ]),
  ...inSection('RFC 9110 §12.5.5', [
    star('alone', '*'),
    star('twice', '*, *'),
    star('lines', '*', '*'),
    star('first', '*, Foo'),
    star('last', 'Foo, *'),
    star('empty-member', ', *'),
    star('empty-line', '', '*'),
    star('later-line', 'Foo', '*'),
    star('spaces', '  *  '),
  ]),
  ...inSection('RFC 9111 §4.1', [
    language('order', 'equal weights in any order', 'en, de', 'de, en'),
    language('case', 'languages in any case', 'en, de', 'eN, De'),
    language('space', 'with any spaces', 'en, de', ' en ,   de'),
    language('weights', 'weights of the same order', 'en;q=0.9, de;q=0.5', 'de;q=0.5,en;q=0.9'),
    language(
      'content',
      'what the stored one is in and the new request likes best',
      'en, de',
      'fr;q=0.5, de;q=1.0',
      ['Content-Language: de'],
    ),
    noMatch('language-other', 'not what it likes less', {
      vary: ['Accept-Language'],
      first: ['Accept-Language: en, de'],
      second: ['Accept-Language: fr, de;q=0.5'],
      more: ['Content-Language: de'],
    }),
    match('encoding-order', 'codings in any order', {
      vary: ['Accept-Encoding'],
      first: ['Accept-Encoding: gzip, br'],
      second: ['Accept-Encoding: br,gzip'],
    }),
    match('encoding-stored', 'one coding of those offered before, which is what is stored', {
      vary: ['Accept-Encoding'],
      first: ['Accept-Encoding: gzip, br'],
      second: ['Accept-Encoding: gzip'],
      more: ['Content-Encoding: gzip'],
    }),
    noMatch('encoding-other', 'not one it does not take', {
      vary: ['Accept-Encoding'],
      first: ['Accept-Encoding: gzip, br'],
      second: ['Accept-Encoding: br'],
      more: ['Content-Encoding: gzip'],
    }),
    noMatch('encoding-none', 'not a coding for those who name none', {
      vary: ['Accept-Encoding'],
      first: ['Accept-Encoding: gzip'],
      second: [],
      more: ['Content-Encoding: gzip'],
    }),
    match('cookie-same', 'the same cookies', {
      vary: ['Cookie'],
      first: ['Cookie: a=1'],
      second: ['Cookie: a=1'],
    }),
    match('user-agent', 'User-Agent like any other', {
      vary: ['User-Agent'],
      first: ['User-Agent: a/1 (x,  y)'],
      second: ['User-Agent: a/1 (x, y)'],
    }),
    match('host', 'a field of the connection is the same for all', {
      vary: ['Host, Connection'],
      first: [],
      second: [],
    }),
  ]),
];
