/** The parts of a day that lifetimes are shown by. */

import type { Config } from '../../config/config.ts';

type Part = { readonly name: string; readonly covers: (hour: number) => boolean };

/** The operator's hours; without any, six of four hours. */
export function partsOfDay(hours: Config['ttl']['hours']): readonly Part[] {
  if (hours.length > 0)
    return hours.map(({ name, fromMinute: from, toMinute: to }) => ({
      name,
      covers: (hour) => {
        const middle = hour * 60 + 30;
        return from < to ? middle >= from && middle < to : middle >= from || middle < to;
      },
    }));
  return [0, 4, 8, 12, 16, 20].map((from) => ({
    name: `${from}–${from + 4}`,
    covers: (hour) => hour >= from && hour < from + 4,
  }));
}
