import fc from 'fast-check';
import t from 'tap';
import { formatHttpDate, parseHttpDate } from '../../src/http/http-date.ts';
import { epochMs } from '../../src/kit/time.ts';

const now = epochMs(Date.UTC(2026, 5, 1));
const at = (...parts: [number, number, number, number, number, number]) => epochMs(Date.UTC(...parts));

t.test('§5.6.7: the three forms', async (t) => {
  const november = at(1994, 10, 6, 8, 49, 37);
  for (const value of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'sun, 06 nov 1994 08:49:37 gmt',
    ' Sun, 06 Nov 1994 08:49:37 GMT ',
    'Sun Nov 06 08:49:37 1994',
  ]) {
    t.equal(parseHttpDate(value, now), november, value);
  }
});

t.test('§5.6.7: two-digit years more than 50 years ahead are past ones', async (t) => {
  const years: readonly (readonly [string, number])[] = [
    ['Wednesday, 01-Jan-76 00:00:00 GMT', 2076],
    ['Saturday, 01-Jan-77 00:00:00 GMT', 1977],
    ['Saturday, 01-Jan-00 00:00:00 GMT', 2000],
    ['Thursday, 01-Jan-26 00:00:00 GMT', 2026],
  ];
  for (const [value, year] of years) t.equal(parseHttpDate(value, now), at(year, 0, 1, 0, 0, 0), value);
  const lateInCentury = epochMs(Date.UTC(2080, 0, 1));
  t.equal(parseHttpDate('Tuesday, 01-Jan-26 00:00:00 GMT', lateInCentury), at(2126, 0, 1, 0, 0, 0));
});

t.test('a weekday that does not match the date is ignored, in all three forms', async (t) => {
  const august = at(2050, 7, 8, 2, 1, 18);
  for (const value of [
    'Thu, 08 Aug 2050 02:01:18 GMT',
    'Thursday, 08-Aug-50 02:01:18 GMT',
    'Thu Aug  8 02:01:18 2050',
  ]) {
    t.equal(parseHttpDate(value, now), august, value);
  }
});

t.test('edges of the calendar', async (t) => {
  t.equal(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', now), at(2017, 0, 1, 0, 0, 0), 'a leap second');
  t.equal(parseHttpDate('Thu, 29 Feb 2024 00:00:00 GMT', now), at(2024, 1, 29, 0, 0, 0));
  t.equal(parseHttpDate('Fri, 31 Dec 9999 23:59:59 GMT', now), at(9999, 11, 31, 23, 59, 59));
  t.ok((parseHttpDate('Sat, 01 Jan 0050 00:00:00 GMT', now) ?? 0) < 0);
});

t.test('anything else is not a date', async (t) => {
  for (const value of [
    '',
    '0',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sux, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nox 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Thu, 29 Feb 2023 00:00:00 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sunday, 06 Nov 1994 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
  ]) {
    t.equal(parseHttpDate(value, now), undefined, value);
  }
});

t.test('formatting gives an IMF-fixdate and drops fractions', async (t) => {
  t.equal(formatHttpDate(epochMs(at(1994, 10, 6, 8, 49, 37) + 999)), 'Sun, 06 Nov 1994 08:49:37 GMT');
  t.equal(parseHttpDate(formatHttpDate(now), now), now);
});

t.test('a formatted date can be parsed again, in any month of any year', async () => {
  const instants = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(instants, (date) => {
      const instant = epochMs(Math.floor(date.getTime() / 1000) * 1000);
      return parseHttpDate(formatHttpDate(instant), now) === instant;
    }),
    { numRuns: 1000 },
  );
});
