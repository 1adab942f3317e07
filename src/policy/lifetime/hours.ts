/** The part of the day where the operator's users live, by the wall clock of the IANA zone. */

import type { HourBand } from '../../config/config.ts';
import type { EpochMs } from '../../kit/time.ts';

/** The band of the current hour, if any. An unknown zone throws a RangeError. */
export function hourBandAt(hours: readonly HourBand[], timeZone: string, now: EpochMs): HourBand | undefined {
  if (hours.length === 0) return undefined;
  const minute = minuteOfDay(timeZone, now);
  return hours.find((band) => covers(band, minute));
}

/** Minutes since midnight in the zone. */
export function minuteOfDay(timeZone: string, now: EpochMs): number {
  let [hour, minute] = [0, 0];
  for (const { type, value } of formatterOf(timeZone).formatToParts(now)) {
    if (type === 'hour') hour = Number(value);
    if (type === 'minute') minute = Number(value);
  }
  return hour * 60 + minute;
}

const covers = ({ fromMinute, toMinute }: HourBand, minute: number): boolean =>
  fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;

/** A formatter takes some 50 µs to create. A config has one zone; reloads may add a few. */
const formatters = new Map<string, Intl.DateTimeFormat>();
const mostFormatters = 16;

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US-u-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
  });
  if (formatters.size >= mostFormatters) formatters.clear();
  formatters.set(timeZone, formatter);
  return formatter;
}
