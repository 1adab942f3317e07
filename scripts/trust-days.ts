/**
 * Simulated days: does the stale share that comes lie in the interval that shadow predicted?
 *
 * `node scripts/trust-days.ts [DAYS] [SEED]`, 200 by default, ten hours each, in turn from five kinds of origin. The interval must
 * hold what the same day brings when it is cached, and the share of all cached days of its kind: what the days to come bring.
 * Ends with 1 if either is so in less than 95 % of the days.
 */
import { type Changes, type PlayedDay, playTrustDay } from '../test/trust/simulated-day.ts';

const days = Number(process.argv[2] ?? 200);
const firstSeed = Number(process.argv[3] ?? 1);
const kinds: Readonly<Record<string, Changes>> = {
  'pages change alone, 12 times an hour': { alone: 12 },
  'a write without a rule, 4 an hour': { written: 4 },
  'all pages change, once in 3 hours': { together: 1 / 3 },
  'all pages change, once in 10 hours': { together: 0.1 },
  'all of these': { alone: 6, written: 2, together: 0.1 },
};
const names = Object.keys(kinds);
const played = new Map<string, PlayedDay[]>(names.map((name) => [name, []]));

for (let day = 0; day < days; day += 1) {
  const name = names[day % names.length] ?? '';
  const setting = { seed: firstSeed + day, hours: 10, readsAnHour: 160, changes: kinds[name] ?? {} };
  played.get(name)?.push(await playTrustDay(setting));
}

const sum = { same: 0, kind: 0, hitRate: 0 };
for (const [name, list] of played) {
  const long = shareOf(add(list, 'stale'), add(list, 'hits'));
  const same = list.filter(({ stale, hits, predicted }) => holds(predicted, shareOf(stale, hits))).length;
  const kind = list.filter(({ predicted }) => holds(predicted, long)).length;
  const off = Math.max(
    ...list.map(({ predicted, hits, reads }) => Math.abs(predicted.hit_rate - hits / reads)),
  );
  const width = add(
    list.map(
      ({
        predicted: {
          stale_interval: [low, high],
        },
      }) => ({ width: high - low }),
    ),
    'width',
  );
  console.log(
    `${name}: ${percent(long)} stale of ${add(list, 'hits')} hits; of ${list.length} days the interval, ${percent(width / list.length)} wide, held that of the day in ${same}, that of all in ${kind}; hit rate off by ${percent(off)} at most`,
  );
  sum.same += same;
  sum.kind += kind;
  sum.hitRate = Math.max(sum.hitRate, off);
}
console.log(
  `seeds ${firstSeed} to ${firstSeed + days - 1}: ${percent(sum.same / days)} and ${percent(sum.kind / days)} of ${days} days`,
);
process.exitCode = Math.min(sum.same, sum.kind) >= days * 0.95 && sum.hitRate < 0.02 ? 0 : 1;

function holds({ stale_interval: [low, high] }: PlayedDay['predicted'], share: number): boolean {
  return low <= share && share <= high;
}

function shareOf(part: number, of: number): number {
  return of === 0 ? 0 : part / of;
}

function add<Name extends string>(list: readonly Readonly<Record<Name, unknown>>[], name: Name): number {
  return list.reduce((total, one) => total + Number(one[name]), 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
