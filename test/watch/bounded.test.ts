/** Whatever clients request, the counters stay within bounds (DESIGN §3.10), and still add up. */
import t from 'tap';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { epochMs } from '../../src/kit/time.ts';
import { Counters } from '../../src/watch/count/counters.ts';
import { Rollup } from '../../src/watch/count/rollup.ts';
import { get } from '../../src/watch/count/tally.ts';
import type { Point } from '../../src/watch/count/window.ts';
import { entryBut, keyOf } from '../store/entry.ts';
import { outcomeBut } from './outcome-but.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapMiB = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 1024 ** 2;
};

const pointOf = (counters: Counters, at: number): Point => ({
  at: epochMs(at),
  tally: counters.total(),
  storeBytes: 0,
  residentBytes: 0,
  redisBytes: undefined,
  reasons: counters.ledger.counts(),
});

t.test('memory stays bounded with a million URLs, many identities, hosts and types', async (t) => {
  const counters = new Counters();
  const rollup = new Rollup(counters, pointOf(counters, 0));
  const urls = 1_000_000;
  const before = heapMiB();
  for (let n = 0; n < urls; n += 1) {
    const host = `h${n % 5000}.example.org`;
    counters.onOutcome(outcomeBut({ target: `/page/${n}?q=${n}`, host }));
    if (n % 10 === 0) {
      const entry = entryBut({ key: keyOf(`hit ${n}`), partition: `user ${n}`, target: `/mine/${n}` });
      counters.onOutcome(outcomeBut({ kind: 'hit', entry, contentType: `type ${n}`, route: `/route/${n}` }));
      counters.onOutcome(outcomeBut({ contentType: `type ${n}`, route: `/route/${n}` }));
    }
    if (n % 1000 === 0) {
      rollup.collect(pointOf(counters, n * 10_000));
      counters.turnTo(n * 50);
    }
  }
  const grown = heapMiB() - before;
  t.ok(grown < 24, `${grown.toFixed(1)} MiB more`);
  const total = counters.total();
  t.equal(get(total, 'misses'), urls + urls / 10);
  t.equal(get(total, 'hits'), urls / 10);
  const report = counters.ledger.report(10_000);
  t.equal(report.total, urls + urls / 10);
  t.ok(report.urls.length <= 1000 && report.types.length <= 201 && report.routes.length <= 1001);
  t.ok(counters.hot.size <= 600 && counters.types.size <= 201);
  t.ok(rollup.hours().length <= 5 * 7 * 24);
  t.ok(JSON.stringify(rollup.hours().at(-1)).length < 256 * 1024, 'an hour fits a note');
  t.equal(counters.last.count, 100);
});
