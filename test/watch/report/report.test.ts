/** The report: hours that add up, changes against the period before, targets, and pages without foreign markup. */
import t from 'tap';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../../src/config/schema/check.ts';
import { epochMs } from '../../../src/kit/time.ts';
import { openHourFiles } from '../../../src/watch/report/hour-files.ts';
import { buildReport } from '../../../src/watch/report/report.ts';
import { nextReport, renderReport } from '../../../src/watch/report/report-desk.ts';
import { type Hour, mergeHours, readHours, sumHours } from '../../../src/watch/count/rollup.ts';
import { hourSeries } from '../../../src/watch/show/hour-series.ts';
import { distributions } from '../../../src/watch/count/tally.ts';

const hourMs = 3_600_000;
const now = epochMs(Date.parse('2026-03-15T10:30:00Z'));
const buckets = distributions.hitTimes.bounds.length + 1;

const hourBut = (ago: number, change: Partial<Hour> = {}): Hour => ({
  hour: epochMs(Math.floor(now / hourMs) * hourMs - ago * hourMs),
  counts: {
    hits: 80,
    misses: 20,
    hitSeconds: 0.08,
    missSeconds: 2,
    originRequests: 20,
    originSeconds: 2,
    savedSeconds: 8,
  },
  hitTimes: Array.from({ length: buckets }, (_, n) => (n === 4 ? 80 : 0)),
  missTimes: Array.from({ length: buckets }, (_, n) => (n === 10 ? 20 : 0)),
  reasons: { cold: 15, expired: 5 },
  purges: { write: 2 },
  types: { page: { hits: 80, misses: 20, hitSeconds: 0.08, missSeconds: 2, savedSeconds: 8 } },
  peaks: { storeBytes: 1e6, residentBytes: 1e8 },
  ...change,
});

const lineOf = (report: ReturnType<typeof buildReport>, name: string) =>
  report.lines.find((line) => line.name === name);

t.test('a period is the sum of its hours, and is compared with the one before', async (t) => {
  const worse = {
    counts: { hits: 50, misses: 50, originRequests: 50 },
    reasons: { cold: 15, 'purged/write': 35 },
  };
  const hours = [hourBut(30), hourBut(25), hourBut(3, worse), hourBut(1, worse)];
  const report = buildReport(hours, { period: 'day', now });
  t.match(lineOf(report, 'hit_rate'), { value: 0.5, before: 0.8 });
  t.match(lineOf(report, 'hit_rate')?.cause, /^purged\/write: 0\.0 % of requests, now 35\.0 % of requests$/);
  t.match(lineOf(report, 'requests'), { value: 200, before: 200, change: 0, cause: null });
  t.match(report.causes[0], { name: 'purged/write', count: 70, before: 0 });
  t.equal(report.points.length, 24);
  t.match(report.hours, { counted: 2, of: 24 });
});

t.test('the guide’s targets are shown with the current values', async (t) => {
  const { targets } = buildReport([hourBut(1)], { period: 'week', now });
  t.match(targets, [
    { name: 'hit_rate', target: 0.8, value: 0.8, met: true },
    { name: 'response_time', target: 0.7, met: true },
    { name: 'origin_load', target: 0.6, value: 0.8, met: true },
    { name: 'memory', value: 1e6, met: true },
  ]);
  const none = buildReport([], { period: 'week', now });
  t.ok(
    none.targets.every(({ met }) => met === null),
    'nothing is claimed of nothing',
  );
  for (const format of ['text', 'markdown', 'html', 'json'] as const)
    t.ok(renderReport(none, format).length > 50, format);
});

t.test('hours of several instances add up, whatever the order', async (t) => {
  const [a, b] = [hourBut(1), hourBut(1, { peaks: { storeBytes: 5e6 }, reasons: { vary: 1 } })];
  t.strictSame(mergeHours(a, b).counts, mergeHours(b, a).counts);
  t.match(mergeHours(a, b), {
    counts: { hits: 160 },
    reasons: { cold: 15, vary: 1 },
    peaks: { storeBytes: 5e6, residentBytes: 1e8 },
  });
});

t.test('p95 over instances is computed from all their requests, not as a mean', async (t) => {
  const spread = (from: number, count: number) =>
    Array.from({ length: buckets }, (_, n) => (n >= from && n < from + 4 ? count : 0));
  const [quick, slow] = [spread(2, 100), spread(9, 20)];
  const both = quick.map((count, n) => count + (slow[n] ?? 0));
  const p95Of = (...hours: Hour[]) =>
    lineOf(buildReport(sumHours(hours), { period: 'day', now }), 'p95_hit_ms')?.value;
  t.equal(
    p95Of(hourBut(1, { hitTimes: quick }), hourBut(1, { hitTimes: slow })),
    p95Of(hourBut(1, { hitTimes: both })),
  );
  t.ok(Number(p95Of(hourBut(1, { hitTimes: both }))) > Number(p95Of(hourBut(1, { hitTimes: quick }))));
});

