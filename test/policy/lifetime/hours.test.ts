import t from 'tap';
import { epochMs } from '../../../src/kit/time.ts';
import { hourBandAt, minuteOfDay } from '../../../src/policy/lifetime/hours.ts';

const hours = [
  { name: 'peak', fromMinute: 9 * 60, toMinute: 18 * 60, factor: 0.7 },
  { name: 'evening', fromMinute: 18 * 60, toMinute: 23 * 60, factor: 1 },
  { name: 'night', fromMinute: 23 * 60, toMinute: 9 * 60, factor: 1.5 },
];

const bandAt = (zone: string, instant: string) => hourBandAt(hours, zone, epochMs(Date.parse(instant)))?.name;

t.test('a band begins with its first minute and ends before its last', (t) => {
  for (const [instant, name] of [
    ['2024-01-10T08:59:59.999Z', 'night'],
    ['2024-01-10T09:00:00Z', 'peak'],
    ['2024-01-10T17:59:59Z', 'peak'],
    ['2024-01-10T18:00:00Z', 'evening'],
    ['2024-01-10T22:59:59Z', 'evening'],
    ['2024-01-10T23:00:00Z', 'night'],
    ['2024-01-10T00:00:00Z', 'night'],
    ['2024-01-10T00:30:00Z', 'night'],
  ] as const) {
    t.equal(bandAt('UTC', instant), name, instant);
  }
  t.end();
});

t.test('on both clock-change days of a zone the wall clock counts', (t) => {
  for (const [zone, instant, minute, name] of [
    // Jerusalem 2024: forward on 29 March at 02:00 (UTC+2 to +3), back on 27 October at 02:00.
    ['Asia/Jerusalem', '2024-03-28T23:59:00Z', 119, 'night'],
    ['Asia/Jerusalem', '2024-03-29T00:00:00Z', 180, 'night'],
    ['Asia/Jerusalem', '2024-03-29T05:59:00Z', 539, 'night'],
    ['Asia/Jerusalem', '2024-03-29T06:00:00Z', 540, 'peak'],
    ['Asia/Jerusalem', '2024-03-28T06:59:00Z', 539, 'night'],
    ['Asia/Jerusalem', '2024-03-28T07:00:00Z', 540, 'peak'],
    ['Asia/Jerusalem', '2024-10-26T22:59:00Z', 119, 'night'],
    ['Asia/Jerusalem', '2024-10-26T23:00:00Z', 60, 'night'],
    ['Asia/Jerusalem', '2024-10-27T06:59:00Z', 539, 'night'],
    ['Asia/Jerusalem', '2024-10-27T07:00:00Z', 540, 'peak'],
    ['Asia/Jerusalem', '2024-10-27T16:00:00Z', 1080, 'evening'],
    // New York 2024: forward on 10 March at 02:00 (UTC-5 to -4), back on 3 November at 02:00.
    ['America/New_York', '2024-03-10T06:59:00Z', 119, 'night'],
    ['America/New_York', '2024-03-10T07:00:00Z', 180, 'night'],
    ['America/New_York', '2024-03-10T13:00:00Z', 540, 'peak'],
    ['America/New_York', '2024-03-09T14:00:00Z', 540, 'peak'],
    ['America/New_York', '2024-11-03T05:59:00Z', 119, 'night'],
    ['America/New_York', '2024-11-03T06:00:00Z', 60, 'night'],
    ['America/New_York', '2024-11-03T13:59:00Z', 539, 'night'],
    ['America/New_York', '2024-11-03T14:00:00Z', 540, 'peak'],
    // Offsets of 30 and 45 minutes; Lord Howe changes by half an hour.
    ['Asia/Kolkata', '2024-06-01T03:29:00Z', 539, 'night'],
    ['Asia/Kolkata', '2024-06-01T03:30:00Z', 540, 'peak'],
    ['Asia/Kathmandu', '2024-06-01T03:15:00Z', 540, 'peak'],
    ['Australia/Lord_Howe', '2024-01-15T22:00:00Z', 540, 'peak'],
    ['Australia/Lord_Howe', '2024-06-15T22:30:00Z', 540, 'peak'],
  ] as const) {
    t.equal(minuteOfDay(zone, epochMs(Date.parse(instant))), minute, `${zone} ${instant}`);
    t.equal(bandAt(zone, instant), name, `${zone} ${instant}`);
  }
  t.end();
});

t.test('a band with equal ends is the whole day; without bands there is none', (t) => {
  const always = [{ name: 'always', fromMinute: 600, toMinute: 600, factor: 1 }];
  for (const hour of ['09', '10', '11']) {
    t.equal(hourBandAt(always, 'UTC', epochMs(Date.parse(`2024-01-10T${hour}:00:00Z`)))?.name, 'always');
  }
  t.equal(hourBandAt([], 'UTC', epochMs(0)), undefined);
  t.end();
});
