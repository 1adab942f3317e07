/**
 * What does config/codebot.yaml do for people who read at their own pace, with the beacons of each page?
 *
 * Three people at CodeBot's stand-in for a working day of ten and a half hours, some 40 s between pages; time is pretended. Times and
 * database calls are by the model in test/helpers/codebot-cost.ts, first visits included.
 */

import { startCodebot } from '../test/helpers/codebot-browser.ts';
import { costOf } from '../test/helpers/codebot-cost.ts';
import { type Compared, playDay } from '../test/helpers/codebot-day.ts';
import { reasonOf } from '../src/watch/count/miss-reason.ts';
import { WriteLedger } from '../src/watch/count/write-ledger.ts';
import { printMachine } from './parts/machine.ts';

const ends: (() => Promise<void>)[] = [];
printMachine();
const untold = process.env['SHELFLIFE_UNTOLD'];
const env = untold === undefined ? {} : { SHELFLIFE_UNTOLD: untold };
const site = await startCodebot({ teardown: (end) => ends.push(end) }, { env });
// The stand-in's clock begins at 18:00; the day at midnight.
site.clock.advance(6 * 3600);
const hours = [
  [8, 12],
  [13, 17],
  [20, 22.5],
] as const;
const day = await playDay(site, { users: [1, 1003, 1004], hours });
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const less = ([app, proxy, perfect]: Compared): string =>
  `${app.toFixed(1)} → ${proxy.toFixed(1)} (−${percent(1 - proxy / app)}; a perfect cache −${percent(1 - perfect / app)})`;
console.log(`${day.reads} reads, ${day.writes} writes, ${day.beacons} beacons`);
console.log(
  `hits           ${percent(day.hits / day.reads)}, of a perfect cache's ${percent(day.hits / day.perfect)}`,
);
console.log(`mean           ${less(day.meanMs)} ms`);
console.log(`p95            ${less(day.p95Ms)} ms`);
console.log(`database calls ${less(day.calls)}`);
console.log(`wrong          ${day.wrong.length} ${day.wrong.slice(0, 3).join('; ')}`);

const heaviest = new Map<string, number>();
for (const one of day.reached) {
  const route = one.replace(/\?.*/, '').replace(/\/[\w.]*\d[\w.]*/g, '/:id');
  heaviest.set(route, (heaviest.get(route) ?? 0) + costOf(one).calls);
}
const routes = [...heaviest].sort(([, a], [, b]) => b - a).slice(0, 12);
console.log(`calls left     ${routes.map(([route, calls]) => `${route} ${calls}`).join(', ')}`);

// Which reads are the slowest, why, and which of them a perfect cache would ask the app for too (`changed`).
const causes = new Map<string, string[]>();
for (const outcome of site.outcomes) {
  if (outcome.method !== 'GET') continue;
  const cause = outcome.kind === 'hit' ? 'hit' : reasonOf(outcome);
  causes.set(outcome.target, [...(causes.get(outcome.target) ?? []), cause]);
}
const routeOf = (target: string): string =>
  target.replace(/\/[\w.]*\d[\w.]*/g, '/:id').replace(/path=.*/, 'path=…');
const add = (to: Map<string, number>, name: string, count = 1): void =>
  void to.set(name, (to.get(name) ?? 0) + count);
const [slow, fetched, behind] = [1, 2, 3].map(() => new Map<string, number>()) as [Sums, Sums, Sums];
type Sums = Map<string, number>;
for (const { target, ms, isHit, isChanged } of day.each) {
  const cause = causes.get(target)?.shift();
  if (isHit) continue;
  add(fetched, target);
  if (ms > 30) add(slow, `${routeOf(target)} ${cause}${isChanged ? ', changed' : ''}`);
}
const slowest = [...slow].sort(([, a], [, b]) => b - a);
const total = slowest.reduce((sum, [, count]) => sum + count, 0);
console.log(`over 30 ms     ${total}, of the slowest 5 % ${day.reads - 1 - Math.floor(day.reads * 0.95)}`);
for (const [name, count] of slowest) console.log(`  ${count} ${name}`);

// What was fetched behind an answer.
for (const one of day.reached) {
  const [, target] = /^GET (.*)/.exec(one) ?? [];
  if (target === undefined) continue;
  if ((fetched.get(target) ?? 0) > 0) add(fetched, target, -1);
  else add(behind, routeOf(target), costOf(one).calls);
}
console.log(`calls behind   ${[...behind].map(([name, calls]) => `${name} ${calls}`).join(', ')}`);
const { endings } = site.proxy.services;
if (endings instanceof WriteLedger)
  for (const [rule, { ended, asked, same }] of endings.totals())
    console.log(`${rule}: ended ${ended}, asked again ${asked}, same ${same}`);
for (const end of ends) await end();
