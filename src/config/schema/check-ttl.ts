/**
 * Reads the section `ttl`: bounds, hours of the day, factors.
 *
 * Promise: accepted hours cover every minute of the day exactly once.
 */

import { type Factor, type HourBand, type TtlConfig, defaults } from '../config.ts';
import { when } from './check-condition.ts';
import { duration, number, positive, text, textAs, timeOfDay } from '../reader/read-scalar.ts';
import {
  type ListRead,
  type Placed,
  type Reader,
  type Reading,
  listOf,
  or,
  placed,
  placeOfKey,
  recover,
  required,
  section,
  then,
} from '../reader/reader.ts';
import { showTimeOfDay } from '../reader/scalar.ts';
import { namedList, refuseRepeatedNames } from '../reader/unique-names.ts';

const factorNumber = number({ above: 0, max: 1000 });

const band: Reader<HourBand> = then(
  section({
    name: required(text),
    from: required(timeOfDay),
    to: required(timeOfDay),
    factor: required(recover(factorNumber, 1)),
  }),
  ({ name, from, to, factor }): HourBand => ({ name, fromMinute: from, toMinute: to, factor }),
);

const hours: Reader<readonly HourBand[]> = then(listOf(placed(band), checkHours), (bands) =>
  bands.map(({ value }) => value),
);

const day = 24 * 60;

/** Minutes from the start of a band to its end; an end at or before the start is on the next day. */
const lengthOf = ({ fromMinute, toMinute }: HourBand): number =>
  (toMinute > fromMinute ? toMinute : toMinute + day) - fromMinute;

function checkHours({ items: bands, place, isWhole }: ListRead<Placed<HourBand>>, at: Reading): void {
  refuseRepeatedNames(bands, at);
  const covering = Array.from({ length: day }, () => -1);
  bands.forEach(({ value, place: where }, index) => {
    const minutes = Array.from({ length: lengthOf(value) }, (_, offset) => (value.fromMinute + offset) % day);
    const taken = minutes.find((minute) => covering[minute] !== -1);
    const other = taken === undefined ? undefined : bands[covering[taken] ?? -1];
    if (taken !== undefined && other !== undefined) {
      const since = `beginning at ${showTimeOfDay(taken)}`;
      at.report(
        'hours-overlap',
        `\`${value.name}\` and \`${other.value.name}\` overlap, ${since}; each minute must belong to one entry`,
        where,
      );
    }
    for (const minute of minutes) covering[minute] = index;
  });
  // The hours of an unreadable entry are unknown, so gaps are not reported.
  for (const [from, to] of isWhole ? gapsIn(covering) : []) {
    const gap = `${showTimeOfDay(from)} to ${showTimeOfDay(to)}`;
    at.report('hours-gap', `no entry covers ${gap}; the hours must cover the whole day`, [
      place[0],
      place[0] + 1,
    ]);
  }
}

/** Runs of uncovered minutes; a run over midnight is one piece. */
function gapsIn(covering: readonly number[]): readonly (readonly [number, number])[] {
  const free = (minute: number): boolean => covering[(minute + day) % day] === -1;
  const starts = Array.from({ length: day }, (_, minute) => minute).filter(
    (minute) => free(minute) && !free(minute - 1),
  );
  if (starts.length === 0) return covering.every((index) => index === -1) ? [[0, 0]] : [];
  return starts.map((start) => {
    let end = start;
    while (free(end)) end++;
    return [start, end % day] as const;
  });
}

const factor: Reader<Factor> = section({
  name: required(text),
  factor: required(factorNumber),
  when: required(when),
});

const factors: Reader<readonly Factor[]> = namedList(factor);

const timeZone = textAs({
  expected: 'an IANA time zone such as Asia/Jerusalem or UTC',
  code: 'bad-time-zone',
  parse: (name) => (isTimeZone(name) ? name : undefined),
});

function isTimeZone(name: string): boolean {
  // `Intl` also accepts offsets such as +02:00, which have no daylight saving and are not IANA names.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // `Intl` throws for an unknown name.
    return false;
  }
}

export const ttl: Reader<TtlConfig> = section(
  {
    default: or(positive, defaults.ttl.default),
    min: or(duration, defaults.ttl.min),
    max: or(positive, defaults.ttl.max),
    jitter: or(number({ min: 0, max: 1 }), defaults.ttl.jitter),
    time_zone: or(timeZone, defaults.ttl.timeZone),
    hours: or(hours, []),
    factors: or(factors, []),
    popular: or(
      section({
        requests: or(number({ min: 1, max: 1e9, whole: true }), defaults.popular.requests),
        per: or(positive, defaults.popular.per),
      }),
      defaults.popular,
    ),
  },
  (read, at, node) => {
    if (read.min === undefined || read.max === undefined || read.min <= read.max) return;
    at.report(
      'min-over-max',
      '`min` must not be longer than `max` (defaults: docs/config.md)',
      placeOfKey(node, node.has('min') ? 'min' : 'max'),
    );
  },
);
