/** RFC 9111 §4.2: lifetime and age. */
import { type Case, inSection, notReused, reused } from '../cases/form.ts';

const fresh = 'Cache-Control: max-age=3600';

const validForms: readonly (readonly [string, string])[] = [
  ['max-age', 'max-age=3600'],
  ['case', 'MaX-aGe=3600'],
  ['quoted', 'max-age="3600"'],
  ['leading-zeros', 'max-age=0003600'],
  ['2-31-minus-1', 'max-age=2147483647'],
  ['2-31', 'max-age=2147483648'],
  ['2-32', 'max-age=4294967296'],
  ['2-64', 'max-age=18446744073709551616'],
  ['400-digits', `max-age=${'9'.repeat(400)}`],
  ['200-years', 'max-age=6311520000'],
  ['unknown-first', 'foobar, max-age=3600'],
  ['unknown-quoted', 'x="max-age=0", max-age=3600'],
  ['unknown-escaped-quote', 'x="a\\", max-age=0, \\"b", max-age=3600'],
  ['same-twice', 'max-age=3600, max-age=3600'],
];
const invalidForms: readonly (readonly [string, string])[] = [
  ['zero', 'max-age=0'],
  ['negative', 'max-age=-3600'],
  ['plus', 'max-age=+3600'],
  ['decimal', 'max-age=3600.0'],
  ['not-a-number', 'max-age=abc'],
  ['leading-letter', 'max-age=a3600'],
  ['trailing-letter', 'max-age=3600a'],
  ['hexadecimal', 'max-age=0xfff'],
  ['exponent', 'max-age=1e9'],
  ['single-quotes', "max-age='3600'"],
  ['open-quote', 'max-age="3600'],
  ['empty', 'max-age='],
  ['no-argument', 'max-age'],
  ['space-before', 'max-age =3600'],
  ['space-after', 'max-age= 3600'],
  ['space-inside', 'max-age=36 00'],
  ['semicolon', 'max-age=3600; x'],
  ['only-quoted', 'x="max-age=3600"'],
  ['conflict', 'max-age=3600, max-age=1'],
  ['conflict-reversed', 'max-age=1, max-age=3600'],
  ['conflict-invalid', 'max-age=3600, max-age=x'],
];

const badDates: readonly (readonly [string, string])[] = [
  ['zero', '0'],
  ['minus-one', '-1'],
  ['empty', ''],
  ['words', 'never'],
  ['wrong-zone', 'Fri, 16 Jan 2026 12:00:00 AEST'],
  ['utc', 'Fri, 16 Jan 2026 12:00:00 UTC'],
  ['offset', 'Fri, 16 Jan 2026 12:00:00 +0000'],
  ['no-zone', 'Fri, 16 Jan 2026 12:00:00'],
  ['unknown-weekday', 'Foo, 16 Jan 2026 12:00:00 GMT'],
  ['no-comma', 'Fri 16 Jan 2026 12:00:00 GMT'],
  ['two-digit-year', 'Fri, 16 Jan 26 12:00:00 GMT'],
  ['dashes', 'Fri, 16-Jan-2026 12:00:00 GMT'],
  ['one-digit-hour', 'Fri, 16 Jan 2026 9:00:00 GMT'],
  ['two-spaces', 'Fri,  16 Jan 2026 12:00:00 GMT'],
  ['dots-in-time', 'Fri, 16 Jan 2026 12.00.00 GMT'],
  ['no-such-day', 'Mon, 30 Feb 2026 12:00:00 GMT'],
  ['no-such-hour', 'Fri, 16 Jan 2026 24:00:00 GMT'],
  ['iso', '2026-01-16T12:00:00Z'],
  ['trailing', 'Fri, 16 Jan 2026 12:00:00 GMT; x'],
];
const goodDates: readonly (readonly [string, string])[] = [
  ['imf', 'Fri, 16 Jan 2026 12:00:00 GMT'],
  ['lower-case', 'fri, 16 jan 2026 12:00:00 gmt'],
  ['rfc850', 'Friday, 16-Jan-26 12:00:00 GMT'],
  ['other-weekday', 'Mon, 16 Jan 2026 12:00:00 GMT'],
  ['asctime', 'Fri Jan 16 12:00:00 2026'],
  ['asctime-one-digit', 'Fri Jan  2 12:00:00 2026'],
  ['beyond-2038', 'Mon, 16 Jan 2226 12:00:00 GMT'],
];