t.test(
  'hours are points of charts: counts per second, of the hour under way by its length so far',
  async (t) => {
    const quiet = hourBut(1, { counts: {} });
    const { at, ...series } = hourSeries([hourBut(2), quiet, hourBut(0)], now);
    t.strictSame(
      at.map((seconds) => new Date(seconds * 1000).toISOString().slice(11, 16)),
      ['09:00', '10:00', '10:30'],
    );
    t.strictSame(series, {
      hit_rate: [0.8, null, 0.8],
      hits: [0.022, 0, 0.044],
      misses: [0.006, 0, 0.011],
      passes: [0, 0, 0],
      writes: [0, 0, 0],
      hit_ms: [1, null, 1],
      origin_ms: [100, null, 100],
      store_bytes: [1e6, 1e6, 1e6],
      resident_bytes: [1e8, 1e8, 1e8],
    });
  },
);

t.test('a report of one instance alone says so', async (t) => {
  const report = buildReport([hourBut(1)], { period: 'day', now, complete: false });
  t.match(renderReport(report, 'text'), /One instance only/);
  t.match(JSON.parse(renderReport(report, 'json')), { complete: false });
});

t.test('a change too small to show is shown as none', async (t) => {
  const before = hourBut(25, { counts: { ...hourBut(25).counts, hits: 99_999, misses: 1 } });
  const after = hourBut(1, { counts: { ...hourBut(1).counts, hits: 99_989, misses: 1 } });
  const report = buildReport([before, after], { period: 'day', now });
  t.ok((lineOf(report, 'requests')?.change ?? 0) < 0);
  t.notMatch(renderReport(report, 'text'), /-0\.0 %/);
});

t.test('names from outside stay text in HTML and in Markdown tables', async (t) => {
  const evil = '<script>alert(1)</script>|`x`';
  const hour = hourBut(1, { types: { [evil]: { hits: 1, misses: 1 } }, reasons: { [evil]: 3 } });
  const report = buildReport([hour], { period: 'day', now });
  t.notMatch(renderReport(report, 'html'), /<script/);
  t.notMatch(renderReport(report, 'html'), /https?:\/\//, 'the page asks nobody for anything');
  t.notMatch(renderReport(report, 'markdown'), /[^\\]<script|[^\\]\|`x/);
});

t.test('hours are kept whole in a folder; invalid ones are left out; a report is claimed once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-hours-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  const ever = [epochMs(0), epochMs(now + hourMs)] as const;
  const files = openHourFiles(folder);
  t.strictSame(await files.others(...ever), []);
  const hours = [hourBut(2), hourBut(1)];
  await files.save(hours);
  t.strictSame(await files.others(...ever), [], 'what this process has counted is not counted again');
  const next = openHourFiles(folder);
  t.strictSame(await next.others(...ever), JSON.parse(JSON.stringify(hours)));
  await next.save([hourBut(1)]);
  t.match(await openHourFiles(folder).others(...ever), [{ counts: { hits: 80 } }, { counts: { hits: 160 } }]);
  const claims = await Promise.all(
    ['report-week-2026-03-15', 'report-week-2026-03-15'].map((name) => files.claim(name)),
  );
  t.strictSame(claims.sort(), [false, true]);
  for (let day = 10; day < 100; day += 1) await files.publish(`report-day-20${day}-01-01.md`, 'x');
  t.ok(readdirSync(folder).length < 60, 'old reports go');
  writeFileSync(join(folder, 'hours.json'), '[{"hour":1},{"hour":"x"},3');
  t.strictSame(await openHourFiles(folder).others(...ever), []);
  t.strictSame(readHours(JSON.stringify([hourBut(1, { hitTimes: [1, 2] })])), [], 'other bounds than ours');
  t.strictSame(readHours('[{"hour":1,"counts":{"hits":"1"}}, null]'), []);
});

t.test('a report is due at its day and time in the configured zone, over daylight saving', async (t) => {
  const configOf = (report: string) => {
    const text = `upstream: http://127.0.0.1:9\nttl: { time_zone: Asia/Jerusalem }\nreport: ${report}`;
    const parsed = parseConfig(text, { file: 'x.yaml', env: {} });
    if (parsed.kind !== 'ok') throw new Error('problems');
    return parsed.config;
  };
  const due = (report: string, from: string): string =>
    new Date(nextReport(configOf(report), epochMs(Date.parse(from))) ?? 0).toISOString();
  const weekly = '{ every: week, day: sunday, at: "08:00" }';
  t.equal(due(weekly, '2026-03-15T10:30:00Z'), '2026-03-22T06:00:00.000Z');
  t.equal(due(weekly, '2026-03-22T06:00:00Z'), '2026-03-29T05:00:00.000Z', 'summer time began on the 27th');
  t.equal(due('{ every: day, at: "23:15" }', '2026-03-15T10:30:00Z'), '2026-03-15T21:15:00.000Z');
});
