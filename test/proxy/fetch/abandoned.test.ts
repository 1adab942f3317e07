import t from 'tap';
import { Abandoned } from '../../../src/proxy/fetch/abandoned.ts';
import { abandonedFor } from '../../../src/proxy/fetch/body-bounds.ts';
import { exchangeBut } from '../exchange-but.ts';

const rules = 'unmatched: standard';
const forStore = { isNeeded: () => false, mayBeStored: true };

t.test('a fetch that nobody needs goes on for the store alone, and for a bounded time', async (t) => {
  const { exchange, clock, timers } = exchangeBut(rules);
  const { count } = exchange.services.abandoned;
  let [ends, isNeeded] = [0, false];
  const one = new Abandoned(exchange, () => (ends += 1));
  t.equal(one.mayGoOn({ ...forStore, mayBeStored: false }), false);
  t.equal(one.mayGoOn({ isNeeded: () => true, mayBeStored: false }), true, 'somebody needs it');
  t.equal(exchange.services.abandoned.count, count);
  t.equal(one.mayGoOn(forStore), true);
  t.equal(one.mayGoOn(forStore), true, 'it counts once');
  t.equal(exchange.services.abandoned.count, count + 1);
  clock.advance(abandonedFor);
  timers.fire();
  t.strictSame([ends, exchange.services.abandoned.count], [1, count]);
  t.equal(one.mayGoOn({ isNeeded: () => isNeeded, mayBeStored: true }), true);
  isNeeded = true;
  clock.advance(abandonedFor);
  timers.fire();
  t.equal(ends, 1, 'somebody has come to need it');
});

t.test('such fetches take an eighth of the connections, and give them back', async (t) => {
  const { exchange } = exchangeBut(rules);
  const most = Math.floor(exchange.site.config.upstream.connections / 8);
  const all = Array.from({ length: most + 1 }, () => new Abandoned(exchange, () => undefined));
  const last = all.pop();
  for (const one of all) t.equal(one.mayGoOn(forStore), true);
  t.equal(last?.mayGoOn(forStore), false);
  all[0]?.leave();
  all[0]?.leave();
  t.equal(exchange.services.abandoned.count, most - 1);
  t.equal(last?.mayGoOn(forStore), true);
});