export const lifetimeCases: readonly Case[] = [
  ...inSection('RFC 9111 §5.2.2.1', [
    ...validForms.map(([id, value]) =>
      reused(`max-age-${id}`, `${value.slice(0, 40)} gives a lifetime`, {
        headers: [`Cache-Control: ${value}`],
        pause: 3,
      }),
    ),
    ...invalidForms.map(([id, value]) =>
      notReused(`max-age-invalid-${id}`, `${value} is stale`, {
        headers: [`Cache-Control: ${value}`],
        pause: 3,
      }),
    ),
    notReused('max-age-conflict-lines', 'of two lines the shorter counts', {
      headers: [fresh, 'Cache-Control: max-age=1'],
      pause: 3,
    }),
    reused('max-age-last-second', 'fresh while younger than the lifetime', {
      headers: ['Cache-Control: max-age=5'],
      pause: 4,
    }),
    notReused('max-age-over', 'stale at the lifetime', { headers: ['Cache-Control: max-age=5'], pause: 5 }),
  ]),
  ...inSection('RFC 9111 §5.2.2.10', [
    reused('s-maxage', 's-maxage gives a lifetime', { headers: ['Cache-Control: s-maxage=3600'] }),
    reused('s-maxage-wins', 's-maxage beats max-age and Expires', {
      headers: ['Cache-Control: max-age=0, s-maxage=3600', 'Expires: 0'],
    }),
    notReused('s-maxage-wins-shorter', 's-maxage beats a longer max-age', {
      headers: ['Cache-Control: s-maxage=1, max-age=3600', 'Expires: {date+3600}'],
      pause: 3,
    }),
    notReused('s-maxage-invalid', 'an unreadable s-maxage is stale', {
      headers: ['Cache-Control: max-age=3600, s-maxage=x'],
    }),
  ]),
  ...inSection('RFC 9111 §5.3', [
    ...goodDates.map(([id, value]) =>
      reused(`expires-${id}`, `Expires: ${value}`, { headers: [`Expires: ${value}`] }),
    ),
    ...badDates.map(([id, value]) =>
      notReused(`expires-invalid-${id}`, `Expires: ${value} is in the past`, {
        headers: [`Expires: ${value}`],
      }),
    ),
    notReused('expires-past', 'Expires in the past', {
      headers: ['Expires: {date-60}', 'Last-Modified: {date-99999}'],
    }),
    notReused('expires-invalid-no-heuristic', 'an invalid Expires leaves no room for a heuristic', {
      headers: ['Expires: 0', 'Last-Modified: {date-99999}'],
    }),
    notReused('expires-two-lines', 'two Expires are in the past', {
      headers: ['Expires: {date+60}', 'Expires: {date+60}'],
    }),
    reused('expires-beaten', 'max-age beats Expires', { headers: [fresh, 'Expires: {date-60}'] }),
    notReused('expires-beaten-shorter', 'a shorter max-age beats Expires', {
      headers: ['Cache-Control: max-age=1', 'Expires: {date+3600}'],
      pause: 3,
    }),
    reused('expires-old-date', 'the lifetime is Expires minus Date', {
      headers: ['Date: {date-60}', 'Expires: {date+5}'],
      pause: 4,
    }),
    notReused('expires-clock-ahead', 'an origin clock that is ahead does not lengthen it', {
      headers: ['Date: {date+3600}', 'Expires: {date+3605}'],
      pause: 6,
    }),
    reused('expires-no-date', 'without Date the time of receipt stands for it', {
      date: false,
      headers: ['Expires: {date+60}'],
    }),
    notReused('two-digit-past', 'RFC 850 years more than 50 years ahead are past ones', {
      headers: ['Expires: Thursday, 01-Jan-76 12:00:00 GMT'],
    }),
  ]),
  ...inSection('RFC 9111 §4.2.2', [
    reused('heuristic', 'a tenth of the time since Last-Modified', {
      headers: ['Last-Modified: {date-1000}'],
      pause: 99,
    }),
    notReused('heuristic-over', 'and no longer', { headers: ['Last-Modified: {date-1000}'], pause: 100 }),
    notReused('heuristic-cap', 'a day at most', {
      headers: ['Last-Modified: {date-99999999}'],
      pause: 86_400,
    }),
    reused('heuristic-below-cap', 'up to a day', {
      headers: ['Last-Modified: {date-99999999}'],
      pause: 86_399,
    }),
    notReused('heuristic-future', 'Last-Modified in the future gives none', {
      headers: ['Last-Modified: {date+1000}'],
    }),
    notReused('heuristic-bad', 'a Last-Modified that is no date gives none', {
      headers: ['Last-Modified: yesterday'],
    }),
    reused('heuristic-public', 'public alone does not shorten it', {
      headers: ['Last-Modified: {date-1000}', 'Cache-Control: public'],
    }),
  ]),
  ...inSection('RFC 9111 §5.1', [
    reused('age-zero', 'Age: 0', { headers: [fresh, 'Age: 0'] }),
    notReused('age-old', 'an Age beyond the lifetime', { headers: [fresh, 'Age: 7200'] }),
    notReused('age-equal', 'an Age of the lifetime', { headers: [fresh, 'Age: 3600'] }),
    notReused('age-2-31', 'an Age of 2^31', { headers: [fresh, 'Age: 2147483648'] }),
    notReused('age-overflow', 'an Age beyond all numbers', { headers: [fresh, `Age: ${'9'.repeat(400)}`] }),
    reused('age-negative', 'a negative Age is ignored', { headers: [fresh, 'Age: -7200'] }),
    reused('age-not-a-number', 'an Age that is no number is ignored', { headers: [fresh, 'Age: abc'] }),
    reused('age-decimal', 'a decimal Age is ignored', { headers: [fresh, 'Age: 7200.5'] }),
    notReused('age-parameter', 'a parameter behind an Age changes nothing', {
      headers: [fresh, 'Age: 7200;foo=bar'],
    }),
    notReused('age-list-first', 'the first of several values counts', { headers: [fresh, 'Age: 7200, 0'] }),
    reused('age-list-first-zero', 'the first of several values counts, also when smaller', {
      headers: [fresh, 'Age: 0, 7200'],
    }),
    notReused('age-lines', 'the first of several lines counts', { headers: [fresh, 'Age: 7200', 'Age: 0'] }),
    {
      id: 'age-sum',
      title: 'Age on reuse is the Age received and the time stored',
      requests: [
        { response: { headers: [fresh, 'Age: 100'] }, expect: { type: 'not_cached' } },
        { at: 20, expect: { type: 'cached', headers: ['Age: 120'] } },
        { at: 30, expect: { type: 'cached', headers: ['Age: 130'] } },
      ],
    },
  ]),
  ...inSection('RFC 9111 §4.2.3', [
    {
      id: 'apparent-age',
      title: 'a Date in the past makes the response as old',
      requests: [
        { response: { headers: [fresh, 'Date: {date-100}'] }, expect: { type: 'not_cached' } },
        { at: 20, expect: { type: 'cached', headers: ['Age: 120', 'Date: {start-100}'] } },
      ],
    },
    {
      id: 'age-or-date',
      title: 'of Age and the age by Date the greater counts',
      requests: [
        { response: { headers: [fresh, 'Date: {date-100}', 'Age: 40'] }, expect: { type: 'not_cached' } },
        { at: 20, expect: { type: 'cached', headers: ['Age: 120'] } },
      ],
    },
    {
      id: 'date-in-future',
      title: 'a Date in the future makes nothing younger than now',
      requests: [
        { response: { headers: [fresh, 'Date: {date+100}'] }, expect: { type: 'not_cached' } },
        { at: 20, expect: { type: 'cached', headers: ['Age: 20', 'Date: {start+100}'] } },
      ],
    },
    {
      id: 'response-delay',
      title: 'the time the response took is added to Age',
      requests: [
        { response: { headers: [fresh, 'Age: 100'], delay: 5 }, expect: { type: 'not_cached' } },
        { at: 20, expect: { type: 'cached', headers: ['Age: 120'] } },
      ],
    },
    notReused('response-delay-stale', 'a response may be stale on arrival', {
      headers: ['Cache-Control: max-age=5'],
      delay: 6,
    }),
    notReused('date-stale', 'a Date further back than the lifetime', {
      headers: ['Cache-Control: max-age=50', 'Date: {date-60}'],
    }),
    reused('date-invalid', 'a Date that is none counts as the time of receipt', {
      headers: [fresh, 'Date: x'],
    }),
    reused('date-missing', 'so does a missing one', { date: false, headers: [fresh] }),
  ]),
];
