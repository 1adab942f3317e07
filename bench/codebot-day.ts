/**
 * What does config/codebot.yaml do for people who read at their own pace, with the beacons of each page?
 *
 * Three people at CodeBot's stand-in for a working day of ten and a half hours, some 40 s between pages; time is pretended. Times and
 * database calls are by the model in test/helpers/codebot-cost.ts, first visits included.
 */

import { startCodebot } from '../test/helpers/codebot-browser.ts';
import { costOf } from '../test/helpers/codebot-cost.ts';
import { type Compared, playDay } from '../test/helpers/codebot-day.ts';
import { causeOf, reasonOf } from '../src/watch/count/miss-reason.ts';
import { WriteLedger } from '../src/watch/count/write-ledger.ts';
import { printMachine } from './parts/machine.ts';

const ends: (() => Promise<void>)[] = [];
printMachine();
const site = await startCodebot({ teardown: (end) => ends.push(end) });
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

const causes = new Map<string, number>();
for (const outcome of site.outcomes) {
  if (outcome.kind === 'hit' || outcome.method !== 'GET') continue;
  const name = `${causeOf(reasonOf(outcome))} ${outcome.contentType}`;
  causes.set(name, (causes.get(name) ?? 0) + 1);
}
const listed = [...causes].sort(([, a], [, b]) => b - a).slice(0, 14);
console.log(`misses         ${listed.map(([name, count]) => `${name} ${count}`).join(', ')}`);
const { endings } = site.proxy.services;
if (endings instanceof WriteLedger)
  for (const [rule, { ended, asked, same }] of endings.totals())
    console.log(`${rule}: ended ${ended}, asked again ${asked}, same ${same}`);
for (const end of ends) await end();
