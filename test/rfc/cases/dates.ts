/** RFC 9111 §4.2.3, §5.1, §5.3: Expires, Date and Age, and their spellings. */

import { type Case, inSection, notReused, reused } from './form.ts';

const good: readonly (readonly [id: string, value: string])[] = [
  ['32-bit', 'Thu, 18 Aug 2050 02:01:18 GMT'],
  ['far-future', 'Sun, 21 Nov 2286 04:46:39 GMT'],
  ['rfc850', 'Thursday, 18-Aug-50 02:01:18 GMT'],
  ['ansi-c', 'Thu Aug 18 02:01:18 2050'],
  ['ansi-c-one-digit', 'Mon Aug  8 02:01:18 2050'],
  ['month-case', 'Thu, 18 AUG 2050 02:01:18 GMT'],
  ['wrong-weekday', 'Fri, 18 Aug 2050 02:01:18 GMT'],
  ['weekday-case', 'THU, 18 Aug 2050 02:01:18 GMT'],
  ['zone-case', 'Thu, 18 Aug 2050 02:01:18 gMT'],
];
const bad: readonly (readonly [id: string, value: string])[] = [
  ['0', '0'],
  ['minus-1', '-1'],
  ['word', 'tomorrow'],
  ['epoch', '4102444800'],
  ['aest', 'Thu, 18 Aug 2050 02:01:18 AEST'],
  ['utc', 'Thu, 18 Aug 2050 02:01:18 UTC'],
  ['offset', 'Thu, 18 Aug 2050 02:01:18 +0000'],
  ['no-zone', 'Thu, 18 Aug 2050 02:01:18'],
  ['two-digit-year', 'Thu, 18 Aug 50 02:01:18 GMT'],
  ['multiple-spaces', 'Thu, 18  Aug  2050  02:01:18  GMT'],
  ['no-comma', 'Thu 18 Aug 2050 02:01:18 GMT'],
  ['one-digit-hour', 'Thu, 18 Aug 2050 2:01:18 GMT'],
  ['one-digit-day', 'Mon, 8 Aug 2050 02:01:18 GMT'],
  ['dashes', 'Thu, 18-Aug-2050 02:01:18 GMT'],
  ['periods', 'Thu, 18 Aug 2050 02.01.18 GMT'],
  ['no-such-day', 'Fri, 31 Feb 2050 02:01:18 GMT'],
  ['iso', '2050-08-18T02:01:18Z'],
  ['list', 'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT'],
];

const aged = (value: string, ...more: string[]): { headers: string[] } => ({
  headers: ['Cache-Control: max-age=3600', `Age: ${value}`, ...more],
});

