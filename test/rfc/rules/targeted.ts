/** RFC 9213: fields for this cache only. */
import { type Case, inSection, notReused, reused } from '../cases/form.ts';

const target = (value: string): string => `CDN-Cache-Control: ${value}`;

export const targetedCases: readonly Case[] = [
  ...inSection('RFC 9213 §2.2', [
    reused('targeted-max-age', 'max-age gives a lifetime', { headers: [target('max-age=3600')] }),
    reused('targeted-over-no-store', 'and replaces a Cache-Control with no-store', {
      headers: [target('max-age=3600'), 'Cache-Control: no-store'],
    }),
    reused('targeted-over-private', 'or private', {
      headers: [target('max-age=3600'), 'Cache-Control: private, max-age=0'],
    }),
    reused('targeted-over-expires', 'and Expires', { headers: [target('max-age=3600'), 'Expires: 0'] }),
    notReused('targeted-shorter', 'also when it is shorter', {
      headers: [target('max-age=1'), 'Cache-Control: max-age=3600', 'Expires: {date+3600}'],
      pause: 3,
    }),
    notReused('targeted-no-lifetime', 'also when it gives no lifetime at all', {
      headers: [target('public'), 'Cache-Control: max-age=3600', 'Expires: {date+3600}'],
    }),
    ...['no-store', 'private', 'no-cache', 'max-age=0', 'max-age=-1'].map((value) =>
      notReused(`targeted-${value}`, `${value} is obeyed`, {
        headers: [target(value), 'Cache-Control: max-age=3600'],
      }),
    ),
    reused('targeted-huge', 'the longest integer is a long time', {
      headers: [target('max-age=999999999999999')],
    }),
    notReused('targeted-age', 'Age counts against it', { headers: [target('max-age=100'), 'Age: 100'] }),
    reused('targeted-s-maxage', 's-maxage is known too', { headers: [target('max-age=0, s-maxage=3600')] }),
    reused('targeted-unknown', 'unknown directives of any type are ignored', {
      headers: [target('max-age=3600, foo, bar="x", baz=(1 2), q=1.5')],
    }),
    reused('targeted-parameters', 'parameters are ignored', { headers: [target('max-age=3600;no-store')] }),
    notReused('targeted-last', 'the last of two equal keys counts', {
      headers: [target('max-age=3600, max-age=1')],
      pause: 3,
    }),
    reused('targeted-false', 'a directive that is false is not given', {
      headers: [target('no-store=?0, max-age=3600')],
    }),
    notReused('targeted-empty-line', 'an empty line beside another says nothing', {
      headers: [target(''), target('no-store'), 'Cache-Control: max-age=3600'],
    }),
    reused('targeted-lines', 'lines are joined', { headers: [target('public'), target('max-age=3600')] }),
    {
      id: 'targeted-private-fields',
      title: 'private with names keeps those fields out of the store',
      requests: [
        {
          response: { headers: [target('max-age=3600, private="x-a"'), 'X-A: 1', 'X-B: 2'] },
          expect: { type: 'not_cached' },
        },
        {
          at: 1,
          expect: {
            type: 'cached',
            missing: ['X-A'],
            headers: ['X-B: 2', 'CDN-Cache-Control: max-age=3600, private="x-a"'],
          },
        },
      ],
    },
    reused('targeted-own-first', 'our own field comes before the general one', {
      headers: ['Shelflife-Cache-Control: max-age=3600', target('no-store')],
    }),
    notReused('targeted-own-first-no', 'also when it forbids', {
      headers: ['Shelflife-Cache-Control: no-store', target('max-age=3600')],
    }),
    reused('targeted-own-invalid', 'an invalid one of our own leaves it to the general one', {
      headers: ['Shelflife-Cache-Control: max-age', target('max-age=3600'), 'Cache-Control: no-store'],
    }),
  ]),
  ...inSection('RFC 9213 §2.1', [
    ...(
      [
        ['empty', ''],
        ['unknown-type', 'max-age=$'],
        ['trailing-comma', 'max-age=3600,'],
        ['upper-case', 'Max-Age=3600'],
        ['open-quote', 'max-age=3600, x="'],
        ['string', 'max-age="3600"'],
        ['decimal', 'max-age=3600.0'],
        ['token', 'max-age=abc'],
        ['no-value', 'max-age'],
        ['inner-list', 'max-age=(3600)'],
        ['too-long', 'max-age=9999999999999999'],
        ['flag-with-value', 'max-age=3600, public=1'],
        ['private-token', 'max-age=3600, private=x'],
        ['semicolons', 'max-age=3600; =x'],
      ] as const
    ).flatMap(([id, value]) => [
      notReused(`targeted-invalid-${id}`, `"${value}" leaves it to a Cache-Control that forbids`, {
        headers: [target(value), 'Cache-Control: no-store'],
      }),
      reused(`targeted-ignored-${id}`, `"${value}" leaves it to a Cache-Control that allows`, {
        headers: [target(value), 'Cache-Control: max-age=3600'],
      }),
    ]),
  ]),
];
