import t from 'tap';
import { epochMs, seconds, SteadyClock } from '../../src/kit/time.ts';
import { nextTime } from '../../src/kit/time-of-day.ts';
import type { Lease } from '../../src/refresh/lease.ts';
import { soleLease } from '../../src/refresh/lease.ts';
import { type TimedJob, Timetable, type When } from '../../src/refresh/timetable.ts';
import { barrier } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

const times = (count: number, when: Extract<When, { kind: 'at' }>, start: string): string[] => {
  const found: string[] = [];
  for (let at = epochMs(Date.parse(start)); found.length < count;) {
    at = nextTime(when, at);
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
};

t.test('a time of day is in its zone, and occurs once even when the clocks change', async (t) => {
  const berlin = { kind: 'at', minute: 150, timeZone: 'Europe/Berlin' } as const;
  t.strictSame(times(3, berlin, '2026-03-28T00:00:00Z'), [
    '2026-03-28T01:30Z',
    '2026-03-29T01:00Z',
    '2026-03-30T00:30Z',
  ]);
  t.strictSame(times(3, berlin, '2026-10-24T00:00:00Z'), [
    '2026-10-24T00:30Z',
    '2026-10-25T00:30Z',
    '2026-10-26T01:30Z',
  ]);
  const sunday = { kind: 'at', minute: 480, weekday: 0, timeZone: 'Asia/Jerusalem' } as const;
  t.strictSame(times(3, sunday, '2026-03-20T00:00:00Z'), [
    '2026-03-22T06:00Z',
    '2026-03-29T05:00Z',
    '2026-04-05T05:00Z',
  ]);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp(lease: Lease = soleLease) {
  const clock = new TestClock();
  const errors: string[] = [];
  const timetable = new Timetable({ clock, lease, onError: (_, job) => errors.push(job) });
  return { clock, timetable, errors };
}

const job = (run: () => Promise<void>, more: Partial<TimedJob> = {}): TimedJob => ({
  name: 'job',
  when: { kind: 'every', every: seconds(60) },
  isShared: true,
  run,
  ...more,
});

t.test('a job runs at its interval, never overlaps itself, and makes up missed runs by one', async (t) => {
  const { clock, timetable } = setUp();
  let runs = 0;
  let hold = barrier();
  const jobs = [
    job(() => {
      runs += 1;
      return hold.reached;
    }),
  ];
  const tick = async (seconds: number): Promise<void> => {
    clock.advance(seconds);
    timetable.tick(jobs);
    await turn();
  };
  await tick(0);
  await tick(59);
  t.equal(runs, 0);
  await tick(1);
  t.equal(runs, 1);
  await tick(120);
  t.equal(runs, 1, 'the first is still under way');
  hold.arrive();
  hold = barrier();
  await turn();
  await tick(1);
  t.equal(runs, 2);
  hold.arrive();
  await turn();
  await tick(30);
  t.equal(runs, 2);
});

t.test('a job with a time of day runs once a day', async (t) => {
  const { clock, timetable } = setUp();
  const at: string[] = [];
  const when: When = { kind: 'at', minute: 8 * 60, timeZone: 'UTC' };
  const jobs = [job(() => Promise.resolve(void at.push(new Date(clock.now()).toISOString())), { when })];
  for (let minute = 0; minute < 3 * 24 * 60; minute += 1) {
    timetable.tick(jobs);
    clock.advance(60);
    if (minute % 60 === 0) await turn();
  }
  t.strictSame(
    at.map((text) => text.slice(0, 13)),
    ['2026-03-11T08', '2026-03-12T08', '2026-03-13T08'],
  );
});

t.test('one of several instances runs a shared job; each runs its own', async (t) => {
  const taken = new Set<string>();
  const lease: Lease = {
    acquire: (name) => {
      const isFree = !taken.has(name);
      taken.add(name);
      return Promise.resolve(isFree);
    },
  };
  const runs: string[] = [];
  for (const instance of ['one', 'two']) {
    const { clock, timetable } = setUp(lease);
    const jobs = [
      job(() => Promise.resolve(void runs.push(`${instance} shared`)), { name: 'shared' }),
      job(() => Promise.resolve(void runs.push(`${instance} own`)), { name: 'own', isShared: false }),
    ];
    timetable.tick(jobs);
    clock.advance(61);
    timetable.tick(jobs);
    await turn();
  }
  t.strictSame(runs.sort(), ['one own', 'one shared', 'two own']);
});

t.test('a failed job is reported and runs again; a removed one does not', async (t) => {
  const { clock, timetable, errors } = setUp();
  const failing = job(() => Promise.reject(new Error('no')));
  for (let round = 0; round < 3; round += 1) {
    timetable.tick([failing]);
    await turn();
    clock.advance(61);
  }
  t.strictSame(errors, ['job', 'job']);
  timetable.tick([]);
  timetable.tick([failing]);
  await turn();
  t.equal(errors.length, 2, 'it begins anew');
});

t.test('a time of day is read from the wall clock, also after that was set back (issue 13.7)', async (t) => {
  let [wallMs, elapsedMs] = [Date.parse('2036-03-10T10:00:00Z'), 0];
  const clock = new SteadyClock({ now: () => epochMs(wallMs), monotonicMs: () => elapsedMs });
  const timetable = new Timetable({ clock, lease: soleLease, onError: () => undefined });
  let runs = 0;
  const jobs = [
    job(() => Promise.resolve(void (runs += 1)), { when: { kind: 'at', minute: 480, timeZone: 'UTC' } }),
  ];
  timetable.tick(jobs);
  wallMs = Date.parse('2026-03-10T07:00:00Z');
  timetable.tick(jobs);
  for (const hours of [0.5, 0.6, 24]) {
    wallMs += hours * 3_600_000;
    elapsedMs += hours * 3_600_000;
    timetable.tick(jobs);
    await turn();
  }
  t.equal(runs, 2, 'at eight of that day and of the next, not ten years later');
});
