/** Reads the three forms of an HTTP date (RFC 9110 §5.6.7), and writes the preferred one. */
import { epochMs, type EpochMs } from '../kit/time.ts';

/**
 * The instant of a date; undefined if it is invalid. `now` is for two-digit years only. Case and a weekday that does not
 * fit are ignored (RFC 9111 §4.2); a zone other than GMT is invalid.
 */
export function parseHttpDate(value: string, now: EpochMs): EpochMs | undefined {
  const text = value.trim();
  // The longest valid form has 33 characters.
  if (text.length < 24 || text.length > 33) return undefined;
  return parseImfFixdate(text) ?? parseRfc850(text, now) ?? parseAsctime(text);
}

/** The instant as an IMF-fixdate. */
export const formatHttpDate = (at: EpochMs): string => new Date(Math.floor(at / 1000) * 1000).toUTCString();

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const imfFixdate = /^(?:sun|mon|tue|wed|thu|fri|sat), (\d\d) ([a-z]{3}) (\d{4}) (\d\d:\d\d:\d\d) gmt$/i;
const rfc850 = /^(?:sun|mon|tues|wednes|thurs|fri|satur)day, (\d\d)-([a-z]{3})-(\d\d) (\d\d:\d\d:\d\d) gmt$/i;
const asctime = /^(?:sun|mon|tue|wed|thu|fri|sat) ([a-z]{3}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/i;

function parseImfFixdate(text: string): EpochMs | undefined {
  const [, day = '', month = '', year = '', time = ''] = imfFixdate.exec(text) ?? [];
  return instant({ day, month, time }, Number(year));
}

// RFC 9110 §5.6.7: a two-digit year more than 50 years in the future is a past one.
function parseRfc850(text: string, now: EpochMs): EpochMs | undefined {
  const [, day = '', month = '', digits = '', time = ''] = rfc850.exec(text) ?? [];
  const thisYear = new Date(now).getUTCFullYear();
  const sameCentury = thisYear - (thisYear % 100) + Number(digits);
  const nextCentury = sameCentury + 100;
  const candidate = fiftyYearsOn(nextCentury, now) ? sameCentury : nextCentury;
  const year = fiftyYearsOn(candidate, now) ? candidate - 100 : candidate;
  return instant({ day, month, time }, year);
}

const fiftyYearsOn = (year: number, now: EpochMs): boolean => year > new Date(now).getUTCFullYear() + 50;

function parseAsctime(text: string): EpochMs | undefined {
  const [, month = '', day = '', time = '', year = ''] = asctime.exec(text) ?? [];
  return instant({ day: day.replace(' ', '0'), month, time }, Number(year));
}

type DayAndTime = { readonly day: string; readonly month: string; readonly time: string };

function instant(parts: DayAndTime, year: number): EpochMs | undefined {
  const month = months.indexOf(parts.month.toLowerCase());
  const day = Number(parts.day);
  const { time } = parts;
  const [hour, minute, second] = [Number(time.slice(0, 2)), Number(time.slice(3, 5)), Number(time.slice(6))];
  // The grammar allows the leap second 60; it counts as the second after :59.
  if (!(hour < 24 && minute < 60 && second <= 60)) return undefined;
  // An unknown month (-1) matches no date. Date.UTC would read the years 0–99 as 1900–1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  const isThatDay = date.getUTCMonth() === month && date.getUTCDate() === day;
  return isThatDay ? epochMs(date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000) : undefined;
}
