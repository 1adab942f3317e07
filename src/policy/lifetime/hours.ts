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
  const clock = clockOf(timeZone);
  const at = Math.floor(now / 60_000);
  if (clock.at === at) return clock.minute;
  let [hour, minute] = [0, 0];
  for (const { type, value } of clock.formatter.formatToParts(now)) {
    if (type === 'hour') hour = Number(value);
    if (type === 'minute') minute = Number(value);
  }
  clock.at = at;
  clock.minute = hour * 60 + minute;
  return clock.minute;
}

const covers = ({ fromMinute, toMinute }: HourBand, minute: number): boolean =>
  fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;

/** `at`: the minute, since 1970, that was asked for last. To create a formatter takes some 50 µs, to use it some 5. */
type ZoneClock = { readonly formatter: Intl.DateTimeFormat; at: number; minute: number };

/** A config has one zone; reloads may add a few. */
const clocks = new Map<string, ZoneClock>();
const mostClocks = 16;

function clockOf(timeZone: string): ZoneClock {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US-u-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
  });
  const clock = { formatter, at: NaN, minute: 0 };
  if (clocks.size >= mostClocks) clocks.clear();
  clocks.set(timeZone, clock);
  return clock;
}
