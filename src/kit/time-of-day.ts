/** When a time of day occurs next. */

import { Cron } from 'croner';
import { epochMs, type EpochMs } from './time.ts';

/** `weekday`: 0 is Sunday; absent: every day. `minute` is of the day in `timeZone`, 0 to 1439. */
export type TimeOfDay = {
  readonly minute: number;
  readonly weekday?: number | undefined;
  readonly timeZone: string;
};

/** The next such time after `from`. A time that a clock change skips occurs at the end of the gap. */
export function nextTime({ minute, weekday, timeZone }: TimeOfDay, from: EpochMs): EpochMs {
  const pattern = `${minute % 60} ${Math.floor(minute / 60)} * * ${weekday ?? '*'}`;
  const next = new Cron(pattern, { timezone: timeZone, paused: true }).nextRun(new Date(from));
  if (next === null) throw new Error(`${pattern} never occurs in ${timeZone}`);
  return epochMs(next.getTime());
}