export const dateCases: readonly Case[] = [
  ...inSection('RFC 9111 §5.3', [
    ...good.map(([id, value]) => reused(`expires-${id}`, value, { headers: [`Expires: ${value}`] })),
    ...bad.map(([id, value]) =>
      notReused(`expires-${id}`, `is in the past: ${value}`, { headers: [`Expires: ${value}`] }),
    ),
    reused('expires-future', 'in the future', { headers: ['Expires: {date+10}'], pause: 9 }),
    notReused('expires-reached', 'reached', { headers: ['Expires: {date+10}'], pause: 10 }),
    notReused('expires-now', 'now', { headers: ['Expires: {date}'] }),
    notReused('expires-past', 'in the past', { headers: ['Expires: {date-10}'] }),
    notReused('expires-empty', 'empty', { headers: ['Expires: ', 'Last-Modified: {date-86400}'] }),
    notReused('expires-lines', 'several lines', { headers: ['Expires: {date+60}', 'Expires: {date+90}'] }),
    notReused('expires-old-date', 'an old Date makes the response as old as that', {
      headers: ['Expires: {date+10}', 'Date: {date-3600}', 'Age: 3700'],
    }),
    reused('expires-slow-clock', 'its lifetime counts from Date, not from our clock', {
      headers: ['Expires: {date+180}', 'Date: {date-60}'],
      pause: 179,
      expect: { headers: ['Age: 239'] },
    }),
    notReused('expires-slow-clock-over', 'and ends when the age reaches it', {
      headers: ['Expires: {date+180}', 'Date: {date-60}'],
      pause: 180,
    }),
    notReused('expires-fast-clock', 'a Date ahead of our clock shortens nothing but that', {
      headers: ['Expires: {date+3610}', 'Date: {date+3600}'],
      pause: 11,
    }),
    reused('expires-no-date', 'without Date from receipt', {
      date: false,
      headers: ['Expires: {date+10}'],
      pause: 9,
    }),
    notReused('expires-age', 'Age counts against it', { headers: ['Expires: {date+3600}', 'Age: 3700'] }),
  ]),
  ...inSection('RFC 9111 §5.1', [
    reused('age-zero', 'Age: 0', { ...aged('0'), expect: { headers: ['Age: 1'] } }),
    reused('age-small', 'the age goes on from what it was', {
      ...aged('30'),
      expect: { headers: ['Age: 31'] },
    }),
    reused('age-almost', 'almost the lifetime', { ...aged('3598'), expect: { headers: ['Age: 3599'] } }),
    notReused('age-lifetime', 'the lifetime', aged('3600')),
    reused('age-negative', 'a negative one is none', { ...aged('-7200'), expect: { headers: ['Age: 1'] } }),
    reused('age-non-numeric', 'a word is none', { ...aged('abc'), expect: { headers: ['Age: 1'] } }),
    reused('age-empty', 'nothing is none', aged('')),
    reused('age-decimal-small', 'a decimal below the lifetime leaves it fresh', aged('12.0')),
    notReused('age-int32-minus-1', '2147483647', aged('2147483647')),
    notReused('age-int32', '2147483648', aged('2147483648')),
    notReused('age-int32-plus', '2147483649', aged('2147483649')),
    notReused('age-absurd', 'more digits than a number holds', aged('9'.repeat(60))),
    notReused('age-parameter', 'parameters are dropped, the number stays', aged('7200;foo=bar')),
    notReused('age-numeric-parameter', 'numeric ones too', aged('7200;foo=111')),
    notReused('age-list-old-first', 'the first of several', aged('7200, 0')),
    notReused('age-lines-old-first', 'also in several lines', aged('7200', 'Age: 0')),
    reused('age-list-zeros', 'zeros', aged('0, 0')),
    reused('age-lines-zeros', 'zeros in several lines', aged('0', 'Age: 0')),
    notReused('age-lines-old', 'old in several lines', aged('10000', 'Age: 10000')),
    reused('age-leading-zeros', 'leading zeros', { ...aged('0030'), expect: { headers: ['Age: 31'] } }),
    notReused('age-no-date', 'without Date as well', { ...aged('7200'), date: false }),
  ]),
  ...inSection('RFC 9111 §4.2.3', [
    reused('age-arithmetic', 'resident time is added', {
      ...aged('100'),
      pause: 50,
      expect: { headers: ['Age: 150'] },
    }),
    reused('age-apparent', 'an old Date makes the age', {
      headers: ['Cache-Control: max-age=3600', 'Date: {date-100}'],
      pause: 5,
      expect: { headers: ['Age: 105'] },
    }),
    reused('age-apparent-larger', 'the larger of the two counts', {
      headers: ['Cache-Control: max-age=3600', 'Date: {date-100}', 'Age: 40'],
      pause: 5,
      expect: { headers: ['Age: 105'] },
    }),
    reused('age-date-future', 'a Date in the future makes nothing younger', {
      ...aged('40', 'Date: {date+100}'),
      pause: 5,
      expect: { headers: ['Age: 45'] },
    }),
    reused('age-delay', 'the time the origin took counts', {
      headers: ['Cache-Control: max-age=3600'],
      delay: 4,
      pause: 5,
      expect: { headers: ['Age: 9'] },
    }),
    notReused('age-delay-stale', 'also against the lifetime', {
      headers: ['Cache-Control: max-age=3', 'Age: 1'],
      delay: 2,
      pause: 0,
    }),
    reused('age-delay-age', 'on top of Age', {
      ...aged('10'),
      delay: 4,
      pause: 5,
      expect: { headers: ['Age: 19'] },
    }),
    {
      id: 'age-parts-of-seconds',
      title: 'Date has whole seconds: a fraction does not count as age',
      requests: [
        { target: '/other', pause: 0.9, response: {} },
        { response: { headers: ['Cache-Control: max-age=1'] }, expect: { type: 'not_cached' } },
        { pause: 0.9, expect: { type: 'cached', headers: ['Age: 0'], cacheStatus: 'hit; ttl=1' } },
        { pause: 0.2, expect: { type: 'not_cached' } },
      ],
    },
    reused('date-unchanged', 'Date stays as it was', {
      headers: ['Cache-Control: max-age=3600', 'Date: {start-5}'],
      pause: 60,
      expect: { headers: ['Date: {start-5}'] },
    }),
    reused('date-added', 'a response without Date gets that of its receipt', {
      headers: ['Cache-Control: max-age=3600'],
      date: false,
      pause: 60,
      expect: { headers: ['Date: {start}', 'Age: 60'] },
    }),
    reused('date-bad', 'an unreadable Date counts as none', {
      headers: ['Cache-Control: max-age=3600', 'Date: yesterday'],
      pause: 60,
      expect: { headers: ['Age: 60'] },
    }),
  ]),
];
